//! `[file]`: log records as lines in files.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::value::{
    ConfigValue, ParseError, number::Count, string::NonEmptyString, string_enum, string_value,
};

/// The exporter `file`: log records as lines in files that are begun anew from time to time. Add `"file"` to
/// `logs.exporters` to use it.
///
/// A file that was moved or removed, by logrotate for example, is recreated within a second.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct File {
    /// The directory of the files; it is created when it is missing. A relative one starts at the working directory.
    pub directory: NonEmptyString,

    /// What the names of the files begin with: `PREFIX.2026-11-23.log`, or `PREFIX.log` when they never rotate. Default:
    /// the name of the service.
    pub prefix: Option<FilePrefix>,

    /// When a new file is begun, in UTC: `minutely`, `hourly`, `daily`, `weekly` (on Monday) or `never`.
    pub rotation: Rotation,

    /// How many files are kept, the current one included; older ones are removed. 0 keeps all.
    pub max_files: Count,

    /// `json`: one object per line; `text`: for people.
    pub format: FileFormat,
}

impl Default for File {
    fn default() -> Self {
        Self {
            directory: NonEmptyString::from_static("logs"),
            prefix: None,
            rotation: Rotation::Daily,
            max_files: Count::new(7),
            format: FileFormat::Json,
        }
    }
}

string_enum! {
    /// When a new log file is begun.
    pub enum Rotation {
        /// At each full minute.
        Minutely = "minutely",
        /// At each full hour.
        Hourly = "hourly",
        /// At midnight UTC.
        Daily = "daily",
        /// On Monday at midnight UTC.
        Weekly = "weekly",
        /// Never by us; somebody else may move the file away.
        Never = "never",
    }
}

string_enum! {
    /// How log records are written to a file.
    pub enum FileFormat {
        /// One JSON object per line.
        Json = "json",
        /// For people.
        Text = "text",
    }
}

/// The first part of a file's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePrefix(String);

impl FilePrefix {
    /// What becomes of any name, such as that of a service.
    pub(crate) fn of(name: &str) -> Self {
        let name: String = name.chars().map(|c| if is_forbidden(c) { '_' } else { c }).collect();
        Self(if name.starts_with('.') { format!("_{name}") } else { name })
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_forbidden(c: char) -> bool {
    c == '/' || c == '\\' || c.is_control()
}

impl fmt::Display for FilePrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ConfigValue for FilePrefix {
    const EXPECTED: &'static str = "the beginning of a file name in quotes";
    const PATTERN: Option<&'static str> = Some(r"^[^./\\\x00-\x1f\x7f][^/\\\x00-\x1f\x7f]*$");

    fn parse_str(text: &str) -> Result<Self, ParseError> {
        if text.is_empty() {
            return Err(ParseError::new("must not be empty"));
        }
        if text.starts_with('.') || text.contains(is_forbidden) {
            return Err(ParseError::new(format!("{text:?} is not the beginning of a file name"))
                .with_help("name the directory in `file.directory`"));
        }
        Ok(Self(text.to_owned()))
    }
}

string_value!(FilePrefix);
