//! From the places where values are written to one validated [`Config`].
//!
//! The only reader of files and of the environment. Sources become [layers](layers), the weakest first: code, the file,
//! its profile, `OTEL_*`, `AUTOTEL_*`, and what the program forces.

mod env;
mod environment;
mod file;
mod kind;
mod layers;
mod locate;
mod otel_env;
mod substitute;

use std::{panic::Location, path::PathBuf};

use figment::value::Value;
use toml::de::{DeTable, DeValue};

pub(crate) use self::environment::Environment;
use self::{
    file::File,
    layers::{Layer, LayerSource, Merged},
    locate::Part,
};
use crate::{
    config::{
        AttributeValue, Config, ExporterRef, NonEmpty, Selection, Signal,
        text::{FromText, Rejection},
        validate::{self, KeyPath, Severity},
    },
    error::{Error, Origin, Problem},
};

/// A value that the program sets.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    pub(crate) key: SettingKey,
    pub(crate) value: SettingValue,
    pub(crate) location: &'static Location<'static>,
}

#[derive(Debug, Clone)]
pub(crate) enum SettingKey {
    /// Known to the library.
    Path(KeyPath),
    /// Written by the caller, as a dotted key of TOML.
    Dotted(String),
}

#[derive(Debug, Clone)]
pub(crate) enum SettingValue {
    /// Read by the rules of the key.
    Text(String),
    /// An attribute, whose kind is the caller's.
    Attribute(AttributeValue),
}

/// Everything that a configuration is made of.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    pub(crate) settings: Vec<Setting>,
    pub(crate) forced: Vec<Setting>,
    pub(crate) config_file: Option<PathBuf>,
    pub(crate) profile: Option<String>,
    pub(crate) environment: Option<Environment>,
    /// The program asked for the Prometheus exporter without naming exporters.
    pub(crate) prometheus: bool,
}

/// A configuration, and what is to be said about it.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) config: Config,
    pub(crate) warnings: Vec<Problem>,
    /// Whether `NO_COLOR` is set, which is not a key but a habit of terminals.
    pub(crate) no_color: bool,
    merged: Merged,
}

impl Loaded {
    /// What is left when nothing is read and nothing shall happen.
    pub(crate) fn disabled() -> Self {
        let config = Config { disabled: true, ..Config::default() };
        Self { config, warnings: Vec::new(), no_color: true, merged: Merged::new(&[]) }
    }

    /// Where the value of a key came from.
    pub(crate) fn origin(&self, dotted: &str) -> Origin {
        self.merged.origin(&validate::key_path(dotted))
    }
}

impl Sources {
    /// Reads, merges and validates. All problems are reported at once.
    pub(crate) fn load(self) -> Result<Loaded, Error> {
        let environment = self.environment.unwrap_or_else(Environment::of_process);
        let mut problems = Vec::new();
        let mut warnings = Vec::new();

        let file = file::find(&environment, self.config_file.as_deref())
            .and_then(|path| path.map(|path| File::read(&path)).transpose())
            .unwrap_or_else(|problem| {
                problems.push(problem);
                None
            });
        let unreadable_file = !problems.is_empty();
        let profile = environment
            .get("AUTOTEL_PROFILE")
            .map(str::to_owned)
            .or(self.profile)
            .or_else(|| file.as_ref().and_then(File::default_profile));
        if let Some(name) = &profile {
            let missing = match &file {
                Some(file) => file.missing_profile(name),
                // The profile may stand in the file that could not be read.
                None if unreadable_file => None,
                None => Some(file::no_profile(name, &[])),
            };
            problems.extend(missing.map(|problem| match environment.get("AUTOTEL_PROFILE") {
                Some(_) => problem.at(Origin::Env("AUTOTEL_PROFILE".to_owned())),
                None => problem.key("profile"),
            }));
        }

        let mut layers = setting_layers(&self.settings, &mut problems);
        if let Some(file) = &file {
            layers.extend(file.layers(profile.as_deref(), &environment, &mut problems));
        }
        layers.extend(otel_env::layers(&environment, &mut warnings));
        layers.extend(env::layers(&environment, &mut problems));
        layers.extend(setting_layers(&self.forced, &mut problems));
        layers.iter_mut().for_each(lowercase_headers);

        let mut merged = Merged::new(&layers);
        let mut config = effective(&merged, profile.as_deref(), self.prometheus)?;
        // An ignored value can bring a weaker one to light that breaks a rule too, so judge until nothing changes.
        loop {
            let mut ignored = false;
            let mut errors = Vec::new();
            for violation in validate::validate(&config) {
                let was_error = violation.severity == Severity::Error;
                match merged.judge(violation) {
                    (Severity::Error, problem) => errors.push(problem),
                    (Severity::Warning, problem) => {
                        ignored |= was_error;
                        if !warnings.contains(&problem) {
                            warnings.push(problem);
                        }
                    }
                }
            }
            if !ignored {
                // Without its file the rest of the configuration says nothing, and a value that was refused is not missing.
                errors.retain(|error| {
                    !unreadable_file && problems.iter().all(|problem| problem.key != error.key)
                });
                problems.append(&mut errors);
                break;
            }
            config = effective(&merged, profile.as_deref(), self.prometheus)?;
        }

        if problems.is_empty() {
            Ok(Loaded { config, warnings, no_color: environment.get("NO_COLOR").is_some(), merged })
        } else {
            problems.sort_by_key(place_in_file);
            Err(Error::configuration(problems))
        }
    }
}

