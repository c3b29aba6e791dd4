//! Reads all sources, merges them and validates the result.

use std::path::PathBuf;

use super::{
    autotel_env,
    code::{self, CodeValue},
    environment::Environment,
    file::{self, File},
    merge::{Merged, Resolution},
    otel_env, proxy_env,
    search::Search,
};
use crate::{
    config::{
        Config, ExporterList, ExporterName, NonEmptyString, Settings, Signal, key_path::key_path, validate,
        validate::Severity, value::ConfigValue,
    },
    error::{Error, Inspection, Origin, Problem},
};

/// Everything that a configuration is made of.
#[derive(Default)]
pub(crate) struct Sources {
    /// Defaults that the program sets.
    pub(crate) settings: Vec<CodeValue>,
    /// Values that the program sets and that are stronger than all others.
    pub(crate) forced: Vec<CodeValue>,
    pub(crate) config_file: Option<PathBuf>,
    /// No file is looked for.
    pub(crate) only_named_file: bool,
    pub(crate) profile: Option<(String, Origin)>,
    pub(crate) environment: Option<Environment>,
    /// The program asked for the Prometheus exporter without naming exporters.
    pub(crate) prometheus: bool,
}

/// A configuration, and what is to be said about it.
pub(crate) struct Loaded {
    pub(crate) settings: Settings,
    pub(crate) warnings: Vec<Problem>,
    /// The file that was read.
    pub(crate) file: Option<PathBuf>,
    /// Every place where a file was looked for.
    pub(crate) tried: Vec<PathBuf>,
    /// Where the choice of the profile came from.
    pub(crate) profile_origin: Origin,
    merged: Merged,
}

impl Loaded {
    /// What is left when nothing is read and nothing shall happen.
    pub(crate) fn disabled() -> Self {
        let config = Config { disabled: true, ..Config::default() };
        Self {
            settings: Settings {
                config,
                proxies: proxy_env::proxies(&Environment::default()),
                no_color: true,
            },
            warnings: Vec::new(),
            file: None,
            tried: Vec::new(),
            profile_origin: Origin::Default,
            merged: Merged::new(Vec::new()),
        }
    }

    pub(crate) fn config(&self) -> &Config {
        &self.settings.config
    }

    /// Where the value of a key came from.
    pub(crate) fn origin(&self, path: &[String]) -> Origin {
        let origin = self.merged.origin(path);
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match path.as_slice() {
            ["profile"] => self.profile_origin.clone(),
            // Without a value of its own it is the name of the profile.
            ["service", "environment"]
                if origin == Origin::Default && self.config().service.environment.is_some() =>
            {
                self.profile_origin.clone()
            }
            _ => origin,
        }
    }

    /// Gives the problems of `error` the origins of their keys, where they have none.
    pub(crate) fn locate(&self, error: Error) -> Error {
        if error.problems().is_empty() {
            return error;
        }
        Error::configuration(error.problems().iter().cloned().map(|problem| self.located(problem)).collect())
    }

    fn located(&self, problem: Problem) -> Problem {
        match (&problem.at, &problem.key) {
            (None, Some(key)) => {
                let origin = self.origin(&key_path(key));
                problem.with_origin(origin)
            }
            _ => problem,
        }
    }
}

impl Sources {
    /// The configuration, when there is nothing wrong with it. Otherwise all that is, at once. `inspect` is as for
    /// [`read_and_inspect`](Self::read_and_inspect).
    pub(crate) fn load(self, inspect: impl FnOnce(&Config) -> Inspection) -> Result<Loaded, Error> {
        let (mut loaded, problems) = self.read_and_inspect(inspect);
        if loaded.config().disabled {
            // Who switches telemetry off wants a service that runs, whatever else is wrong.
            loaded.warnings.extend(problems);
            return Ok(loaded);
        }
        if problems.is_empty() { Ok(loaded) } else { Err(Error::configuration(problems)) }
    }

    /// As [`read`](Self::read), with the problems that `inspect` finds in the files that the configuration names.
    pub(crate) fn read_and_inspect(
        self,
        inspect: impl FnOnce(&Config) -> Inspection,
    ) -> (Loaded, Vec<Problem>) {
        let (mut loaded, mut problems) = self.read();
        if !loaded.config().disabled {
            let Inspection { errors, warnings } = inspect(loaded.config());
            problems.extend(errors.into_iter().map(|problem| loaded.located(problem)));
            let mut warnings = warnings.into_iter().map(|problem| loaded.located(problem)).collect();
            loaded.warnings.append(&mut warnings);
            problems.sort_by_key(place_in_file);
        }
        (loaded, problems)
    }

