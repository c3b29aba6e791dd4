//! Texts in the file that are replaced: references to variables, files with secrets, and relative
//! paths.

use std::{cell::Cell, fmt, fs, marker::PhantomData, path::Path};

use figment::value::{Dict, Value};
use serde::de::DeserializeOwned;

use super::{
    environment::Environment,
    substitute::substitute,
    value_type::{self, ValueType},
};
use crate::config::{key_path::KeyPath, value::ParseError};

/// Resolves the references, secrets and paths in values of configuration `C`.
pub(super) struct ReferenceResolver<'a, C, F> {
    /// If `None`, references are checked but not resolved, and no file is read.
    environment: Option<&'a Environment>,
    /// Paths are relative to this directory.
    directory: &'a Path,
    /// Receives the path of a value and its error.
    refuse: F,
    config: PhantomData<C>,
}

/// The reason why a value is left out: an error, or `None` for references that are not resolved.
type LeftOut = Option<ParseError>;

impl<'a, C: DeserializeOwned, F: FnMut(&[String], ParseError)> ReferenceResolver<'a, C, F> {
    pub(super) fn new(environment: Option<&'a Environment>, directory: &'a Path, refuse: F) -> Self {
        Self { environment, directory, refuse, config: PhantomData }
    }

    /// Resolves everything in `table`, and removes values that cannot be resolved.
    pub(super) fn resolve(&mut self, table: &mut Dict, path: &mut KeyPath) {
        table.retain(|key, value| {
            path.push(key.clone());
            let resolved = self.value(value, path);
            if let Err(Some(error)) = &resolved {
                (self.refuse)(path, error.clone());
            }
            path.pop();
            resolved.is_ok()
        });
    }

    fn value(&mut self, value: &mut Value, path: &mut KeyPath) -> Result<(), LeftOut> {
        let resolved = match value {
            Value::Dict(_, table) if value_type::value_type::<C>(path) == Ok(ValueType::Secret) => {
                self.secret(table)?
            }
            Value::Dict(_, table) => {
                self.resolve(table, path);
                None
            }
            Value::Array(_, items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    path.push(index.to_string());
                    let resolved = self.value(item, path);
                    path.pop();
                    resolved?;
                }
                None
            }
            Value::String(_, text) => self.text(text, path)?,
            _ => None,
        };
        if let Some(resolved) = resolved {
            *value = resolved;
        }
        Ok(())
    }

    /// Resolves a text. Like a variable, a text with a reference may replace a value of any type.
    fn text(&self, text: &str, path: &[String]) -> Result<Option<Value>, LeftOut> {
        match value_type::value_type::<C>(path) {
            Ok(ValueType::Path) => self.path(text),
            Ok(_) => self.references(text, |text| value_type::parse_as::<C>(path, text)),
            // A list of values of any type, or an unknown key, which is refused later.
            Err(_) => self.references(text, |text| Ok(text.to_owned().into())),
        }
    }

    /// Resolves a relative path.
    fn path(&self, text: &str) -> Result<Option<Value>, LeftOut> {
        let resolved = self.references(text, |text| Ok(text.to_owned().into()))?;
        let name = resolved.as_ref().and_then(Value::as_str).unwrap_or(text);
        if name.trim().is_empty() {
            return Ok(Some(name.into()));
        }
        match self.directory.join(name).to_str() {
            Some(path) => Ok(Some(path.into())),
            None => Err(Some(ParseError::new("the path of the directory of this file is not valid UTF-8"))),
        }
    }

    /// Reads the text for `{ file = "…" }`.
    fn secret(&self, table: &Dict) -> Result<Option<Value>, LeftOut> {
        let Some(name) = table.get("file").and_then(Value::as_str).filter(|_| table.len() == 1) else {
            return Ok(None);
        };
        let resolved = self.references(name, |name| Ok(name.to_owned().into()))?;
        if self.environment.is_none() {
            return Err(None);
        }
        let path = self.directory.join(resolved.as_ref().and_then(Value::as_str).unwrap_or(name));
        let refused =
            |why: &dyn fmt::Display| Some(ParseError::new(format!("cannot use {}: {why}", path.display())));
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => {}
            Ok(_) => return Err(refused(&"it is not a regular file")),
            Err(error) => return Err(refused(&error)),
        }
        let bytes = fs::read(&path).map_err(|error| refused(&error))?;
        let text = String::from_utf8(bytes).map_err(|_| refused(&"it is not valid UTF-8"))?;
        let text =
            text.strip_suffix('\n').map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
        if text.is_empty() {
            return Err(refused(&"it is empty"));
        }
        Ok(Some(text.to_owned().into()))
    }

    /// Substitutes the references in a text and parses the result with `parse`. Returns `None`
    /// without references.
    fn references(
        &self,
        text: &str,
        parse: impl Fn(&str) -> Result<Value, ParseError>,
    ) -> Result<Option<Value>, LeftOut> {
        let holds_references = Cell::new(false);
        let resolved = substitute(text, |name| {
            holds_references.set(true);
            self.environment.map_or(Some(""), |environment| environment.get_raw(name))
        });
        match resolved.map_err(Some)? {
            Some(_) if self.environment.is_none() && holds_references.get() => Err(None),
            Some(resolved) => parse(&resolved).map(Some).map_err(Some),
            None => Ok(None),
        }
    }
}
