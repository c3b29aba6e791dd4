//! Values that the program sets, as layers.

use figment::value::Value;
use toml::de::{DeTable, DeValue};

use super::{
    CodeKey, CodeValue, CodeValueKind, autotel_env,
    layer::{Layer, LayerSource},
};
use crate::{
    config::{AttributeValue, key_path::KeyPath, value::ParseError},
    error::Problem,
};

/// One layer for each setting that its key accepts.
pub(crate) fn layers(settings: &[CodeValue], problems: &mut Vec<Problem>) -> Vec<Layer> {
    let mut layers = Vec::new();
    for setting in settings {
        let source = LayerSource::Code(setting.location);
        let path = match &setting.key {
            CodeKey::Path(path) => path.clone(),
            CodeKey::Dotted(key) => {
                if let Some(path) = parse_key(key) {
                    path
                } else {
                    let rejection =
                        ParseError::new("is not a key").with_help("write its path, such as `traces.sampler`");
                    problems.push(source.problem(std::slice::from_ref(key), rejection));
                    continue;
                }
            }
        };
        if path == ["profile"] {
            let rejection =
                ParseError::of_key("is not set like other keys").with_help("use `Builder::profile`");
            problems.push(source.problem(&path, rejection));
            continue;
        }
        let layer = match &setting.value {
            CodeValueKind::Text(text) => autotel_env::layer(source, &path, text, |rejection, _| rejection),
            CodeValueKind::Attribute(value) => Ok(Layer::single(source, &path, attribute(value))),
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
