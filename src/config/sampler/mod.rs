//! The sampler of spans: its name, or a tree of samplers with their arguments.
//!
//! The shape of the tree is that of the declarative configuration of OpenTelemetry.

mod composite;
mod jaeger_remote;
mod name;
#[cfg(feature = "schema")]
mod names;
mod rules;
mod tree;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

pub(crate) use self::{
    composite::CompositeTree,
    jaeger_remote::JaegerRemote,
    name::SamplerName,
    rules::{AttributePatterns, AttributeValues, RuleBased, RuleParent, RuleSpanKind, SamplingRule},
    tree::{ParentBased, SamplerTree},
};
use super::value::{ConfigValue as _, ParseError, newtype_name, own_or::OwnOr};

/// The help for a number in the place of a sampler.
const RATIO_HELP: &str =
    "for a ratio of all traces, write \"parentbased_traceidratio\", and the number in `traces.sampler_arg`";

fn number_refused() -> ParseError {
    ParseError::new("expected a name or a table, found a number").with_help(RATIO_HELP)
}

/// The value of `traces.sampler`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Sampler {
    Name(SamplerName),
    /// A sampler that the program adds, by its name.
    Own(String),
    Tree(SamplerTree),
}

impl<'de> Deserialize<'de> for Sampler {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Sampler;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a sampler or a table")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Sampler, E> {
                match OwnOr::parse_str(text) {
                    Ok(OwnOr::BuiltIn(name)) => Ok(Sampler::Name(name)),
                    Ok(OwnOr::Own(name)) => Ok(Sampler::Own(name)),
                    Err(error) if text.parse::<f64>().is_ok() => Err(E::custom(error.with_help(RATIO_HELP))),
                    Err(error) => Err(E::custom(error)),
                }
            }

            fn visit_i64<E: de::Error>(self, _: i64) -> Result<Sampler, E> {
                Err(E::custom(number_refused()))
            }

            fn visit_f64<E: de::Error>(self, _: f64) -> Result<Sampler, E> {
                Err(E::custom(number_refused()))
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(self, tree: D) -> Result<Sampler, D::Error> {
                SamplerTree::deserialize(tree).map(Sampler::Tree)
            }
        }

        deserializer.deserialize_newtype_struct(newtype_name::TEXT_OR_TABLE, Visitor)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Sampler {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Sampler".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let names = <OwnOr<SamplerName> as schemars::JsonSchema>::json_schema(generator);
        // The tree contains itself, so it has a definition.
        let _ = generator.subschema_for::<SamplerTree>();
        schemars::json_schema!({
            "type": ["string", "object"],
            // Editors read these for what they propose.
            "anyOf": [names, { "$ref": "#/definitions/SamplerTree" }, true],
            "if": { "type": "object" },
            "then": { "$ref": "#/definitions/SamplerTree" },
            "else": names,
        })
    }
}
