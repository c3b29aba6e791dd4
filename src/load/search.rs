//! The search for `autotelemetry.toml`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::environment::Environment;
use crate::error::{Origin, Problem};

/// The name of the file to search for.
const FILE_NAME: &str = "autotelemetry.toml";

/// The paths where the file was searched for, and the result.
pub(super) struct Search {
    pub(super) tried: Vec<PathBuf>,
    /// `Ok(None)` when there is none and none was requested.
    pub(super) found: Result<Option<PathBuf>, Problem>,
}

impl Search {
    /// Looks for the file in this order: `AUTOTEL_CONFIG`, the file that the program selects, the
    /// directory of the executable, the current directory. `only_named` excludes the last two. The
    /// path of the null device means no file.
    pub(super) fn new(environment: &Environment, named: Option<&Path>, only_named: bool) -> Self {
        let requested = match (environment.get("AUTOTEL_CONFIG"), named) {
            (Some(path), _) => Some((PathBuf::from(path), Some(Origin::Env("AUTOTEL_CONFIG".to_owned())))),
            (None, Some(path)) => Some((path.to_owned(), None)),
            (None, None) => None,
        };
        if let Some((path, by)) = requested {
            let found = match regular_file(&path) {
                Ok(path) => Ok(Some(path)),
                Err(_) if is_null_device(&path) => Ok(None),
                Err(problem) => Err(Problem { at: by, ..problem }),
            };
            return Self { tried: vec![path], found };
        }
        if only_named {
            return Self { tried: Vec::new(), found: Ok(None) };
        }
        let beside_executable =
            std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join(FILE_NAME)));
        let tried: Vec<_> = beside_executable.into_iter().chain([PathBuf::from(FILE_NAME)]).collect();
        // A file that exists but cannot be read is an error, because it is meant to be used.
        let is_there = |path: &&PathBuf| fs::symlink_metadata(path).is_ok();
        let found = tried.iter().find(is_there).map(|path| regular_file(path)).transpose();
        Self { tried, found }
    }
}

fn regular_file(path: &Path) -> Result<PathBuf, Problem> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => Ok(path.to_owned()),
        Ok(_) => Err(Problem::new(format!("{} is not a regular file", path.display()))),
        Err(error) => {
            Err(Problem::new(format!("cannot read {}: {error}", path.display())).with_source(error))
        }
    }
}

/// Returns whether `path` leads to `/dev/null`, also by symbolic links.
fn is_null_device(path: &Path) -> bool {
    fs::canonicalize(path).is_ok_and(|path| path == Path::new("/dev/null"))
}