/// Orders the problems of the file as they stand in it; the others come behind, as they were found.
fn place_in_file(problem: &Problem) -> (bool, usize, usize) {
    match problem.at {
        Some(Origin::File { line, column, .. }) => (false, line, column),
        _ => (true, 0, 0),
    }
}

/// The merged configuration, completed by what follows from the choice of the profile and from calls.
fn effective(merged: &Merged, profile: Option<&str>, prometheus: bool) -> Result<Config, Error> {
    let mut config = merged.config().map_err(|problem| Error::configuration(vec![problem]))?;
    config.profile = profile.and_then(|name| NonEmpty::from_text(name).ok());
    if config.service.environment.is_none() {
        config.service.environment.clone_from(&config.profile);
    }
    if prometheus && config.metrics.exporters.is_none() {
        let mut exporters = config.exporters(Signal::Metrics).to_vec();
        exporters.push(ExporterRef::Prometheus);
        config.metrics.exporters = Some(Selection::new(exporters));
    }
    Ok(config)
}

fn setting_layers(settings: &[Setting], problems: &mut Vec<Problem>) -> Vec<Layer> {
    let mut layers = Vec::new();
    for setting in settings {
        let source = LayerSource::Code(setting.location);
        let path = match &setting.key {
            SettingKey::Path(path) => path.clone(),
            SettingKey::Dotted(key) => {
                if let Some(path) = parse_key(key) {
                    path
                } else {
                    let rejection =
                        Rejection::new("is not a key").with_help("write its path, such as `traces.sampler`");
                    problems.push(source.problem(std::slice::from_ref(key), Part::Key, rejection));
                    continue;
                }
            }
        };
        let layer = match &setting.value {
            SettingValue::Text(text) => env::layer(source, &path, text, |rejection, _| rejection),
            SettingValue::Attribute(value) => Ok(Layer::single(source, &path, attribute(value))),
        };
        match layer {
            Ok(layer) => layers.push(layer),
            Err(problem) => problems.push(problem),
        }
    }
    layers
}

/// The segments of a dotted key; a segment with dots is quoted, as in the file.
fn parse_key(key: &str) -> Option<KeyPath> {
    let text = format!("{key} = 0");
    let table = DeTable::parse(&text).ok()?;
    let mut path = KeyPath::new();
    let mut table = table.get_ref();
    loop {
        let (key, value) = table.iter().next().filter(|_| table.len() == 1)?;
        path.push(key.get_ref().to_string());
        match value.get_ref() {
            DeValue::Table(inner) => table = inner,
            DeValue::Integer(_) => return Some(path),
            _ => return None,
        }
    }
}

fn attribute(value: &AttributeValue) -> Value {
    fn list<T: Clone + Into<Value>>(values: &[T]) -> Value {
        values.iter().cloned().map(Into::into).collect::<Vec<Value>>().into()
    }
    match value {
        AttributeValue::String(value) => value.clone().into(),
        AttributeValue::Bool(value) => (*value).into(),
        AttributeValue::I64(value) => (*value).into(),
        AttributeValue::F64(value) => (*value).into(),
        AttributeValue::StringArray(values) => list(values),
        AttributeValue::BoolArray(values) => list(values),
        AttributeValue::I64Array(values) => list(values),
        AttributeValue::F64Array(values) => list(values),
    }
}

/// Names of headers have no case, so those of all layers must meet under one spelling.
fn lowercase_headers(layer: &mut Layer) {
    fn walk(values: &mut figment::value::Dict) {
        for (key, value) in values.iter_mut() {
            let Value::Dict(_, inner) = value else { continue };
            if key == "headers" {
                *inner = std::mem::take(inner)
                    .into_iter()
                    .map(|(name, value)| (name.to_lowercase(), value))
                    .collect();
            } else {
                walk(inner);
            }
        }
    }
    for table in ["otlp", "exporters"] {
        if let Some(Value::Dict(_, inner)) = layer.values.get_mut(table) {
            walk(inner);
        }
    }
}
