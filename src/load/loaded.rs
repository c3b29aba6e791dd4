//! The loaded configuration.

use std::path::PathBuf;

use super::{environment::Environment, merge::Merged, proxy_env};
use crate::{
    config::{Config, Settings, key_path::key_path},
    error::{Error, Origin, Problem},
};

/// A configuration with its warnings and the origins of its values.
pub(crate) struct Loaded {
    pub(crate) settings: Settings,
    pub(crate) warnings: Vec<Problem>,
    /// The file that was read.
    pub(crate) file: Option<PathBuf>,
    /// The version of the schema, if the file is declarative.
    pub(crate) file_format: Option<String>,
    /// All paths where a file was searched for.
    pub(super) tried: Vec<PathBuf>,
    /// The origin of the selected profile.
    pub(super) profile_origin: Origin,
    pub(super) merged: Merged<Config>,
    /// The environment, for the context that it passes.
    pub(crate) environment: Environment,
}

impl Loaded {
    /// Returns a configuration with disabled telemetry, without reading any source.
    pub(crate) fn disabled() -> Self {
        let config = Box::new(Config { disabled: true, ..Config::default() });
        Self {
            settings: Settings {
                config,
                proxies: proxy_env::proxies(&Environment::default()),
                no_color: true,
            },
            warnings: Vec::new(),
            file: None,
            file_format: None,
            tried: Vec::new(),
            profile_origin: Origin::Default,
            merged: Merged::new(Vec::new()),
            environment: Environment::default(),
        }
    }

    pub(crate) fn config(&self) -> &Config {
        &self.settings.config
    }

    /// Returns the origin of the value at `path`.
    pub(crate) fn origin(&self, path: &[String]) -> Origin {
        let origin = self.merged.origin(path);
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match path.as_slice() {
            ["profile"] => self.profile_origin.clone(),
            // The default is the name of the profile.
            ["service", "environment"]
                if origin == Origin::Default && self.config().service.environment.is_some() =>
            {
                self.profile_origin.clone()
            }
            _ => origin,
        }
    }

    /// Returns the names of the variables that the value of `key` refers to.
    pub(super) fn variables(&self, key: &[String]) -> &[String] {
        self.merged.variables(key)
    }

    /// Adds the origins of keys to the problems of `error` that have none.
    pub(crate) fn locate(&self, error: Error) -> Error {
        if error.problems().is_empty() {
            return error;
        }
        Error::configuration(error.problems().iter().cloned().map(|problem| self.located(problem)).collect())
    }

    /// Adds the origin of its key to a problem without one.
    pub(super) fn located(&self, problem: Problem) -> Problem {
        match (&problem.at, &problem.key) {
            (None, Some(key)) => {
                let path = key_path(key);
                let problem = self.merged.reworded(&path, problem);
                problem.with_origin(self.origin(&path))
            }
            _ => problem,
        }
    }
}
