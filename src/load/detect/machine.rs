//! The files and variables that detectors read.

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use super::super::environment::Environment;

/// The part of a file that is read.
const MAX_BYTES: u64 = 256 * 1024;

/// The machine of this process. Tests use a directory in place of the root of its files.
#[derive(Clone)]
pub(super) struct Machine {
    root: PathBuf,
    environment: Environment,
}

impl Machine {
    pub(super) fn this(environment: &Environment) -> Self {
        Self { root: PathBuf::from("/"), environment: environment.clone() }
    }

    #[cfg(test)]
    pub(super) fn in_directory(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), environment: Environment::default() }
    }

    #[cfg(test)]
    pub(super) fn with_env(mut self, variables: &[(&str, &str)]) -> Self {
        self.environment = Environment::new(variables.iter().copied());
        self
    }

    /// Returns the value of the first variable that is set.
    pub(super) fn variable(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.environment.get(name)).map(str::to_owned)
    }

    /// Returns the beginning of a file without the spaces around it, unless it is empty.
    pub(super) fn read(&self, path: &str) -> Option<String> {
        let mut bytes = Vec::new();
        File::open(self.path(path)).ok()?.take(MAX_BYTES).read_to_end(&mut bytes).ok()?;
        let text = String::from_utf8_lossy(&bytes).trim().to_owned();
        (!text.is_empty()).then_some(text)
    }

    pub(super) fn exists(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.join(Path::new(path).strip_prefix("/").unwrap_or(Path::new(path)))
    }
}
