//! Texts in the file that are replaced: references to variables, files with secrets, and relative
//! paths.

use std::{cell::Cell, fmt, marker::PhantomData, path::Path};

use serde::de::DeserializeOwned;

use super::{
    bounded_file::read_file,
    decoded::Decoded,
    environment::Environment,
    parse::parse_as,
    substitute::substitute,
    value_tree::{Table, Value},
    value_type::ValueType,
    walk::{check_value, value_type},
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

/// The reason why a value is left out: an error, or `None` for references that are not resolved or
/// that resolve to nothing.
type LeftOut = Option<ParseError>;

impl<'a, C: DeserializeOwned, F: FnMut(&[String], ParseError)> ReferenceResolver<'a, C, F> {
    pub(super) fn new(environment: Option<&'a Environment>, directory: &'a Path, refuse: F) -> Self {
        Self { environment, directory, refuse, config: PhantomData }
    }

    /// Resolves everything in `table`, and removes values that cannot be resolved.
    pub(super) fn resolve(&mut self, table: &mut Table, path: &mut KeyPath) {
        let is_map = matches!(value_type::<C>(path), Ok(ValueType::Map { .. }));
        let mut type_of_entries = None;
        path.push(String::new());
        table.retain(|key, value| {
            if matches!(value, Value::Boolean(_) | Value::Integer(_) | Value::Float(_)) {
                return true;
            }
            // The allocation of the segment serves all keys.
            if let Some(segment) = path.last_mut() {
                segment.clone_from(key);
            }
            // All entries of a map have the same type.
            let value_type = type_of_entries.unwrap_or_else(|| value_type::<C>(path).ok());
            type_of_entries = is_map.then_some(value_type);
            let resolved = self.value(value, path, value_type);
            if let Err(Some(error)) = &resolved {
                (self.refuse)(path, error.clone());
            }
            resolved.is_ok()
        });
        path.pop();
    }

    /// Resolves a value. The type is unknown for an entry of a list of values of any type, and for
    /// an unknown key, which is refused later.
    fn value(
        &mut self,
        value: &mut Value,
        path: &mut KeyPath,
        value_type: Option<ValueType>,
    ) -> Result<(), LeftOut> {
        let resolved = match value {
            Value::Table(table) if value_type == Some(ValueType::Secret) => self.secret(table)?,
            Value::Table(table) => {
                self.resolve(table, path);
                None
            }
            Value::List(items) => {
                self.items(items, path)?;
                None
            }
            Value::String(text) => self.text(text, path, value_type)?,
            _ => None,
        };
        if let Some(resolved) = resolved {
            *value = resolved;
        }
        Ok(())
    }

    /// Resolves the entries of a list. An entry that resolves to nothing is removed.
    fn items(&mut self, items: &mut Vec<Value>, path: &mut KeyPath) -> Result<(), LeftOut> {
        let is_blank = |item: &Value| item.as_str().is_some_and(|text| text.trim().is_empty());
        path.push("0".to_owned());
        let value_type = value_type::<C>(path).ok();
        path.pop();
        let (mut index, mut refused) = (0, None);
        items.retain_mut(|item| {
            let was_blank = is_blank(item);
            path.push(index.to_string());
            index += 1;
            let resolved = self.value(item, path, value_type);
            path.pop();
            let is_kept = resolved.is_ok() && (was_blank || !is_blank(item));
            if let Err(left_out) = resolved
                && (left_out.is_some() || self.environment.is_none())
            {
                refused.get_or_insert(left_out);
            }
            is_kept
        });
        refused.map_or(Ok(()), Err)
    }

    /// Resolves a text. Like a variable, a text with a reference may replace a value of any type.
    fn text(
        &self,
        text: &str,
        path: &[String],
        value_type: Option<ValueType>,
    ) -> Result<Option<Value>, LeftOut> {
        match value_type {
            Some(ValueType::Path) => self.path(text),
            Some(_) => self.references(text, |text| {
                // A key that does not accept an empty text counts as not set.
                if text.trim().is_empty() {
                    let nothing = Value::from(String::new());
                    return check_value::<C>(path, &nothing).map(|()| nothing).map_err(|_| None);
                }
                parse_as::<C>(path, text).map_err(Some)
            }),
            None => self.references(text, |text| Ok(text.to_owned().into())),
        }
    }

    /// Resolves a relative path.
    fn path(&self, text: &str) -> Result<Option<Value>, LeftOut> {
        let resolved = self.references(text, not_blank)?;
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
    fn secret(&self, table: &Table) -> Result<Option<Value>, LeftOut> {
        let Some(name) = table.get("file").and_then(Value::as_str).filter(|_| table.len() == 1) else {
            return Ok(None);
        };
        let resolved = self.references(name, not_blank)?;
        if self.environment.is_none() {
            return Err(None);
        }
        let path = self.directory.join(resolved.as_ref().and_then(Value::as_str).unwrap_or(name));
        let refused =
            |why: &dyn fmt::Display| Some(ParseError::new(format!("cannot use {}: {why}", path.display())));
        let bytes = read_file(&path).map_err(|error| refused(&error))?;
        let Decoded { text, problem: None } = Decoded::new(bytes) else {
            return Err(refused(&"it is not valid UTF-8"));
        };
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
        parse: impl Fn(&str) -> Result<Value, LeftOut>,
    ) -> Result<Option<Value>, LeftOut> {
        let holds_references = Cell::new(false);
        let resolved = substitute(text, |name| {
            holds_references.set(true);
            self.environment.map_or(Some(""), |environment| environment.get_raw(name))
        });
        match resolved.map_err(Some)? {
            Some(_) if self.environment.is_none() && holds_references.get() => Err(None),
            Some(resolved) => parse(&resolved).map(Some),
            None => Ok(None),
        }
    }
}

/// Returns the name of a file, or leaves a blank one out.
fn not_blank(name: &str) -> Result<Value, LeftOut> {
    if name.trim().is_empty() { Err(None) } else { Ok(name.to_owned().into()) }
}
