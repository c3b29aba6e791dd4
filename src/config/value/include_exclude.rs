//! A selection of names by patterns.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeMap as _};

use super::{ParseError, pattern::Pattern};

/// The names that match one of `included`, or all names without it, except those that match one of
/// `excluded`. Also written as the list `included` alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct IncludeExclude {
    pub(crate) included: Option<Vec<Pattern>>,
    pub(crate) excluded: Option<Vec<Pattern>>,
}

impl IncludeExclude {
    /// Selects no name.
    pub(crate) const fn none() -> Self {
        Self { included: Some(Vec::new()), excluded: None }
    }

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

impl Serialize for IncludeExclude {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { included, excluded } = self;
        if let (Some(included), None) = (included, excluded) {
            return included.serialize(serializer);
        }
        let mut table = serializer.serialize_map(None)?;
        for (key, patterns) in [("included", included), ("excluded", excluded)] {
            if let Some(patterns) = patterns {
                table.serialize_entry(key, patterns)?;
            }
        }
        table.end()
    }
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
                let both =
                    included.iter().flatten().find(|name| excluded.iter().flatten().any(|it| it == *name));
                if let Some(name) = both {
                    let error = ParseError::new(format!("\"{name}\" is both included and excluded"));
                    return Err(de::Error::custom(error.with_help("remove it from one of the lists")));
                }
                Ok(IncludeExclude { included, excluded })
            }
        }

        // The value of a variable is a list.
        deserializer.deserialize_seq(Visitor)
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
        schemars::json_schema!({
            "type": ["array", "object"],
            "items": super::schema::text::<Pattern>(),
            "properties": { "included": included, "excluded": excluded },
            "additionalProperties": false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::value::ConfigValue as _;

    #[test]
    fn excluded_names_are_left_out() {
        let patterns =
            |texts: &[&str]| Some(texts.iter().map(|text| Pattern::parse_str(text).unwrap()).collect());
        for (included, excluded, expected) in [
            (None, None, [true, true, true]),
            (patterns(&[]), None, [false, false, false]),
            (patterns(&["k8s.*"]), None, [true, true, false]),
            (patterns(&["k8s.*"]), patterns(&["*.uid"]), [true, false, false]),
            (None, patterns(&["*.uid"]), [true, false, true]),
        ] {
            let selection = IncludeExclude { included, excluded };
            assert_eq!(["k8s.pod.name", "k8s.pod.uid", "team"].map(|name| selection.selects(name)), expected);
        }
        assert!(!IncludeExclude::none().selects("team"));
    }
}
