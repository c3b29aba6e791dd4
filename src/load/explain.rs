//! The effective values and their origins.

use std::{
    collections::BTreeMap,
    fmt,
    path::Path,
    sync::{Arc, OnceLock},
};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use super::{loaded::Loaded, parse::is_whole_table};
use crate::{
    config::{
        Config, NonEmptyString,
        key_path::{KeyPath, key_path},
        resolve::inherited_from,
    },
    error::{Origin, Problem},
};

/// The beginning of the keys of resource attributes, which may be redacted.
const RESOURCE_ATTRIBUTES: &str = "resource.attributes.";

/// The effective configuration: each key with its value and the origin of the value. Secrets are
/// masked.
///
/// `Display` writes text for people, [`to_json`](Self::to_json) JSON for programs.
#[derive(Clone)]
pub struct Explanation {
    loaded: Arc<Loaded>,
    errors: Vec<Problem>,
    /// Collected when they are first needed, since a check needs none of them.
    values: OnceLock<EffectiveValues>,
}

/// Contains the masked values only.
impl fmt::Debug for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Explanation")
            .field("file", &self.file())
            .field("values", self.effective_values())
            .field("warnings", &self.warnings())
            .field("errors", &self.errors)
            .finish_non_exhaustive()
    }
}

impl Explanation {
    pub(crate) fn new(loaded: Arc<Loaded>, errors: Vec<Problem>) -> Self {
        Self { loaded, errors, values: OnceLock::new() }
    }

    fn effective_values(&self) -> &EffectiveValues {
        self.values.get_or_init(|| {
            let loaded = &self.loaded;
            let config = loaded.config();
            let mut values = EffectiveValues::default();
            values.add::<Config>(config, &|path| loaded.origin(path));
            // A derived value has the origin of the value that it derives from.
            values.add::<Config>(
                &config.resolved(),
                &|path| match (loaded.origin(path), inherited_from(path)) {
                    (Origin::Default, Some(general)) => loaded.origin(&general),
                    (origin, _) => origin,
                },
            );
            values.mask(|key| {
                key.strip_prefix(RESOURCE_ATTRIBUTES).is_some_and(|key| config.redact.matches(key))
            });
            values
        })
    }

    /// Returns the names of the variables that a value refers to. A derived value has those of the
    /// value that it derives from.
    fn variables(&self, key: &str) -> &[String] {
        let path = key_path(key);
        match (self.loaded.origin(&path), inherited_from(&path)) {
            (Origin::Default, Some(general)) => self.loaded.variables(&general),
            _ => self.loaded.variables(&path),
        }
    }

    /// Returns the name of the selected profile.
    fn profile(&self) -> Option<&str> {
        self.loaded.config().profile.as_ref().map(NonEmptyString::as_str)
    }

    /// Returns the file that was read.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.loaded.file.as_deref()
    }

    /// Returns each key with its value and the origin of the value.
    ///
    /// Values are written as in the file: strings in quotes, lists in brackets, durations with a
    /// unit. `-` stands for a key that is not set, `"***"` for a secret.
    pub fn values(&self) -> impl Iterator<Item = (&str, String, &Origin)> {
        self.effective_values().rows()
    }

    /// Returns warnings: settings that are valid but probably unintended.
    #[must_use]
    pub fn warnings(&self) -> &[Problem] {
        &self.loaded.warnings
    }

    /// Returns the errors in the configuration. The values do not include those with errors.
    #[must_use]
    pub fn errors(&self) -> &[Problem] {
        &self.errors
    }

    /// Returns one JSON object with the members `file`, `profile`, `values`, `warnings` and
    /// `errors`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut values = Map::new();
        for (key, (value, origin)) in &self.effective_values().0 {
            let (kind, at) = origin_words(origin);
            values.insert(key.clone(), json!({ "value": value, "origin": kind, "at": at }));
        }
        let object = json!({
            "file": self.file().map(|file| file.display().to_string()),
            "profile": self.profile(),
            "values": values,
            "warnings": problems_to_json(self.warnings()),
            "errors": problems_to_json(&self.errors),
        });
        format!("{object:#}")
    }
}

fn problems_to_json(problems: &[Problem]) -> Value {
    let problem = |problem: &Problem| {
        let at = problem.origin().and_then(|origin| origin_words(origin).1);
        json!({ "at": at, "key": problem.key, "message": problem.message, "help": problem.help() })
    };
    problems.iter().map(problem).collect()
}

