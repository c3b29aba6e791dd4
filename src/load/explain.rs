//! The effective values and their origins.

use std::{
    fmt,
    path::Path,
    sync::{Arc, OnceLock},
};

use serde_json::{Map, Value, json};

use super::{
    effective_values::{EffectiveValues, is_redacted, text},
    loaded::Loaded,
    overridden::{Overridden, overridden},
    unused::unused_tables,
};
#[cfg(feature = "report")]
use crate::error::Report;
use crate::{
    config::{NonEmptyString, key_path::key_path, resolve::inherited_from, restart::needs_restart},
    error::{Origin, Problem},
};

/// The effective configuration: each key with its value and the origin of the value. Secrets are
/// masked.
///
/// `Display` writes text for people, [`to_json`](Self::to_json) JSON for programs.
#[derive(Clone)]
pub struct Explanation {
    pub(super) loaded: Arc<Loaded>,
    errors: Vec<Problem>,
    /// Collected when they are first needed, since a check needs none of them.
    values: OnceLock<EffectiveValues>,
    overridden: OnceLock<Overridden>,
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
        Self { loaded, errors, values: OnceLock::new(), overridden: OnceLock::new() }
    }

    fn effective_values(&self) -> &EffectiveValues {
        self.values.get_or_init(|| EffectiveValues::of(&self.loaded))
    }

    fn overridden_values(&self) -> &Overridden {
        self.overridden.get_or_init(|| {
            let config = self.loaded.config();
            overridden(&self.loaded.merged, |key| is_redacted(config, key))
        })
    }

    /// Returns the names of the variables that a value refers to. A derived value has those of the
    /// value that it derives from.
    pub(super) fn variables(&self, key: &str) -> &[String] {
        let path = key_path(key);
        match (self.loaded.origin(&path), inherited_from(&path)) {
            (Origin::Default, Some(general)) => self.loaded.variables(&general),
            _ => self.loaded.variables(&path),
        }
    }

    /// Returns the name of the selected profile.
    #[must_use]
    pub fn profile(&self) -> Option<&str> {
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

    /// Returns the weaker values that the value of `key` overrides, the strongest first, each with
    /// its origin. They are written like those of [`values`](Self::values).
    pub fn overridden(&self, key: &str) -> impl Iterator<Item = (String, &Origin)> {
        let values = self.overridden_values().get(key).into_iter().flatten();
        values.map(|(value, origin)| (text(value), origin))
    }

    /// Returns the tables with values that have no effect, because no signal uses their exporter:
    /// for example `file`, `exporters.vendor` or `otlp.logs`.
    #[must_use]
    pub fn unused_tables(&self) -> Vec<String> {
        let is_set = |key: &str| self.loaded.origin(&key_path(key)) != Origin::Default;
        let keys = self.effective_values().0.keys().map(String::as_str);
        unused_tables(self.loaded.config(), keys.filter(|key| is_set(key)))
    }

    /// Returns whether the value of a key takes effect after a restart only; a reload applies all
    /// others.
    #[must_use]
    pub fn needs_restart(&self, key: &str) -> bool {
        needs_restart(&key_path(key))
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

    /// Returns the long form of all errors and warnings, for people: each with the line of the
    /// file.
    #[cfg(feature = "report")]
    #[must_use]
    pub fn report(&self) -> Report<'_> {
        Report::new(&self.errors, self.warnings())
    }

    /// Returns one JSON object with the members `file`, `profile`, `values`, `unused_tables`,
    /// `warnings` and `errors`. A value that overrides others has a member `overridden`, and one
    /// that a reload leaves as it is has `needs_restart`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut values = Map::new();
        for (key, (value, origin)) in &self.effective_values().0 {
            let mut entry = value_to_json(value, origin);
            if self.needs_restart(key) {
                entry["needs_restart"] = true.into();
            }
            if let Some(weaker) = self.overridden_values().get(key) {
                let weaker = weaker.iter().map(|(value, origin)| value_to_json(value, origin));
                entry["overridden"] = weaker.collect();
            }
            values.insert(key.clone(), entry);
        }
        let object = json!({
            "file": self.file().map(|file| file.display().to_string()),
            "profile": self.profile(),
            "values": values,
            "unused_tables": self.unused_tables(),
            "warnings": problems_to_json(self.warnings()),
            "errors": problems_to_json(&self.errors),
        });
        format!("{object:#}")
    }
}

fn value_to_json(value: &Value, origin: &Origin) -> Value {
    let (kind, at) = origin_words(origin);
    json!({ "value": value, "origin": kind, "at": at })
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
        write_head(f, self)?;
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
        write_problems(f, self)
    }
}

/// Writes the files that were searched for, and the profile.
pub(super) fn write_head(f: &mut fmt::Formatter<'_>, explanation: &Explanation) -> fmt::Result {
    match (explanation.file(), &explanation.loaded.file_format) {
        (Some(file), Some(format)) => writeln!(
            f,
            "declarative configuration (file_format {format}): {}; variables are not merged",
            file.display()
        )?,
        (Some(file), None) => writeln!(f, "file: {}", file.display())?,
        (None, _) => writeln!(f, "file: none")?,
    }
    for path in explanation.loaded.tried.iter().filter(|path| Some(path.as_path()) != explanation.file()) {
        writeln!(f, "  not used: {}", path.display())?;
    }
    if explanation.loaded.file_format.is_none() {
        writeln!(f, "profile: {}", explanation.profile().unwrap_or("none"))?;
    }
    Ok(())
}

/// Writes the warnings and errors.
pub(super) fn write_problems(f: &mut fmt::Formatter<'_>, explanation: &Explanation) -> fmt::Result {
    for (title, problems) in [("warnings", explanation.warnings()), ("errors", explanation.errors())] {
        if !problems.is_empty() {
            writeln!(f, "\n{title}:")?;
            problems.iter().try_for_each(|problem| writeln!(f, "  {problem}"))?;
        }
    }
    Ok(())
}
