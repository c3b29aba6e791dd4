//! `autotelemetry.toml`: its values, and those of its profiles.

use std::{borrow::Cow, path::Path, sync::Arc};

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};

#[cfg(feature = "report")]
use super::excerpt::Excerpts;
use super::{
    bounded_file::read_file,
    decoded::Decoded,
    environment::Environment,
    file_text::FileText,
    layer::Layer,
    layer_source::LayerSource,
    locate::KeyOrValue,
    references::ReferenceResolver,
    substitute::substitute,
    syntax::repair,
    value_tree::{Table, Value},
};
use crate::{
    config::{key_path::KeyPath, value::ParseError},
    error::{Origin, Problem},
    text::{nearest, use_one_of},
};

/// The values of the file.
pub(super) struct ConfigFile {
    text: Arc<FileText>,
    values: Table,
    profiles: Table,
    /// The paths of dates, which no key accepts.
    dates: Vec<KeyPath>,
    /// Keys are missing because of errors in the syntax.
    is_incomplete: bool,
}

impl ConfigFile {
    /// Reads and parses the file at `path`, and adds the problems of its encoding and its syntax.
    /// Returns `None` if it cannot be read at all.
    pub(super) fn read(path: &Path, problems: &mut Vec<Problem>) -> Option<Self> {
        let bytes = match read_file(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                let problem = Problem::new(format!("cannot read {}: {error}", path.display()));
                problems.push(problem.with_source(error));
                return None;
            }
        };
        let Decoded { text, problem } = Decoded::new(bytes);
        let text = Arc::new(FileText::new(path, text));
        if let Some((offset, problem)) = problem {
            problems.push(problem.with_origin(text.origin_at(offset)));
        }
        let parsed = Self::parse(Arc::clone(&text), problems);
        // The errors in the syntax are not in the repaired text.
        #[cfg(feature = "report")]
        if parsed.as_ref().is_none_or(|parsed| !Arc::ptr_eq(&parsed.text, &text)) {
            Excerpts::new(Some(&text), None).add(problems, &Environment::default());
        }
        parsed
    }

    /// Returns the text without errors in its syntax.
    #[cfg(feature = "report")]
    pub(super) fn text(&self) -> Arc<FileText> {
        Arc::clone(&self.text)
    }

    fn parse(mut text: Arc<FileText>, problems: &mut Vec<Problem>) -> Option<Self> {
        let mut is_incomplete = false;
        let mut dates = Vec::new();
        let read = |text: &FileText, dates: &mut Vec<KeyPath>| {
            let (table, errors) = DeTable::parse_recoverable(text.text());
            (to_table(table.get_ref(), &mut Vec::new(), dates), errors.is_empty())
        };
        let (mut values, is_good) = read(&text, &mut dates);
        if !is_good {
            let repaired = repair(text, problems)?;
            (text, is_incomplete) = (repaired.text, repaired.is_incomplete);
            dates.clear();
            (values, _) = read(&text, &mut dates);
        }
        let profiles = match values.remove("profiles") {
            None => Table::new(),
            Some(Value::Table(profiles)) => profiles,
            Some(_) => {
                let at = text.origin(&["profiles".to_owned()], KeyOrValue::Value);
                let problem = Problem::new("expected a table that contains a table for each profile");
                problems.push(problem.with_origin(at).with_key("profiles"));
                Table::new()
            }
        };
        if let Some(Value::Table(_)) = values.get("profile") {
            values.remove("profile");
            let at = text.origin(&["profile".to_owned()], KeyOrValue::Key);
            let problem = Problem::new("expected the name of a profile, found a table")
                .with_help("write [profiles.NAME] for the values of a profile");
            problems.push(problem.with_origin(at).with_key("profile"));
        }
        Some(Self { text, values, profiles, dates, is_incomplete })
    }

    /// Returns whether keys are missing because of errors in the syntax.
    pub(super) fn is_incomplete(&self) -> bool {
        self.is_incomplete
    }

    /// Returns whether the file contains nothing at all.
    pub(super) fn is_empty(&self) -> bool {
        self.text.text().is_empty()
    }

    pub(super) fn path(&self) -> &Path {
        self.text.path()
    }

    /// Returns the profile that the file itself selects.
    pub(super) fn default_profile(&self, environment: &Environment) -> Option<(String, Origin)> {
        let name = self.values.get("profile")?.as_str().filter(|name| !name.trim().is_empty())?;
        // A reference that cannot be resolved is reported with all others.
        let name =
            substitute(name, |name| environment.get_raw(name)).ok()?.unwrap_or_else(|| name.to_owned());
        if name.trim().is_empty() {
            return None;
        }
        Some((name, self.text.origin(&["profile".to_owned()], KeyOrValue::Value)))
    }

    /// Returns the values of the file, and those of its profile `selected` if there is one.
    ///
    /// The other profiles are checked too. Their problems are added to `of_other_profiles`.
    pub(super) fn into_layers<C: DeserializeOwned>(
        self,
        selected: Option<&str>,
        environment: &Environment,
        problems: &mut Vec<Problem>,
        of_other_profiles: &mut Vec<Problem>,
    ) -> Vec<Layer> {
        let Self { text, values, profiles, dates, is_incomplete: _ } = self;
        let source = |prefix| LayerSource::File { text: Arc::clone(&text), prefix };
        let of_file = source(KeyPath::new());
        problems.extend(dates.iter().map(|path| {
            of_file.problem(
                path,
                ParseError::new("dates are not supported").with_help("put the value in quotes"),
            )
        }));
        let mut layers = vec![layer::<C>(of_file, values, &text, Some(environment), problems)];
        for (name, profile) in profiles {
            let source = source(vec!["profiles".to_owned(), name.clone()]);
            let Value::Table(mut profile) = profile else {
                problems.push(source.problem(&[], ParseError::new("expected a table")));
                continue;
            };
            for key in ["profile", "profiles"] {
                if profile.remove(key).is_some() {
                    let error = ParseError::of_key("a profile cannot select or contain profiles");
                    problems.push(source.problem(&[key.to_owned()], error));
                }
            }
            if selected == Some(name.as_str()) {
                layers.push(layer::<C>(source, profile, &text, Some(environment), problems));
            } else {
                layer::<C>(source, profile, &text, None, of_other_profiles);
            }
        }
        layers
    }

    /// Returns the problem for a profile that does not exist.
    pub(super) fn missing_profile(&self, name: &str) -> Option<Problem> {
        (!self.profiles.contains_key(name))
            .then(|| no_profile(name, &self.profiles.keys().map(String::as_str).collect::<Vec<_>>()))
    }
}

