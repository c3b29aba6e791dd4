//! `autotelemetry.toml`: where it is looked for, and what it holds.

use std::{
    cell::Cell,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use figment::value::{Dict, Value};
use toml::de::{DeTable, DeValue};

use super::{
    environment::Environment,
    layer::{Layer, LayerSource},
    locate::{KeyOrValue, SpanIndex},
    substitute::substitute,
    value_type::{self, ValueType},
};
use crate::{
    config::{key_path::KeyPath, value::ParseError},
    error::{Origin, Problem},
    text::{nearest, quoted_list},
};

/// The name of the file that is looked for.
pub(crate) const FILE_NAME: &str = "autotelemetry.toml";

/// The file as it was read.
pub(crate) struct FileText {
    path: Arc<Path>,
    text: String,
    /// Made when a place is asked for the first time.
    places: OnceLock<SpanIndex>,
}

impl FileText {
    fn at(&self, offset: usize) -> Origin {
        let (line, column) = self.places().line_and_column(&self.text, offset);
        Origin::File { path: Arc::clone(&self.path), line, column, profile: None }
    }

    fn places(&self) -> &SpanIndex {
        self.places.get_or_init(|| SpanIndex::new(&self.text))
    }

    /// The place of a key or value.
    pub(crate) fn origin(&self, path: &[String], part: KeyOrValue) -> Origin {
        let mut origin = self.at(self.places().offset(path, part));
        if let (Origin::File { profile, .. }, [table, name, ..]) = (&mut origin, path)
            && table == "profiles"
        {
            *profile = Some(name.as_str().into());
        }
        origin
    }
}

/// Where the file was looked for, and what came of it.
pub(crate) struct Search {
    pub(crate) tried: Vec<PathBuf>,
    /// `Ok(None)` when there is none and none was asked for.
    pub(crate) found: Result<Option<PathBuf>, Problem>,
}

/// Looks for the file: `AUTOTEL_CONFIG`, else the one the program names, else beside the executable, else in the current
/// directory. The last two not if `only_named`.
pub(crate) fn search(environment: &Environment, named: Option<&Path>, only_named: bool) -> Search {
    let demanded = match (environment.get("AUTOTEL_CONFIG"), named) {
        (Some(path), _) => Some((PathBuf::from(path), Some(Origin::Env("AUTOTEL_CONFIG".to_owned())))),
        (None, Some(path)) => Some((path.to_owned(), None)),
        (None, None) => None,
    };
    if let Some((path, by)) = demanded {
        let found = regular_file(&path).map_err(|problem| Problem { at: by, ..problem });
        return Search { tried: vec![path], found: found.map(Some) };
    }
    if only_named {
        return Search { tried: Vec::new(), found: Ok(None) };
    }
    let beside_executable = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join(FILE_NAME)));
    let tried: Vec<_> = beside_executable.into_iter().chain([PathBuf::from(FILE_NAME)]).collect();
    // What is there and cannot be read is not passed over: somebody meant it to be used.
    let is_there = |path: &&PathBuf| fs::symlink_metadata(path).is_ok();
    let found = tried.iter().find(is_there).map(|path| regular_file(path)).transpose();
    Search { tried, found }
}

fn regular_file(path: &Path) -> Result<PathBuf, Problem> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => Ok(path.to_owned()),
        Ok(_) => Err(Problem::new(format!("{} is not a regular file", path.display()))),
        Err(error) => Err(Problem::new(format!("cannot read {}: {error}", path.display()))),
    }
}

/// What the file holds.
pub(crate) struct File {
    text: Arc<FileText>,
    values: Dict,
    profiles: Dict,
    /// Where dates stand, for which no key has a use.
    dates: Vec<KeyPath>,
}

impl File {
    /// Reads and parses the file at `path`.
    pub(crate) fn read(path: &Path) -> Result<Self, Problem> {
        let unreadable =
            |error: &dyn std::fmt::Display| Problem::new(format!("cannot read {}: {error}", path.display()));
        let bytes = fs::read(path).map_err(|error| unreadable(&error))?;
        let text = String::from_utf8(bytes).map_err(|_| unreadable(&"it is not UTF-8"))?;
        // Editors of some systems put a mark before the text; it means nothing.
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        let text = Arc::new(FileText { path: path.into(), text, places: OnceLock::new() });
        let table = DeTable::parse(&text.text).map_err(|error| {
            let at = text.at(error.span().map_or(0, |span| span.start));
            Problem::new(error.message().trim_end()).with_origin(at)
        })?;
        let mut dates = Vec::new();
        let mut values = dict(table.get_ref(), &mut KeyPath::new(), &mut dates);
        let profiles = match values.remove("profiles") {
            None => Dict::new(),
            Some(Value::Dict(_, profiles)) => profiles,
            Some(_) => {
                let at = text.origin(&["profiles".to_owned()], KeyOrValue::Value);
                return Err(Problem::new("expected a table, one below it for each profile")
                    .with_origin(at)
                    .with_key("profiles"));
            }
        };
        drop(table);
        Ok(Self { text, values, profiles, dates })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.text.path
    }

