//! The search for the configuration file.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use super::environment::Environment;
use crate::error::{Origin, Problem};

/// The name of the file to search for.
const FILE_NAME: &str = "autotelemetry.toml";

/// The variable that names a declarative file.
const DECLARATIVE: &str = "OTEL_CONFIG_FILE";

/// Its name before it became stable.
const EXPERIMENTAL: &str = "OTEL_EXPERIMENTAL_CONFIG_FILE";

/// The paths where the file was searched for, and the result.
pub(super) struct Search {
    pub(super) tried: Vec<PathBuf>,
    /// The variable that names the file.
    pub(super) by: Option<Origin>,
    /// `Ok(None)` when there is none and none was requested.
    pub(super) found: Result<Option<PathBuf>, Problem>,
    pub(super) warnings: Vec<Problem>,
}

impl Search {
    /// Looks for the file in this order: `OTEL_CONFIG_FILE`, `AUTOTEL_CONFIG`, the file that the
    /// program selects, the directory of the executable, the current directory. `only_named`
    /// excludes the last two. The path of the null device means no file.
    pub(super) fn new(environment: &Environment, named: Option<&Path>, only_named: bool) -> Self {
        if let Some(search) = Self::declarative(environment, named, only_named) {
            return search;
        }
        let requested = match (environment.get("AUTOTEL_CONFIG"), named) {
            (Some(path), _) => Some((PathBuf::from(path), Some(Origin::Env("AUTOTEL_CONFIG".to_owned())))),
            (None, Some(path)) => Some((path.to_owned(), None)),
            (None, None) => None,
        };
        let warnings = Vec::new();
        if let Some((path, by)) = requested {
            let found = match regular_file(&path) {
                Ok(path) => Ok(Some(path)),
                Err(_) if is_null_device(&path) => Ok(None),
                Err(problem) => Err(Problem { at: by.clone(), ..problem }),
            };
            return Self { tried: vec![path], by, found, warnings };
        }
        if only_named {
            return Self { tried: Vec::new(), by: None, found: Ok(None), warnings };
        }
        let tried = usual_places();
        let found = tried.iter().find(|path| is_there(path)).map(|path| regular_file(path)).transpose();
        Self { tried, by: None, found, warnings }
    }

    /// Returns the same search for the file that was found before, also if there is another one by
    /// now.
    pub(super) fn again(self, path: &Path) -> Self {
        let found = regular_file(path).map(Some);
        Self { found: found.map_err(|problem| Problem { at: self.by.clone(), ..problem }), ..self }
    }

    /// Returns the file that `OTEL_CONFIG_FILE` names.
    fn declarative(environment: &Environment, named: Option<&Path>, only_named: bool) -> Option<Self> {
        let mut warnings = Vec::new();
        let of = |name: &str| Origin::Env(name.to_owned());
        let (path, by) = match (environment.get(DECLARATIVE), environment.get(EXPERIMENTAL)) {
            (Some(path), old) => {
                let message = format!("has no effect beside {DECLARATIVE}");
                warnings.extend(old.map(|_| Problem::new(message).with_origin(of(EXPERIMENTAL))));
                (PathBuf::from(path), of(DECLARATIVE))
            }
            (None, Some(path)) => {
                let problem = Problem::new("is a deprecated name").with_origin(of(EXPERIMENTAL));
                warnings.push(problem.with_help(format!("use {DECLARATIVE}")));
                (PathBuf::from(path), of(EXPERIMENTAL))
            }
            (None, None) => return None,
        };
        let found = if is_declarative(&path) {
            regular_file(&path).map(Some)
        } else {
            let problem =
                Problem::new(format!("{} is not a file with the extension .yaml or .yml", path.display()));
            let is_toml = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
            Err(if is_toml { problem.with_help("name it in AUTOTEL_CONFIG") } else { problem })
        };
        let other = match (environment.get("AUTOTEL_CONFIG"), named) {
            (Some(path), _) => Some(PathBuf::from(path)),
            (None, Some(path)) => Some(path.to_owned()),
            (None, None) if only_named => None,
            (None, None) => usual_places().into_iter().find(|path| is_there(path)),
        };
        warnings.extend(other.filter(|other| *other != path).map(|other| {
            Problem::new(format!("replaces {}, which is not read", other.display())).with_origin(by.clone())
        }));
        let found = found.map_err(|problem| problem.with_origin(by.clone()));
        Some(Self { tried: vec![path], by: Some(by), found, warnings })
    }
}

/// Returns whether a variable names a declarative file.
pub(super) fn names_declarative_file(variable: &str) -> bool {
    [DECLARATIVE, EXPERIMENTAL].contains(&variable)
}

/// Returns whether the name of a file is that of a declarative file.
pub(super) fn is_declarative(path: &Path) -> bool {
    let is_yaml =
        |extension: &OsStr| ["yaml", "yml"].iter().any(|known| extension.eq_ignore_ascii_case(known));
    path.extension().is_some_and(is_yaml)
}

/// Returns the paths where a file is searched for.
fn usual_places() -> Vec<PathBuf> {
    let beside_executable = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join(FILE_NAME)));
    beside_executable.into_iter().chain([PathBuf::from(FILE_NAME)]).collect()
}

/// Returns whether a file exists. One that cannot be read is an error, because it is meant to be
/// used.
fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
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