/// Returns the layer of a file or profile. Without an environment, references are not resolved, and
/// values that contain references are left out.
fn layer<C: DeserializeOwned>(
    source: LayerSource,
    mut values: Table,
    text: &FileText,
    environment: Option<&Environment>,
    problems: &mut Vec<Problem>,
) -> Layer {
    let refuse = |path: &[String], error| problems.push(source.problem(path, error));
    ReferenceResolver::<C, _>::new(environment, text.directory(), refuse)
        .resolve(&mut values, &mut KeyPath::new());
    let mut layer = Layer { values, source };
    problems.extend(layer.check::<C>());
    layer
}

/// Returns the problem for a profile `name` that is not among the `known` ones.
pub(super) fn no_profile(name: &str, known: &[&str]) -> Problem {
    let help = match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None if known.is_empty() => format!("add a table [profiles.{name}]"),
        None => use_one_of(known),
    };
    Problem::new(format!("there is no profile \"{name}\"")).with_help(help)
}

fn to_table<'t>(table: &'t DeTable<'_>, path: &mut Vec<Cow<'t, str>>, dates: &mut Vec<KeyPath>) -> Table {
    let mut values = Table::new();
    for (key, value) in table {
        path.push(Cow::Borrowed(key.get_ref()));
        if let Some(value) = to_value(value.get_ref(), path, dates) {
            values.insert(key.get_ref().to_string(), value);
        }
        path.pop();
    }
    values
}

/// Returns `None` for a date, and for a list that contains one. The path of the date is noted
/// instead.
fn to_value<'t>(
    value: &'t DeValue<'_>,
    path: &mut Vec<Cow<'t, str>>,
    dates: &mut Vec<KeyPath>,
) -> Option<Value> {
    Some(match value {
        DeValue::String(text) => text.to_string().into(),
        DeValue::Boolean(boolean) => (*boolean).into(),
        // A number beyond i64 becomes a float, which no key for whole numbers accepts.
        DeValue::Integer(integer) => {
            match i64::from_str_radix(&integer.as_str().replace('_', ""), integer.radix()) {
                Ok(number) => number.into(),
                Err(_) => f64::INFINITY.into(),
            }
        }
        DeValue::Float(float) => float.as_str().replace('_', "").parse::<f64>().unwrap_or(f64::NAN).into(),
        DeValue::Datetime(_) => {
            dates.push(path.iter().map(ToString::to_string).collect());
            return None;
        }
        DeValue::Array(items) => {
            let items: Vec<_> = items
                .iter()
                .enumerate()
                .map(|(index, item)| {
                    path.push(Cow::Owned(index.to_string()));
                    let item = to_value(item.get_ref(), path, dates);
                    path.pop();
                    item
                })
                .collect();
            items.into_iter().collect::<Option<Vec<Value>>>()?.into()
        }
        DeValue::Table(table) => to_table(table, path, dates).into(),
    })
}