    /// The profile that the file itself chooses.
    pub(crate) fn default_profile(&self, environment: &Environment) -> Option<(String, Origin)> {
        let name = self.values.get("profile")?.as_str().filter(|name| !name.trim().is_empty())?;
        // A reference that cannot be resolved is reported with all others.
        let name =
            substitute(name, |name| environment.get_raw(name)).ok()?.unwrap_or_else(|| name.to_owned());
        Some((name, self.text.origin(&["profile".to_owned()], KeyOrValue::Value)))
    }

    /// The values of the file, and those of its profile `chosen` when there is one. The other profiles are checked too; what
    /// is wrong with them goes into `of_others`.
    pub(crate) fn layers(
        &self,
        chosen: Option<&str>,
        environment: &Environment,
        problems: &mut Vec<Problem>,
        of_others: &mut Vec<Problem>,
    ) -> Vec<Layer> {
        let source = LayerSource::File { text: Arc::clone(&self.text), prefix: KeyPath::new() };
        problems.extend(self.dates.iter().map(|path| {
            source.problem(path, ParseError::new("expected no date").with_help("put it in quotes"))
        }));
        let mut layers = vec![self.layer(Vec::new(), self.values.clone(), Some(environment), problems)];
        for (name, profile) in &self.profiles {
            let prefix = vec!["profiles".to_owned(), name.clone()];
            let source = LayerSource::File { text: Arc::clone(&self.text), prefix: prefix.clone() };
            let Value::Dict(_, profile) = profile else {
                problems.push(source.problem(&[], ParseError::new("expected a table")));
                continue;
            };
            let mut profile = profile.clone();
            for key in ["profile", "profiles"] {
                if profile.remove(key).is_some() {
                    let rejection = ParseError::of_key("a profile cannot choose or hold profiles");
                    problems.push(source.problem(&[key.to_owned()], rejection));
                }
            }
            if chosen == Some(name) {
                layers.push(self.layer(prefix, profile, Some(environment), problems));
            } else {
                self.layer(prefix, profile, None, of_others);
            }
        }
        layers
    }

    /// The problem that there is no profile of this name.
    pub(crate) fn missing_profile(&self, name: &str) -> Option<Problem> {
        (!self.profiles.contains_key(name))
            .then(|| no_profile(name, &self.profiles.keys().map(String::as_str).collect::<Vec<_>>()))
    }

    /// Without an environment references are not resolved: the values that hold some are left out.
    fn layer(
        &self,
        prefix: KeyPath,
        mut values: Dict,
        environment: Option<&Environment>,
        problems: &mut Vec<Problem>,
    ) -> Layer {
        let source = LayerSource::File { text: Arc::clone(&self.text), prefix };
        let directory = self.text.path.parent().unwrap_or(Path::new(""));
        let refuse = |path: &[String], rejection| problems.push(source.problem(path, rejection));
        Resolver { environment, directory, refuse }.resolve(&mut values, &mut KeyPath::new());
        let mut layer = Layer { values, source };
        problems.extend(layer.check());
        layer
    }
}

/// The problem that profile `name` does not exist among `known`.
pub(crate) fn no_profile(name: &str, known: &[&str]) -> Problem {
    let help = match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None if known.is_empty() => "the file has no [profiles.…] table".to_owned(),
        None => format!("known: {}", quoted_list(known)),
    };
    Problem::new(format!("there is no profile \"{name}\"")).with_help(help)
}

/// Resolves the references and the secrets in files that a layer holds.
struct Resolver<'a, F> {
    /// Without one, references are checked but not resolved, and no file is read.
    environment: Option<&'a Environment>,
    /// Files are relative to the one that names them.
    directory: &'a Path,
    refuse: F,
}