    /// The configuration of all that is right, and all that is wrong. Opens no file but the one that it is written in, and
    /// those of secrets.
    pub(crate) fn read(self) -> (Loaded, Vec<Problem>) {
        let environment = self.environment.unwrap_or_else(Environment::from_process);
        let mut problems = Vec::new();
        let mut warnings = Vec::new();

        let search = Search::new(&environment, self.config_file.as_deref(), self.only_named_file);
        let file = search.found.and_then(|path| path.map(|path| File::read(&path)).transpose());
        let file = file.unwrap_or_else(|problem| {
            problems.push(problem);
            None
        });
        let unreadable_file = !problems.is_empty();
        let (profile, profile_origin) = chosen_profile(&environment, self.profile, file.as_ref());
        if let Some(name) = &profile {
            let missing = match &file {
                Some(file) => file.missing_profile(name),
                // The profile may stand in the file that could not be read.
                None if unreadable_file => None,
                None => Some(file::no_profile(name, &[])),
            };
            problems.extend(
                missing.map(|problem| problem.with_key("profile").with_origin(profile_origin.clone())),
            );
        }

        let mut layers = code::layers(&self.settings, &mut problems);
        let mut of_other_profiles = Vec::new();
        if let Some(file) = &file {
            layers.extend(file.layers::<Config>(
                profile.as_deref(),
                &environment,
                &mut problems,
                &mut of_other_profiles,
            ));
        }
        layers.extend(otel_env::layers(&environment, &mut warnings));
        layers.extend(autotel_env::layers(&environment, &mut problems));
        layers.extend(code::layers(&self.forced, &mut problems));
        for layer in &mut layers {
            problems.extend(layer.fold_case::<Config>());
        }

        let mut merged = Merged::new(layers);
        let config = validated(&mut merged, profile.as_deref(), self.prometheus, &mut warnings);
        let (config, mut errors) = config.unwrap_or_else(|problem| (Config::default(), vec![problem]));
        // Without its file the rest of the configuration says nothing, and a value that was refused is not missing.
        let of_profile = profile.as_ref().map(|name| format!("profiles.{name}.")).unwrap_or_default();
        let was_refused = |key: Option<&str>| {
            let plain = |refused: &str| {
                refused.strip_prefix(&of_profile).unwrap_or(refused) == key.unwrap_or_default()
            };
            problems.iter().filter_map(|problem| problem.key.as_deref()).any(plain)
        };
        errors.retain(|error| !unreadable_file && !was_refused(error.key.as_deref()));
        problems.append(&mut errors);
        problems.append(&mut of_other_profiles);
        problems.sort_by_key(place_in_file);
        if file.is_none() && !unreadable_file {
            say_that_there_is_no_file(&mut problems, &search.tried);
        }

        let proxies = proxy_env::proxies(&environment);
        warnings.extend(proxy_env::warnings(&proxies, &config));
        let loaded = Loaded {
            settings: Settings { config, proxies, no_color: environment.get("NO_COLOR").is_some() },
            warnings,
            file: file.as_ref().map(|file| file.path().to_owned()),
            tried: search.tried,
            profile_origin,
            merged,
        };
        (loaded, problems)
    }
}

/// The profile to apply, and who chose it.
fn chosen_profile(
    environment: &Environment,
    by_code: Option<(String, Origin)>,
    file: Option<&File>,
) -> (Option<String>, Origin) {
    let by_variable = || {
        let name = environment.get("AUTOTEL_PROFILE")?;
        Some((name.to_owned(), Origin::Env("AUTOTEL_PROFILE".to_owned())))
    };
    match by_variable().or(by_code).or_else(|| file?.default_profile(environment)) {
        Some((name, origin)) => (Some(name), origin),
        None => (None, Origin::Default),
    }
}

/// The merged configuration and the errors in it. Values that break a rule and may be ignored are.
fn validated(
    merged: &mut Merged,
    profile: Option<&str>,
    prometheus: bool,
    warnings: &mut Vec<Problem>,
) -> Result<(Config, Vec<Problem>), Problem> {
    loop {
        let config = effective(merged, profile, prometheus)?;
        let mut errors = Vec::new();
        let mut odd = Vec::new();
        let mut ignored_some = false;
        for violation in validate::validate(&config) {
            let Resolution { severity, mut problems, ignored } = merged.resolve(violation);
            ignored_some |= ignored;
            match severity {
                Severity::Error => errors.append(&mut problems),
                // What was ignored is gone in the next round, so it is noted at once.
                Severity::Warning if ignored => warnings.append(&mut problems),
                Severity::Warning => odd.append(&mut problems),
            }
        }
        // A value that is ignored brings a weaker one to light, which may break a rule too.
        if !ignored_some {
            warnings.append(&mut odd);
            return Ok((config, errors));
        }
    }
}

/// What is missing may stand in a file that was expected somewhere else.
fn say_that_there_is_no_file(problems: &mut [Problem], tried: &[PathBuf]) {
    let tried: Vec<_> = tried.iter().map(|path| path.display().to_string()).collect();
    for problem in problems.iter_mut().filter(|problem| problem.at.is_none()) {
        let help = problem.help.take().map(|help| format!("{help}; ")).unwrap_or_default();
        problem.help = Some(format!("{help}no file was found, looked for {}", tried.join(" and ")));
    }
}

/// Orders the problems of the file as they stand in it; the others come behind, as they were found.
fn place_in_file(problem: &Problem) -> (bool, u32, u32) {
    match problem.at {
        Some(Origin::File { line, column, .. }) => (false, line, column),
        _ => (true, 0, 0),
    }
}

/// The merged configuration, completed by what follows from the choice of the profile and from calls.
fn effective(merged: &Merged, profile: Option<&str>, prometheus: bool) -> Result<Config, Problem> {
    let mut config = merged.config::<Config>()?;
    config.profile = profile.and_then(|name| NonEmptyString::parse_str(name).ok());
    if config.service.environment.is_none() {
        config.service.environment.clone_from(&config.profile);
    }
    if prometheus && config.metrics.exporters.is_none() {
        let mut exporters = config.exporters(Signal::Metrics).to_vec();
        exporters.push(ExporterName::Prometheus);
        config.metrics.exporters = Some(ExporterList::new(exporters));
    }
    Ok(config)
}
