//! `autotelemetry.toml`: its values, and those of its profiles.

use std::{fs, path::Path, sync::Arc};

use figment::value::{Dict, Value};
use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};

use super::{
    environment::Environment,
    file_text::FileText,
    layer::{Layer, LayerSource},
    locate::KeyOrValue,
    references::ReferenceResolver,
    substitute::substitute,
};
use crate::{
    config::{key_path::KeyPath, value::ParseError},
    error::{Origin, Problem},
    text::{nearest, use_one_of},
};

/// The values of the file.
pub(super) struct ConfigFile {
    text: Arc<FileText>,
    values: Dict,
    profiles: Dict,
    /// The paths of dates, which no key accepts.
    dates: Vec<KeyPath>,
}

impl ConfigFile {
    /// Reads and parses the file at `path`.
    pub(super) fn read(path: &Path) -> Result<Self, Problem> {
        let unreadable =
            |error: &dyn std::fmt::Display| Problem::new(format!("cannot read {}: {error}", path.display()));
        let bytes = fs::read(path).map_err(|error| unreadable(&error).with_source(error))?;
        let text = String::from_utf8(bytes).map_err(|_| unreadable(&"it is not valid UTF-8"))?;
        // Editors of some systems put a byte order mark before the text.
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        Self::parse(Arc::new(FileText::new(path, text)))
    }

    fn parse(text: Arc<FileText>) -> Result<Self, Problem> {
        let table = DeTable::parse(text.text()).map_err(|error| {
            let at = text.origin_at(error.span().map_or(0, |span| span.start));
            Problem::new(error.message().trim_end()).with_origin(at)
        })?;
        let mut dates = Vec::new();
        let mut values = to_dict(table.get_ref(), &mut KeyPath::new(), &mut dates);
        let profiles = match values.remove("profiles") {
            None => Dict::new(),
            Some(Value::Dict(_, profiles)) => profiles,
            Some(_) => {
                let at = text.origin(&["profiles".to_owned()], KeyOrValue::Value);
                return Err(Problem::new("expected a table that contains a table for each profile")
                    .with_origin(at)
                    .with_key("profiles"));
            }
        };
        drop(table);
        Ok(Self { text, values, profiles, dates })
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
        Some((name, self.text.origin(&["profile".to_owned()], KeyOrValue::Value)))
    }

    /// Returns the values of the file, and those of its profile `selected` if there is one.
    ///
    /// The other profiles are checked too. Their problems are added to `of_other_profiles`.
    pub(super) fn layers<C: DeserializeOwned>(
        &self,
        selected: Option<&str>,
        environment: &Environment,
        problems: &mut Vec<Problem>,
        of_other_profiles: &mut Vec<Problem>,
    ) -> Vec<Layer> {
        let source = self.source(KeyPath::new());
        problems.extend(self.dates.iter().map(|path| {
            source.problem(
                path,
                ParseError::new("dates are not supported").with_help("put the value in quotes"),
            )
        }));
        let mut layers = vec![self.layer::<C>(source, self.values.clone(), Some(environment), problems)];
        for (name, profile) in &self.profiles {
            let source = self.source(vec!["profiles".to_owned(), name.clone()]);
            let Value::Dict(_, profile) = profile else {
                problems.push(source.problem(&[], ParseError::new("expected a table")));
                continue;
            };
            let mut profile = profile.clone();
            for key in ["profile", "profiles"] {
                if profile.remove(key).is_some() {
                    let error = ParseError::of_key("a profile cannot select or contain profiles");
                    problems.push(source.problem(&[key.to_owned()], error));
                }
            }
            if selected == Some(name) {
                layers.push(self.layer::<C>(source, profile, Some(environment), problems));
            } else {
                self.layer::<C>(source, profile, None, of_other_profiles);
            }
        }
        layers
    }

    fn source(&self, prefix: KeyPath) -> LayerSource {
        LayerSource::File { text: Arc::clone(&self.text), prefix }
    }

    /// Returns the problem for a profile that does not exist.
    pub(super) fn missing_profile(&self, name: &str) -> Option<Problem> {
        (!self.profiles.contains_key(name))
            .then(|| no_profile(name, &self.profiles.keys().map(String::as_str).collect::<Vec<_>>()))
    }

    /// Without an environment, references are not resolved, and values that contain references are
    /// left out.
    fn layer<C: DeserializeOwned>(
        &self,
        source: LayerSource,
        mut values: Dict,
        environment: Option<&Environment>,
        problems: &mut Vec<Problem>,
    ) -> Layer {
        let refuse = |path: &[String], error| problems.push(source.problem(path, error));
        ReferenceResolver::<C, _>::new(environment, self.text.directory(), refuse)
            .resolve(&mut values, &mut KeyPath::new());
        let mut layer = Layer { values, source };
        problems.extend(layer.check::<C>());
        layer
    }
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

fn to_dict(table: &DeTable<'_>, path: &mut KeyPath, dates: &mut Vec<KeyPath>) -> Dict {
    let mut dict = Dict::new();
    for (key, value) in table {
        path.push(key.get_ref().to_string());
        if let Some(value) = to_value(value.get_ref(), path, dates) {
            dict.insert(key.get_ref().to_string(), value);
        }
        path.pop();
    }
    dict
}

/// Returns `None` for a date, and for a list that contains one. The path of the date is noted
/// instead.
fn to_value(value: &DeValue<'_>, path: &mut KeyPath, dates: &mut Vec<KeyPath>) -> Option<Value> {
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
            dates.push(path.clone());
            return None;
        }
        DeValue::Array(items) => {
            let items: Vec<_> = items
                .iter()
                .enumerate()
                .map(|(index, item)| {
                    path.push(index.to_string());
                    let item = to_value(item.get_ref(), path, dates);
                    path.pop();
                    item
                })
                .collect();
            items.into_iter().collect::<Option<Vec<Value>>>()?.into()
        }
        DeValue::Table(table) => to_dict(table, path, dates).into(),
    })
}