fn origin_words(origin: &Origin) -> (&'static str, Option<String>) {
    match origin {
        Origin::Default => ("default", None),
        Origin::Code(_) => ("code", Some(origin.to_string())),
        Origin::File { .. } => ("file", Some(origin.to_string())),
        Origin::Env(_) => ("env", Some(origin.to_string())),
        Origin::Detector(_) => ("detector", Some(origin.to_string())),
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.file(), &self.loaded.file_format) {
            (Some(file), Some(format)) => writeln!(
                f,
                "declarative configuration (file_format {format}): {}; variables are not merged",
                file.display()
            )?,
            (Some(file), None) => writeln!(f, "file: {}", file.display())?,
            (None, _) => writeln!(f, "file: none")?,
        }
        for path in self.loaded.tried.iter().filter(|path| Some(path.as_path()) != self.file()) {
            writeln!(f, "  not used: {}", path.display())?;
        }
        if self.loaded.file_format.is_none() {
            writeln!(f, "profile: {}", self.profile().unwrap_or("none"))?;
        }
        writeln!(f)?;

        let rows: Vec<_> = self.values().collect();
        // Longer texts exceed their column. An unbounded width could not be formatted.
        let width = |text: fn(&(&str, String, &Origin)) -> usize, most: usize| {
            rows.iter().map(text).max().unwrap_or_default().min(most)
        };
        let key_width = width(|row| row.0.chars().count(), 64);
        let value_width = width(|row| row.1.chars().count(), 48);
        for (key, value, origin) in &rows {
            write!(f, "{key:key_width$}  {value:value_width$}  {origin}")?;
            match origin {
                Origin::File { profile: Some(profile), .. } => writeln!(f, " (profile {profile})")?,
                Origin::File { .. } => match self.variables(key) {
                    [] => writeln!(f)?,
                    names => writeln!(f, " ({})", names.join(", "))?,
                },
                _ => writeln!(f)?,
            }
        }
        for (title, problems) in [("warnings", self.warnings()), ("errors", self.errors())] {
            if !problems.is_empty() {
                writeln!(f, "\n{title}:")?;
                problems.iter().try_for_each(|problem| writeln!(f, "  {problem}"))?;
            }
        }
        Ok(())
    }
}

/// Formats a value in the notation of the file.
fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    }
}

/// Values and origins by their keys.
#[derive(Debug, Clone, Default)]
pub(super) struct EffectiveValues(BTreeMap<String, (Value, Origin)>);

impl EffectiveValues {
    pub(super) fn rows(&self) -> impl Iterator<Item = (&str, String, &Origin)> {
        self.0.iter().map(|(key, (value, origin))| (key.as_str(), text(value), origin))
    }

    /// Hides the values of the keys for which `is_secret` returns `true`.
    fn mask(&mut self, is_secret: impl Fn(&str) -> bool) {
        for (_, (value, _)) in self.0.iter_mut().filter(|(key, _)| is_secret(key)) {
            *value = Value::from("***");
        }
    }

    /// Adds each value in `table`. A value replaces a previous one of the same key.
    /// Its keys are those of configuration `C`.
    pub(super) fn add<C: DeserializeOwned>(
        &mut self,
        table: &impl Serialize,
        origin: &impl Fn(&[String]) -> Origin,
    ) {
        if let Ok(value) = serde_json::to_value(table) {
            self.add_value::<C>(value, &mut KeyPath::new(), origin);
        }
    }

    fn add_value<C: DeserializeOwned>(
        &mut self,
        value: Value,
        path: &mut KeyPath,
        origin: &impl Fn(&[String]) -> Origin,
    ) {
        let key = path.join(".");
        match value {
            Value::Object(table) if !is_whole_table::<C>(path) => {
                // A table replaces the null of an absent one.
                if !table.is_empty() {
                    self.0.remove(&key);
                }
                for (key, value) in table {
                    path.push(key);
                    self.add_value::<C>(value, path, origin);
                    path.pop();
                }
            }
            Value::Array(tables) if tables.iter().any(Value::is_object) => {
                for (index, table) in tables.into_iter().enumerate() {
                    path.push(index.to_string());
                    self.add_value::<C>(table, path, origin);
                    path.pop();
                }
            }
            value => drop(self.0.insert(key, (value, origin(path)))),
        }
    }
}
