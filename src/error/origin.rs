//! The origin of a value of the configuration.

use std::{fmt, panic::Location, path::Path, sync::Arc};

/// The source that set a value of the configuration.
///
/// `Display` formats it in the spelling of the source: the name of a variable, or
/// `path:line:column`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The default of the library.
    Default,
    /// A call in the program.
    Code(&'static Location<'static>),
    /// The configuration file.
    #[non_exhaustive]
    File {
        /// The path of the file, as it was found.
        path: Arc<Path>,
        /// The line, counted from 1.
        line: u32,
        /// The column in characters, counted from 1.
        column: u32,
        /// The profile whose table holds the value.
        profile: Option<Arc<str>>,
    },
    /// The environment variable of this name.
    Env(String),
    /// The detector of this name, one of `resource.detectors`.
    Detector(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Code(location) => {
                write!(f, "{}:{}:{}", location.file(), location.line(), location.column())
            }
            Self::File { path, line, column, profile: _ } => write!(f, "{}:{line}:{column}", path.display()),
            Self::Env(name) => f.write_str(name),
            Self::Detector(name) => write!(f, "detector {name}"),
        }
    }
}
