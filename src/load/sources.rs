//! Reads all sources, merges them and validates the result.

use std::{
    collections::{BTreeMap, HashSet},
    path::{Path, PathBuf},
    sync::Arc,
};

#[cfg(feature = "declarative")]
use super::declared_sources::{self, CodeSources};
use super::{
    autotel_env,
    code::{self, CodeValue},
    detect::{self, OwnDetectors},
    environment::Environment,
    file::{self, ConfigFile},
    first_read::{FirstRead, KnownFile},
    gathered::Gathered,
    loaded::Loaded,
    merge::Merged,
    otel_env, proxy_env,
    search::{Search, is_declarative},
};
use crate::{
    config::{
        Config, ExporterList, ExporterName, NonEmptyString, Registered, Settings, Signal, key_path::key_path,
        validate, value::ConfigValue,
    },
    error::{Error, Inspection, Origin, Problem},
};

/// The sources of a configuration, except the file itself.
#[derive(Default)]
pub(crate) struct Sources {
    /// Values that are set in code; all other sources override them.
    pub(crate) defaults: Vec<CodeValue>,
    /// Values that are set in code and override all other sources.
    pub(crate) forced: Vec<CodeValue>,
    pub(crate) config_file: Option<PathBuf>,
    /// `true` disables the search for a file; only `config_file` is read.
    pub(crate) only_named_file: bool,
    pub(crate) profile: Option<(String, Origin)>,
    /// `None` until the environment of the process is read. It is read once.
    pub(crate) environment: Option<Arc<Environment>>,
    /// The Prometheus exporter is enabled in code, unless `metrics.exporters` is set.
    pub(crate) prometheus: bool,
    /// The parts that the program adds.
    pub(crate) registered: Registered,
    pub(crate) detectors: OwnDetectors,
    /// The decisions of the first time that the sources were read.
    first: Option<FirstRead>,
}

impl Sources {
    /// Reads the configuration.
    ///
    /// # Errors
    ///
    /// Returns all problems at once, including those that
    /// [`read_and_inspect`](Self::read_and_inspect) adds. If telemetry is disabled, they are
    /// warnings.
    pub(crate) fn load(&mut self, inspect: impl FnOnce(&Config) -> Inspection) -> Result<Loaded, Error> {
        let (mut loaded, problems) = self.read_and_inspect(inspect);
        if loaded.config().disabled {
            // With disabled telemetry, the service starts even if the configuration is invalid.
            loaded.warnings.extend(problems);
            return Ok(loaded);
        }
        if problems.is_empty() { Ok(loaded) } else { Err(Error::configuration(problems)) }
    }