impl<F: FnMut(&[String], ParseError)> Resolver<'_, F> {
    /// A string that held a reference may stand for any kind of value, as a variable may.
    fn resolve(&mut self, values: &mut Dict, path: &mut KeyPath) {
        let mut to_drop = Vec::new();
        for (key, value) in values.iter_mut() {
            path.push(key.clone());
            let resolved = match value {
                Value::Dict(_, inner) if is_secret(path) => self.secret(inner),
                Value::Dict(_, inner) => {
                    self.resolve(inner, path);
                    Ok(None)
                }
                Value::String(_, text) if is_path(path) => self.path(text),
                Value::String(_, text) => {
                    resolve_text(text, self.environment, |text| value_type::parse_as(path, text))
                }
                Value::Array(_, items) => resolve_items(items, self.environment),
                _ => Ok(None),
            };
            match resolved {
                Ok(None) => {}
                Ok(Some(resolved)) => *value = resolved,
                Err(rejection) => {
                    to_drop.push(key.clone());
                    if let Some(rejection) = rejection {
                        (self.refuse)(path, rejection);
                    }
                }
            }
            path.pop();
        }
        values.retain(|key, _| !to_drop.contains(key));
    }

    /// The path of a file, from the directory of the file that names it.
    fn path(&self, text: &str) -> Result<Option<Value>, Option<ParseError>> {
        let resolved = resolve_text(text, self.environment, |text| Ok(text.to_owned().into()))?;
        let name = resolved.as_ref().and_then(Value::as_str).unwrap_or(text);
        if name.trim().is_empty() {
            return Ok(Some(name.into()));
        }
        match self.directory.join(name).to_str() {
            Some(path) => Ok(Some(path.into())),
            None => Err(Some(ParseError::new("the directory of this file has a name that is not UTF-8"))),
        }
    }

    /// The text that `{ file = "…" }` stands for.
    fn secret(&self, table: &Dict) -> Result<Option<Value>, Option<ParseError>> {
        let Some(name) = table.get("file").and_then(Value::as_str).filter(|_| table.len() == 1) else {
            return Ok(None);
        };
        let resolved = resolve_text(name, self.environment, |name| Ok(name.to_owned().into()))?;
        if self.environment.is_none() {
            return Err(None);
        }
        let path = self.directory.join(resolved.as_ref().and_then(Value::as_str).unwrap_or(name));
        let refused = |why: &dyn std::fmt::Display| {
            Some(ParseError::new(format!("cannot use {}: {why}", path.display())))
        };
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => {}
            Ok(_) => return Err(refused(&"it is not a regular file")),
            Err(error) => return Err(refused(&error)),
        }
        let bytes = fs::read(&path).map_err(|error| refused(&error))?;
        let text = String::from_utf8(bytes).map_err(|_| refused(&"it is not UTF-8"))?;
        let text =
            text.strip_suffix('\n').map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
        if text.is_empty() {
            return Err(refused(&"it is empty"));
        }
        Ok(Some(text.to_owned().into()))
    }
}

/// Whether what stands at `path` is the value of a header.
fn is_secret(path: &[String]) -> bool {
    matches!(path, [.., table, _] if table == "headers")
        && value_type::kind_of(&path[..path.len() - 1]) == Ok(ValueType::Map)
}

/// Whether what stands at `path` is the path of a file that belongs to this one.
fn is_path(path: &[String]) -> bool {
    matches!(path, [.., table, key] if table == "tls" && key.ends_with("_file"))
        && value_type::kind_of(path) == Ok(ValueType::Text)
}

/// `Err(None)` for a text with references that are right, but not to be resolved.
fn resolve_text(
    text: &str,
    environment: Option<&Environment>,
    parse_as: impl Fn(&str) -> Result<Value, ParseError>,
) -> Result<Option<Value>, Option<ParseError>> {
    let holds_references = Cell::new(false);
    let resolved = substitute(text, |name| {
        holds_references.set(true);
        environment.map_or(Some(""), |environment| environment.get_raw(name))
    });
    match resolved.map_err(Some)? {
        Some(_) if environment.is_none() && holds_references.get() => Err(None),
        Some(resolved) => parse_as(&resolved).map(Some).map_err(Some),
        None => Ok(None),
    }
}

fn resolve_items(
    items: &mut [Value],
    environment: Option<&Environment>,
) -> Result<Option<Value>, Option<ParseError>> {
    for item in items {
        if let Value::String(_, text) = item
            && let Some(resolved) = resolve_text(text, environment, |text| Ok(text.to_owned().into()))?
        {
            *item = resolved;
        }
    }
    Ok(None)
}

fn dict(table: &DeTable<'_>, path: &mut KeyPath, dates: &mut Vec<KeyPath>) -> Dict {
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

/// `None` for a date, whose path is noted instead.
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
            let items: Vec<_> =
                items.iter().filter_map(|item| to_value(item.get_ref(), path, dates)).collect();
            items.into()
        }
        DeValue::Table(table) => dict(table, path, dates).into(),
    })
}
