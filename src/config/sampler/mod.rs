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
use super::value::{ConfigValue as _, ParseError, newtype_name};

/// The value of `traces.sampler`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Sampler {
    Name(SamplerName),
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
                let refused = |error: ParseError| {
                    match error.help {
                    None => error.with_help(
                        "samplers with arguments are tables in the file, such as { rule_based = { rules = […] } }",
                    ),
                    Some(_) => error,
                }
                };
                SamplerName::parse_str(text).map(Sampler::Name).map_err(|error| E::custom(refused(error)))
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
        let names = super::value::schema::text::<SamplerName>();
        // The tree contains itself, so it has a definition.
        let _ = generator.subschema_for::<SamplerTree>();
        schemars::json_schema!({ "anyOf": [names, { "$ref": "#/definitions/SamplerTree" }] })
    }
}