    /// Same as [`read`](Self::read), but adds the problems that `inspect` finds in files that the
    /// configuration names.
    pub(crate) fn read_and_inspect(
        &mut self,
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

    /// Reads the configuration, without invalid values, and returns it with all problems.
    ///
    /// Opens only the configuration file, files with secrets, and those that detectors read. When
    /// the sources are read again, the environment, the profile and the detected attributes are
    /// those of the first time.
    pub(crate) fn read(&mut self) -> (Loaded, Vec<Problem>) {
        let environment = self.environment.get_or_insert_with(|| Arc::new(Environment::from_process()));
        let environment = Arc::clone(environment);
        let mut search = Search::new(&environment, self.config_file.as_deref(), self.only_named_file);
        if let Some(path) = self.first.as_ref().and_then(|first| first.file.as_ref()).map(KnownFile::path) {
            search = search.again(path);
        }
        let mut warnings = std::mem::take(&mut search.warnings);
        let gathered = match &search.found {
            Ok(Some(path)) if is_declarative(path) => {
                self.declared(path, search.by.as_ref(), &environment, &mut warnings)
            }
            _ => self.merged_with_variables(&search.found, &environment, &mut warnings),
        };
        let Gathered { layers, mut problems, mut of_other_profiles, file, is_incomplete, profile, .. } =
            gathered;

        let mut merged = Merged::new(layers);
        let detected = match &self.first {
            Some(first) => first.detected.clone(),
            None => {
                let detectors = std::mem::take(&mut self.detectors);
                detect::layers(&merged, &environment, detectors, &mut warnings)
            }
        };
        if !detected.is_empty() {
            merged.add_weakest(detected.clone());
        }
        let (prometheus, registered) = (gathered.prometheus, &self.registered);
        let config = validated(&mut merged, profile.as_deref(), prometheus, registered, &mut warnings);
        let (config, mut errors) = config.unwrap_or_else(|problem| (Box::default(), vec![problem]));
        if gathered.file_format.is_some() {
            warnings.extend(unnamed_service(&merged, &config));
        }
        // Violations are not reported if the file could not be read, or for values that were
        // refused.
        let of_profile = profile.as_ref().map(|name| format!("profiles.{name}.")).unwrap_or_default();
        let plain = |key: &str| key.strip_prefix(&of_profile).unwrap_or(key).to_owned();
        let refused: HashSet<String> = problems.iter().filter_map(Problem::key).map(plain).collect();
        errors.retain(|error| !is_incomplete && !error.key().is_some_and(|key| holds_part(&refused, key)));
        if gathered.file_format.is_some() {
            errors.retain(|error| !error.key().is_some_and(|key| holds_below(&refused, key)));
        }
        problems.append(&mut errors);
        problems.append(&mut of_other_profiles);
        problems.sort_by_key(place_in_file);
        if file.is_none() && !is_incomplete {
            add_search_places(&mut problems, &search.tried);
        }

        let proxies = proxy_env::proxies(&environment);
        warnings.extend(proxy_env::warnings(&environment, &proxies, &config));
        if self.first.is_none() {
            let file = file.clone().and_then(KnownFile::new);
            let profile = (profile, gathered.profile_origin.clone());
            self.first = Some(FirstRead { file, profile, detected });
        }
        #[cfg_attr(not(feature = "report"), expect(unused_mut, reason = "the report changes them"))]
        let mut loaded = Loaded {
            settings: Settings { config, proxies, no_color: environment.disables_color() },
            warnings,
            file,
            #[cfg(feature = "report")]
            text: gathered.text,
            file_format: gathered.file_format,
            tried: search.tried,
            profile_origin: gathered.profile_origin,
            merged,
            environment,
            first: None,
            held: BTreeMap::new(),
        };
        #[cfg(feature = "report")]
        loaded.add_excerpts(&mut problems);
        (loaded, problems)
    }

    /// Gathers the values of a declarative file, which is the only source.
    #[cfg(feature = "declarative")]
    fn declared(
        &self,
        path: &Path,
        by: Option<&Origin>,
        environment: &Environment,
        warnings: &mut Vec<Problem>,
    ) -> Gathered {
        let other_keys = [("profile", self.profile.is_some()), ("metrics.exporters", self.prometheus)];
        let code = CodeSources {
            defaults: &self.defaults,
            forced: &self.forced,
            other_keys: other_keys.into_iter().filter_map(|(key, is_set)| is_set.then_some(key)).collect(),
            registered: &self.registered,
        };
        declared_sources::gather(path, by, &code, environment, warnings)
    }

    /// Refuses a declarative file.
    #[cfg(not(feature = "declarative"))]
    fn declared(&self, path: &Path, by: Option<&Origin>, _: &Environment, _: &mut Vec<Problem>) -> Gathered {
        let message = format!(
            "{} requires the feature `declarative`, which is not enabled in this binary",
            path.display()
        );
        let problem = Problem::new(message).with_help("enable the feature `declarative` of autotelemetry");
        let mut problems = vec![Problem { at: by.cloned(), ..problem }];
        Gathered {
            layers: code::layers(&self.defaults, &mut problems),
            problems,
            of_other_profiles: Vec::new(),
            file: None,
            #[cfg(feature = "report")]
            text: None,
            file_format: None,
            is_incomplete: true,
            profile: None,
            profile_origin: Origin::Default,
            prometheus: self.prometheus,
        }
    }

    /// Gathers the values of code, of `autotelemetry.toml` and of variables.
    fn merged_with_variables(
        &self,
        found: &Result<Option<PathBuf>, Problem>,
        environment: &Environment,
        warnings: &mut Vec<Problem>,
    ) -> Gathered {
        let mut problems = Vec::new();
        let file = match found {
            Ok(path) => path.as_ref().and_then(|path| {
                let file = ConfigFile::read(path, &mut problems)?;
                // A file is empty for a moment while it is replaced.
                if self.first.is_some() && file.is_empty() {
                    problems.push(Problem::new(format!("{} is empty", path.display())));
                    return None;
                }
                Some(file)
            }),
            Err(problem) => {
                problems.push(problem.clone());
                None
            }
        };
        let unreadable_file = file.is_none() && !problems.is_empty();
        let is_incomplete = unreadable_file || file.as_ref().is_some_and(ConfigFile::is_incomplete);
        let (profile, profile_origin) = match &self.first {
            Some(first) => first.profile.clone(),
            None => selected_profile(environment, self.profile.clone(), file.as_ref()),
        };
        if let Some(name) = &profile {
            let missing = match &file {
                // The profile may be in the part of the file that could not be read.
                _ if is_incomplete || problems.iter().any(|problem| problem.key() == Some("profiles")) => {
                    None
                }
                Some(file) => file.missing_profile(name),
                None => Some(file::no_profile(name, &[])),
            };
            // When the file is read again, its key may name another profile by now.
            let is_moved = self.first.is_some() && matches!(profile_origin, Origin::File { .. });
            let at = (!is_moved).then(|| profile_origin.clone());
            problems.extend(missing.map(|problem| Problem { at, ..problem.with_key("profile") }));
        }

        let path = file.as_ref().map(|file| file.path().to_owned());
        #[cfg(feature = "report")]
        let text = file.as_ref().map(ConfigFile::text);
        let mut layers = code::layers(&self.defaults, &mut problems);
        let mut of_other_profiles = Vec::new();
        if let Some(file) = file {
            layers.extend(file.into_layers::<Config>(
                profile.as_deref(),
                environment,
                &mut problems,
                &mut of_other_profiles,
            ));
        }
        layers.extend(otel_env::layers(environment, warnings));
        layers.extend(autotel_env::layers(environment, &mut problems));
        layers.extend(code::layers(&self.forced, &mut problems));
        for layer in &mut layers {
            problems.extend(layer.fold_case::<Config>());
        }
        Gathered {
            layers,
            problems,
            of_other_profiles,
            file: path,
            #[cfg(feature = "report")]
            text,
            file_format: None,
            is_incomplete,
            profile,
            profile_origin,
            prometheus: self.prometheus,
        }
    }
}

/// Warns about a service without a name, which a declarative file allows.
fn unnamed_service(merged: &Merged<Config>, config: &Config) -> Option<Problem> {
    if config.disabled || merged.origin(&key_path("service.name")) != Origin::Default {
        return None;
    }
    let name = config.service.name.as_ref()?;
    let problem =
        Problem::new(format!("the service has no name, \"{name}\" is used")).with_key("service.name");
    Some(problem.with_help("set the attribute `service.name` in `resource.attributes`"))
}

/// Returns whether `keys` contains `key` or a table above it.
fn holds_part(keys: &HashSet<String>, key: &str) -> bool {
    let ends = key.match_indices('.').map(|(at, _)| at).chain([key.len()]);
    ends.map(|end| &key[..end]).any(|part| keys.contains(part))
}

/// Returns whether `keys` contains a part of the value at `key`, a path in a declarative file.
fn holds_below(keys: &HashSet<String>, key: &str) -> bool {
    let is_below = |other: &String| other.strip_prefix(key).is_some_and(|rest| rest.starts_with(['.', '[']));
    keys.iter().any(is_below)
}

/// Returns the profile to apply and the origin of its name.
fn selected_profile(
    environment: &Environment,
    by_code: Option<(String, Origin)>,
    file: Option<&ConfigFile>,
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

/// Returns the merged configuration and its errors. Values that break a rule are ignored if they
/// come from `OTEL_*` variables.
fn validated(
    merged: &mut Merged<Config>,
    profile: Option<&str>,
    prometheus: bool,
    registered: &Registered,
    warnings: &mut Vec<Problem>,
) -> Result<(Box<Config>, Vec<Problem>), Problem> {
    loop {
        let config = effective(merged, profile, prometheus)?;
        let resolution = merged.resolve(validate::validate(&config, registered));
        // An ignored value is gone in the next round, so its warning is added now.
        warnings.extend(resolution.ignored);
        // An ignored value uncovers a weaker one, which may break a rule too.
        if !resolution.changed {
            warnings.extend(resolution.warnings);
            return Ok((config, resolution.errors));
        }
    }
}

/// Adds the paths that were searched for a file, since a file there could set the missing key.
fn add_search_places(problems: &mut [Problem], tried: &[PathBuf]) {
    if tried.is_empty() {
        return;
    }
    let tried: Vec<_> = tried.iter().map(|path| path.display().to_string()).collect();
    for problem in problems.iter_mut().filter(|problem| problem.at.is_none()) {
        let help = problem.help().map(|help| format!("{help}; ")).unwrap_or_default();
        let help = format!("{help}no file was found, looked for {}", tried.join(" and "));
        *problem = problem.clone().with_help(help);
    }
}

/// Sorts problems in the file by position, before all others.
fn place_in_file(problem: &Problem) -> (bool, u32, u32) {
    match problem.at {
        Some(Origin::File { line, column, .. }) => (false, line, column),
        _ => (true, 0, 0),
    }
}

/// Returns the merged configuration, completed by the selected profile and by `prometheus`.
fn effective(
    merged: &Merged<Config>,
    profile: Option<&str>,
    prometheus: bool,
) -> Result<Box<Config>, Problem> {
    let mut config = Box::new(merged.config()?);
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
