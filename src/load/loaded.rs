//! The loaded configuration.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use super::{environment::Environment, merge::Merged, proxy_env, value_tree::Value};
#[cfg(feature = "report")]
use super::{excerpt::Excerpts, file_text::FileText};
use crate::{
    config::{Config, Settings, key_path::key_path, restart::needs_restart},
    error::{Error, Origin, Problem},
};

/// A configuration with its warnings and the origins of its values.
pub(crate) struct Loaded {
    pub(crate) settings: Settings,
    pub(crate) warnings: Vec<Problem>,
    /// The file that was read.
    pub(crate) file: Option<PathBuf>,
    /// Its text, without errors in its syntax.
    #[cfg(feature = "report")]
    pub(super) text: Option<Arc<FileText>>,
    /// The version of the schema, if the file is declarative.
    pub(crate) file_format: Option<String>,
    /// All paths where a file was searched for.
    pub(super) tried: Vec<PathBuf>,
    /// The origin of the selected profile.
    pub(super) profile_origin: Origin,
    pub(super) merged: Merged<Config>,
    /// The environment, for the context that it passes.
    pub(crate) environment: Arc<Environment>,
    /// The configuration at the start, after a reload. The values that need a restart are still in
    /// force.
    pub(super) first: Option<Arc<Loaded>>,
    /// The origins of other values that a reload has kept, by their keys.
    pub(super) held: BTreeMap<String, Origin>,
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
            #[cfg(feature = "report")]
            text: None,
            file_format: None,
            tried: Vec::new(),
            profile_origin: Origin::Default,
            merged: Merged::new(Vec::new()),
            environment: Arc::default(),
            first: None,
            held: BTreeMap::new(),
        }
    }

    /// Keeps the values of `running` that need a restart.
    pub(crate) fn hold_restart_keys(&mut self, running: &Arc<Self>) {
        self.settings.config.hold_restart_keys(running.config());
        self.first = Some(running.first.as_ref().map_or_else(|| Arc::clone(running), Arc::clone));
    }

    /// Keeps the origin of a value of `running` that stays in force.
    pub(crate) fn hold_origin(&mut self, key: &str, running: &Self) {
        self.held.insert(key.to_owned(), running.origin(&key_path(key)));
    }

    pub(crate) fn config_mut(&mut self) -> &mut Config {
        &mut self.settings.config
    }

    pub(crate) fn config(&self) -> &Config {
        &self.settings.config
    }

    /// Returns the origin of the value at `path`.
    pub(crate) fn origin(&self, path: &[String]) -> Origin {
        if let Some(first) = self.first.as_ref().filter(|_| needs_restart(path)) {
            return first.origin(path);
        }
        if !self.held.is_empty()
            && let Some(origin) = self.held.get(&path.join("."))
        {
            return origin.clone();
        }
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

    /// Returns whether the value at `path` differs from that of `other`, both as they were merged.
    pub(super) fn differs(&self, other: &Self, path: &[String]) -> bool {
        let in_force = self.first.as_ref().filter(|_| needs_restart(path));
        in_force.map_or(&self.merged, |first| &first.merged).value(path) != other.merged.value(path)
    }

    /// Returns the profile that the file selects now, which takes effect after a restart. Returns
    /// `None` if something else has selected the profile.
    pub(super) fn profile_of_file(&self) -> Option<(String, Origin)> {
        if matches!(self.profile_origin, Origin::Env(_) | Origin::Code(_)) {
            return None;
        }
        let path = key_path("profile");
        let name = self.merged.value(&path).and_then(Value::as_str).filter(|name| !name.trim().is_empty());
        Some((name.map_or("-".to_owned(), |name| format!("{name:?}")), self.merged.origin(&path)))
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
                let problem = problem.with_origin(self.origin(&path));
                #[cfg(feature = "report")]
                let problem = self.with_excerpt(problem);
                problem
            }
            _ => problem,
        }
    }

    #[cfg(feature = "report")]
    fn with_excerpt(&self, mut problem: Problem) -> Problem {
        let redact = &self.config().redact;
        Excerpts::new(self.text.as_deref(), Some(redact)).add([&mut problem], &self.environment);
        problem
    }

    /// Adds the lines and variables to the problems of loading, and to the warnings.
    #[cfg(feature = "report")]
    pub(super) fn add_excerpts(&mut self, problems: &mut [Problem]) {
        // Without all patterns, any attribute may be one that must be redacted.
        let is_about_redaction =
            |problem: &Problem| problem.key().is_none_or(|key| key.split('.').any(|part| part == "redact"));
        let redact = Some(&self.settings.config.redact).filter(|_| !problems.iter().any(is_about_redaction));
        let excerpts = Excerpts::new(self.text.as_deref(), redact);
        excerpts.add(problems.iter_mut().chain(&mut self.warnings), &self.environment);
    }
}
