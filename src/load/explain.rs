//! Every effective value and where it came from.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value, json};

use super::Loaded;
use crate::{
    config::{
        Config, Count, NonEmptyString, Otlp, SamplingRatio, Signal, format_duration,
        key_path::{KeyPath, key_path},
    },
    error::{Origin, Problem},
};

/// The configuration as it is used: each key with its value and the origin of the value, secrets masked.
///
/// `Display` writes it for people, [`to_json`](Self::to_json) for machines.
#[derive(Debug, Clone)]
pub struct Explanation {
    file: Option<PathBuf>,
    tried: Vec<PathBuf>,
    profile: Option<String>,
    values: BTreeMap<String, (Value, Origin)>,
    warnings: Vec<Problem>,
    errors: Vec<Problem>,
}

impl Explanation {
    pub(crate) fn new(loaded: &Loaded, errors: Vec<Problem>) -> Self {
        let config = loaded.config();
        let mut values = Values { loaded, values: BTreeMap::new() };
        if let Ok(Value::Object(tables)) = serde_json::to_value(config) {
            values.leaves(&mut KeyPath::new(), tables);
        }
        values.resolved(config);
        Self {
            file: loaded.file.clone(),
            tried: loaded.tried.clone(),
            profile: config.profile.as_ref().map(ToString::to_string),
            values: values.values,
            warnings: loaded.warnings.clone(),
            errors,
        }
    }

    /// The file that was read.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The keys, their values as text, and the origins of these.
    pub fn values(&self) -> impl Iterator<Item = (&str, String, &Origin)> {
        self.values.iter().map(|(key, (value, origin))| (key.as_str(), text(value), origin))
    }

    /// What is odd about the configuration, though not wrong.
    #[must_use]
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }

    /// What is wrong with the configuration. The values are those of the rest.
    #[must_use]
    pub fn errors(&self) -> &[Problem] {
        &self.errors
    }

    /// The explanation as one JSON object, with the members `file`, `profile`, `values`, `warnings` and `errors`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let values: Map<String, Value> = self
            .values
            .iter()
            .map(|(key, (value, origin))| {
                let (kind, at) = origin_words(origin);
                (key.clone(), json!({ "value": value, "origin": kind, "at": at }))
            })
            .collect();
        let object = json!({
            "file": self.file.as_ref().map(|file| file.display().to_string()),
            "profile": self.profile,
            "values": values,
            "warnings": problems_to_json(&self.warnings),
            "errors": problems_to_json(&self.errors),
        });
        format!("{object:#}")
    }
}

pub(crate) fn problems_to_json(problems: &[Problem]) -> Value {
    let problem = |problem: &Problem| {
        let at = problem.origin().and_then(|origin| origin_words(origin).1);
        json!({ "at": at, "key": problem.key, "message": problem.message, "help": problem.help })
    };
    problems.iter().map(problem).collect()
}

fn origin_words(origin: &Origin) -> (&'static str, Option<String>) {
    match origin {
        Origin::Default => ("default", None),
        Origin::Code(_) => ("code", Some(origin.to_string())),
        Origin::File { .. } => ("file", Some(origin.to_string())),
        Origin::Env(_) => ("env", Some(origin.to_string())),
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => writeln!(f, "file: {}", file.display())?,
            None => writeln!(f, "file: none")?,
        }
        for path in self.tried.iter().filter(|path| Some(*path) != self.file.as_ref()) {
            writeln!(f, "  not used: {}", path.display())?;
        }
        writeln!(f, "profile: {}\n", self.profile.as_deref().unwrap_or("none"))?;

        let rows: Vec<_> = self.values().collect();
        // What is longer stands out of its column; a width without a bound could not be formatted at all.
        let width = |text: fn(&(&str, String, &Origin)) -> usize, most: usize| {
            rows.iter().map(text).max().unwrap_or_default().min(most)
        };
        let key_width = width(|row| row.0.chars().count(), 64);
        let value_width = width(|row| row.1.chars().count(), 48);
        for (key, value, origin) in &rows {
            write!(f, "{key:key_width$}  {value:value_width$}  {origin}")?;
            match origin {
                Origin::File { profile: Some(profile), .. } => writeln!(f, " (profile {profile})")?,
                _ => writeln!(f)?,
            }
        }
        for (title, problems) in [("warnings", &self.warnings), ("errors", &self.errors)] {
            if !problems.is_empty() {
                writeln!(f, "\n{title}:")?;
                problems.iter().try_for_each(|problem| writeln!(f, "  {problem}"))?;
            }
        }
        Ok(())
    }
}

/// A value as the file writes it.
fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    }
}

struct Values<'l> {
    loaded: &'l Loaded,
    values: BTreeMap<String, (Value, Origin)>,
}

