//! A selection of names by patterns.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

use super::pattern::Pattern;

/// The names that match one of `included`, or all names without it, except those that match one of
/// `excluded`. Also written as the list `included` alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct IncludeExclude {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) included: Option<Vec<Pattern>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) excluded: Option<Vec<Pattern>>,
}

impl IncludeExclude {
    /// Returns whether `name` is selected.
    pub(crate) fn selects(&self, name: &str) -> bool {
        let matches = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(name));
        self.included.as_deref().is_none_or(matches) && !self.excluded.as_deref().is_some_and(matches)
    }
}

/// The table with both lists.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    included: Option<Vec<Pattern>>,
    excluded: Option<Vec<Pattern>>,
}

impl<'de> Deserialize<'de> for IncludeExclude {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = IncludeExclude;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list, or a table with the lists `included` and `excluded`")
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, seq: A) -> Result<IncludeExclude, A::Error> {
                let included = Vec::deserialize(de::value::SeqAccessDeserializer::new(seq))?;
                Ok(IncludeExclude { included: Some(included), excluded: None })
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<IncludeExclude, A::Error> {
                let Lists { included, excluded } =
                    Lists::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(IncludeExclude { included, excluded })
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for IncludeExclude {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "IncludeExclude".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let list = |description: &str| {
            schemars::json_schema!({
                "type": "array",
                "items": super::schema::text::<Pattern>(),
                "description": description,
            })
        };
        let included = list("The names to keep; without it, all.");
        let excluded = list("The names to leave out, even if `included` names them.");
        schemars::json_schema!({ "anyOf": [
            included,
            {
                "type": "object",
                "properties": { "included": included, "excluded": excluded },
                "additionalProperties": false,
            },
        ] })
    }
}
