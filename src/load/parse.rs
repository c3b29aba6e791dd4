//! Values that variables and code give as text.
//!
//! [`parse_as`] converts a text to a value of the type of its key, so that all other code sees only
//! typed values, as in the file.

use serde::de::DeserializeOwned;

use super::{
    value_tree::{Table, Value},
    value_type::ValueType,
    walk::value_type,
};
use crate::config::value::{ParseError, number::parse_integer};

/// Returns the path of the value that contains `path` and is replaced as a whole, if there is one:
/// a list, or a table in the place of a name.
pub(crate) fn enclosing_value<C: DeserializeOwned>(path: &[String]) -> Option<&[String]> {
    let is_whole = |path: &&[String]| {
        let value_type = value_type::<C>(path);
        matches!(value_type, Ok(ValueType::List | ValueType::TableList | ValueType::TextOrTable))
    };
    (1..path.len()).map(|length| &path[..length]).find(is_whole)
}

/// Returns whether the table at `path` is replaced as a whole.
pub(super) fn is_whole_table<C: DeserializeOwned>(path: &[String]) -> bool {
    value_type::<C>(path) == Ok(ValueType::TextOrTable)
}

/// Reads `text` as the type of value that `C` holds at `path`: lists are separated by commas, maps
/// are `k=v,k2=v2`.
pub(crate) fn parse_as<C: DeserializeOwned>(path: &[String], text: &str) -> Result<Value, ParseError> {
    let items = || text.split(',').map(str::trim).filter(|item| !item.is_empty());
    Ok(match value_type::<C>(path)? {
        ValueType::Table => {
            return Err(ParseError::new("is a table").with_help("set one of its keys instead"));
        }
        ValueType::TableList => {
            return Err(ParseError::new("is a list of tables").with_help("set it in the file"));
        }
        ValueType::Map { .. } => items()
            .map(|item| match item.split_once('=') {
                Some((key, value)) if !key.trim().is_empty() => {
                    Ok((key.trim().to_owned(), Value::from(value.trim().to_owned())))
                }
                // The item may be a part of a secret.
                _ => Err(ParseError::new("an entry does not have the form `key=value`").with_help(
                    "write `key=value,key2=value2`; the entry is not shown because it may be a secret",
                )),
            })
            .collect::<Result<Table, _>>()?
            .into(),
        ValueType::List => items().map(Value::from).collect::<Vec<_>>().into(),
        ValueType::Boolean => match text {
            "true" => true.into(),
            "false" => false.into(),
            _ => return Err(ParseError::not_one_of(text, &["true", "false"])),
        },
        ValueType::Integer => {
            let refused = || ParseError::new(format!("{text:?} is not an integer"));
            parse_integer(text).ok_or_else(refused)?.into()
        }
        ValueType::Float => {
            let number = text.parse::<f64>();
            number.map_err(|_| ParseError::new(format!("{text:?} is not a number")))?.into()
        }
        ValueType::Text
        | ValueType::TextOrTable
        | ValueType::Secret
        | ValueType::Path
        | ValueType::CaselessText => text.to_owned().into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, key_path::key_path};

    fn of(path: &str) -> Option<ValueType> {
        value_type::<Config>(&key_path(path)).ok()
    }

    #[test]
    fn types_of_keys_are_found() {
        assert_eq!(of("disabled"), Some(ValueType::Boolean));
        assert_eq!(of("traces"), Some(ValueType::Table));
        assert_eq!(of("traces.sampler_arg"), Some(ValueType::Float));
        assert_eq!(of("traces.exporters"), Some(ValueType::List));
        assert_eq!(of("traces.sampler"), Some(ValueType::TextOrTable));
        assert_eq!(of("traces.sampler.parent_based.root"), Some(ValueType::TextOrTable));
        assert_eq!(of("traces.sampler.trace_id_ratio_based.ratio"), Some(ValueType::Float));
        assert_eq!(of("traces.batch.max_queue_size"), Some(ValueType::Integer));
        assert_eq!(of("logs.batch.schedule_delay"), Some(ValueType::Text));
        assert_eq!(of("exporters"), Some(ValueType::Map { ignores_case: false }));
        assert_eq!(of("exporters.vendor.endpoint"), Some(ValueType::Text));
        assert_eq!(of("resource.attributes.team"), Some(ValueType::Text));
    }

    #[test]
    fn secrets_paths_and_caseless_names_are_found() {
        assert_eq!(of("otlp.metrics.headers"), Some(ValueType::Map { ignores_case: true }));
        assert_eq!(of("exporters.vendor.headers.authorization"), Some(ValueType::Secret));
        assert_eq!(of("otlp.logs.tls.key_file"), Some(ValueType::Path));
        assert_eq!(of("file.directory"), Some(ValueType::Text));
    }

    #[test]
    fn unknown_key_gets_a_proposal() {
        let error = value_type::<Config>(&key_path("otlp.endpiont")).unwrap_err();
        assert_eq!(error.help.as_deref(), Some("did you mean `endpoint`?"));
        assert!(value_type::<Config>(&key_path("traces.sampler.x")).is_err());
    }

    #[test]
    fn enclosing_value_is_found() {
        assert_eq!(
            enclosing_value::<Config>(&key_path("traces.exporters.0")),
            Some(&*key_path("traces.exporters"))
        );
        assert_eq!(enclosing_value::<Config>(&key_path("traces.sampler")), None);
        assert_eq!(
            enclosing_value::<Config>(&key_path("traces.sampler.parent_based.root")),
            Some(&*key_path("traces.sampler"))
        );
    }
}
