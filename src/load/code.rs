//! Values that are set in the code of the program.

use std::panic::Location;

use toml::de::{DeTable, DeValue};

use super::{layer::Layer, layer_source::LayerSource, value_tree::Value};
use crate::{
    config::{AttributeValue, Config, key_path::KeyPath, value::ParseError},
    error::Problem,
};

/// A value that is set in code.
#[derive(Clone)]
pub(crate) struct CodeValue {
    pub(crate) key: CodeKey,
    pub(crate) value: CodeValueKind,
    pub(crate) location: &'static Location<'static>,
}

#[derive(Clone)]
pub(crate) enum CodeKey {
    /// A path that is known to the library.
    Path(KeyPath),
    /// A dotted key of TOML, written by the caller.
    Dotted(String),
}

#[derive(Clone)]
pub(crate) enum CodeValueKind {
    /// Parsed by the type of the key.
    Text(String),
    /// An attribute with the type of the value.
    Attribute(AttributeValue),
}

/// Returns one layer for each value that its key accepts.
pub(super) fn layers(values: &[CodeValue], problems: &mut Vec<Problem>) -> Vec<Layer> {
    let mut layers = Vec::new();
    for value in values {
        match layer(value) {
            Ok(layer) => layers.push(layer),
            Err(problem) => problems.push(problem),
        }
    }
    layers
}

fn layer(value: &CodeValue) -> Result<Layer, Problem> {
    let source = LayerSource::Code(value.location);
    let path = match &value.key {
        CodeKey::Path(path) => path.clone(),
        CodeKey::Dotted(key) => parse_key(key).ok_or_else(|| {
            let error = ParseError::new("is not a key").with_help("write a path such as `traces.sampler`");
            source.problem(std::slice::from_ref(key), error)
        })?,
    };
    if path == ["profile"] {
        let error = ParseError::of_key("cannot be set like other keys").with_help("use `Builder::profile`");
        return Err(source.problem(&path, error));
    }
    match &value.value {
        CodeValueKind::Text(text) => Layer::from_text::<Config>(source, &path, text, |error| error),
        CodeValueKind::Attribute(value) => Ok(Layer::single(source, &path, attribute_value(value))),
    }
}

/// Returns the segments of a dotted key. A segment with dots is quoted, as in the file.
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

pub(super) fn attribute_value(value: &AttributeValue) -> Value {
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
