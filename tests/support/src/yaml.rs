//! YAML as JSON values, which tests can change and write; JSON is YAML.

use saphyr::{LoadableYamlNode as _, Scalar, Yaml};
use serde_json::Value;

/// Reads the only document of a text.
pub fn read(text: &str) -> Value {
    let documents = Yaml::load_from_str(text).unwrap();
    let [document] = &documents[..] else { panic!("{} documents", documents.len()) };
    value(document)
}

fn value(node: &Yaml) -> Value {
    match node {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => (*value).into(),
        Yaml::Value(Scalar::Integer(value)) => (*value).into(),
        Yaml::Value(Scalar::FloatingPoint(value)) => value.into_inner().into(),
        Yaml::Value(Scalar::String(value)) => (&**value).into(),
        Yaml::Sequence(items) => items.iter().map(value).collect(),
        Yaml::Mapping(entries) => {
            entries.iter().map(|(key, entry)| (key.as_str().unwrap().to_owned(), value(entry))).collect()
        }
        other => panic!("{other:?}"),
    }
}