impl Values<'_> {
    /// Takes over what the configuration says, key by key.
    fn leaves(&mut self, path: &mut KeyPath, table: Map<String, Value>) {
        for (key, value) in table {
            path.push(key);
            match value {
                Value::Object(inner) => self.leaves(path, inner),
                value => self.put(path, value, self.loaded.origin(path)),
            }
            path.pop();
        }
    }

    fn put(&mut self, path: &[String], value: Value, origin: Origin) {
        self.values.insert(path.join("."), (value, origin));
    }

    /// Replaces what depends on other keys by what is really used.
    fn resolved(&mut self, config: &Config) {
        self.otlp(&["otlp".to_owned()], &config.otlp);
        for (name, otlp) in &config.exporters {
            self.otlp(&["exporters".to_owned(), name.clone()], otlp);
        }
        for signal in Signal::ALL {
            let path = key_path(&format!("{signal}.exporters"));
            let exporters: Vec<_> = config.exporters(signal).iter().map(ToString::to_string).collect();
            self.put(&path, exporters.into(), self.loaded.origin(&path));
        }
        for (signal, size) in [
            (Signal::Traces, config.traces.batch.batch_size()),
            (Signal::Logs, config.logs.batch.batch_size()),
        ] {
            let path = key_path(&format!("{signal}.batch.max_export_batch_size"));
            self.put(&path, size.into(), self.loaded.origin(&path));
        }
        for (signal, limits) in [(Signal::Traces, config.span_limits()), (Signal::Logs, config.log_limits())]
        {
            let count = limits.attribute_count_limit.get();
            let length = limits.attribute_value_length_limit.map(Count::get);
            self.inherited(&signal.to_string(), "attribute_count_limit", count.into());
            self.inherited(&signal.to_string(), "attribute_value_length_limit", length.into());
        }
        let prefix = key_path("file.prefix");
        if config.file.prefix.is_none() {
            let value = config.file_prefix().to_string().into();
            self.put(&prefix, value, self.loaded.origin(&key_path("service.name")));
        }
        if config.traces.sampler.takes_ratio() && config.traces.sampler_arg.is_none() {
            self.put(&key_path("traces.sampler_arg"), SamplingRatio::ONE.get().into(), Origin::Default);
        }
        let environment = key_path("service.environment");
        if self.loaded.origin(&environment) == Origin::Default && config.service.environment.is_some() {
            // It is the name of the profile, so it came from where that did.
            let value = config.service.environment.as_ref().map(ToString::to_string);
            self.put(&environment, value.into(), self.loaded.profile_origin.clone());
        }
        let profile = config.profile.as_ref().map(ToString::to_string);
        self.put(&key_path("profile"), profile.into(), self.loaded.profile_origin.clone());
    }

    /// A limit of one signal, or the general one.
    fn inherited(&mut self, signal: &str, key: &str, value: Value) {
        let own = key_path(&format!("{signal}.limits.{key}"));
        let general = key_path(&format!("attribute_limits.{key}"));
        let origin = match self.loaded.origin(&own) {
            Origin::Default => self.loaded.origin(&general),
            origin => origin,
        };
        self.put(&own, value, origin);
    }

    /// The keys of a destination, for each signal, as they are after inheritance.
    fn otlp(&mut self, table: &[String], otlp: &Otlp) {
        for signal in Signal::ALL {
            let (own, settings) = (otlp.signal(signal), otlp.settings(signal));
            let file = |file: &Option<NonEmptyString>| Value::from(file.as_ref().map(ToString::to_string));
            let values = [
                ("protocol", own.protocol.is_some(), Value::from(settings.protocol.as_str())),
                ("endpoint", own.endpoint.is_some(), settings.endpoint.to_string().into()),
                ("compression", own.compression.is_some(), settings.compression.as_str().into()),
                ("timeout", own.timeout.is_some(), settings.timeout.to_string().into()),
                ("tls.insecure", own.tls.insecure.is_some(), settings.insecure.into()),
                ("tls.ca_file", own.tls.ca_file.is_some(), file(&settings.tls.ca_file)),
                ("tls.cert_file", own.tls.cert_file.is_some(), file(&settings.tls.cert_file)),
                ("tls.key_file", own.tls.key_file.is_some(), file(&settings.tls.key_file)),
                ("retry.max_attempts", own.retry.max_attempts.is_some(), settings.retry.max_attempts.into()),
                (
                    "retry.initial_backoff",
                    own.retry.initial_backoff.is_some(),
                    format_duration(settings.retry.initial_backoff).into(),
                ),
                (
                    "retry.max_backoff",
                    own.retry.max_backoff.is_some(),
                    format_duration(settings.retry.max_backoff).into(),
                ),
            ];
            let signal = signal.to_string();
            let path = |is_own: bool, rest: &[String]| {
                let signal = is_own.then(|| signal.clone());
                table.iter().cloned().chain(signal).chain(rest.iter().cloned()).collect::<KeyPath>()
            };
            for (key, is_own, value) in values {
                let key = key_path(key);
                let origin = self.loaded.origin(&path(is_own, &key));
                self.put(&path(true, &key), value, origin);
            }
            if !settings.headers.is_empty() {
                self.values.remove(&path(true, &["headers".to_owned()]).join("."));
            }
            for (name, value) in &settings.headers {
                let key = ["headers".to_owned(), name.to_string()];
                let origin = self.loaded.origin(&path(own.headers.is_some(), &key));
                self.put(&path(true, &key), value.to_string().into(), origin);
            }
        }
    }
}
