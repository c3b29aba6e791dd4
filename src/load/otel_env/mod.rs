//! `OTEL_*`: the variables of the OpenTelemetry specification, read by its rules.
//!
//! The specification requires a warning for an invalid value, which is then ignored, so nothing
//! here is an error. The SDK crates read some of these variables too, by other rules. Every value
//! is therefore passed to them explicitly.

mod jaeger;
mod table;

use std::collections::HashSet;

use self::{
    jaeger::{Jaeger, jaeger_sampler, table},
    table::{Codec, Effect, VARIABLES},
};
use super::{
    environment::Environment,
    layer::Layer,
    layer_source::LayerSource,
    percent_pairs::{decode, pairs},
    platform::{is_foreign, is_service_link},
    search::names_declarative_file,
    value_tree::{Table, Value},
    values,
    walk::check_value,
};
use crate::{
    config::{
        Config, Resource, SamplerName,
        key_path::{KeyPath, key_path},
        value::{
            ConfigValue,
            log_directive::{Directive, directives, synonym},
            number::parse_integer,
        },
    },
    error::{Origin, Problem},
    text::nearest,
};

const SAMPLER_ARG: &str = "OTEL_TRACES_SAMPLER_ARG";

/// Returns one layer for each variable that is set to a valid value.
pub(crate) fn layers(environment: &Environment, warnings: &mut Vec<Problem>) -> Vec<Layer> {
    let mut reader = VariableReader { environment, warnings, layers: Vec::new() };
    for (name, effect) in VARIABLES {
        if environment.not_unicode().contains(*name) {
            reader.warn(name, "the value is not valid UTF-8, ignored");
        }
        let Some(text) = environment.get(name).filter(|text| !is_service_link(name, text)) else { continue };
        match effect {
            Effect::Set(key, codec) => reader.set(name, &key_path(key), *codec, text),
            Effect::ResourceAttributes => reader.resource_attributes(name, text),
            Effect::Sampler => reader.sampler(name, text),
            Effect::SamplerArg => reader.sampler_arg(name, text),
            Effect::Refused(why) => reader.warn(name, *why),
        }
    }
    reader.unknown_names();
    reader.layers
}

/// Returns the key that a variable sets.
#[cfg(feature = "report")]
pub(super) fn key(name: &str) -> Option<&'static str> {
    match &VARIABLES.iter().find(|(known, _)| *known == name)?.1 {
        Effect::Set(key, _) => Some(key),
        Effect::ResourceAttributes | Effect::Refused(_) => None,
        Effect::Sampler => Some("traces.sampler"),
        Effect::SamplerArg => Some("traces.sampler_arg"),
    }
}

/// Returns the variables that set `key`.
#[cfg(feature = "schema")]
pub(crate) fn variables_that_set(key: &str) -> impl Iterator<Item = &'static str> {
    VARIABLES.iter().filter_map(move |(name, effect)| {
        let sets = match effect {
            Effect::Set(set, _) => *set == key,
            Effect::ResourceAttributes => key == "resource.attributes",
            Effect::Sampler => key == "traces.sampler",
            Effect::SamplerArg => key == "traces.sampler_arg",
            Effect::Refused(_) => false,
        };
        sets.then_some(*name)
    })
}

/// Collects the layers of the variables, and warnings about invalid values.
struct VariableReader<'a> {
    environment: &'a Environment,
    warnings: &'a mut Vec<Problem>,
    layers: Vec<Layer>,
}

impl VariableReader<'_> {
    fn warn(&mut self, name: &str, message: impl Into<String>) {
        self.warnings.push(Problem::new(message).with_origin(Origin::Env(name.to_owned())));
    }

    fn set(&mut self, name: &str, path: &[String], codec: Codec, text: &str) {
        let value = match codec {
            Codec::Text => text.to_owned().into(),
            Codec::Boolean => {
                if !text.eq_ignore_ascii_case("true") && !text.eq_ignore_ascii_case("false") {
                    self.warn(
                        name,
                        format!("{text:?} is neither \"true\" nor \"false\", treated as \"false\""),
                    );
                }
                text.eq_ignore_ascii_case("true").into()
            }
            Codec::Integer => match parse_integer(text) {
                Some(number) => number.into(),
                None => return self.warn(name, format!("{text:?} is not an integer, ignored")),
            },
            Codec::Millis => match parse_integer(text).filter(|millis| *millis >= 0) {
                Some(millis) => format!("{millis}ms").into(),
                None => {
                    return self
                        .warn(name, format!("{text:?} is not a whole number of milliseconds, ignored"));
                }
            },
            Codec::Enum => text.to_ascii_lowercase().into(),
            Codec::LevelFilter => {
                synonym(text).map_or_else(|| text.to_ascii_lowercase(), |level| level.to_string()).into()
            }
            Codec::EnumList => return self.list(name, path, text),
            Codec::Headers => return self.headers(name, path, text),
            Codec::RustLog => return self.rust_log(name, path, text),
        };
        self.add(name, path, value);
    }

    /// Adds a layer, unless the key does not accept the value.
    fn add(&mut self, name: &str, path: &[String], value: Value) {
        if self.accepts(name, path, &value) {
            self.layers.push(Layer::single(LayerSource::Env(name.to_owned()), path, value));
        }
    }

    /// Returns whether the key accepts the value. If not, it is ignored with a warning.
    fn accepts(&mut self, name: &str, path: &[String], value: &Value) -> bool {
        let Err(refusal) = check_value::<Config>(path, value) else { return true };
        self.ignored(LayerSource::Env(name.to_owned()).refused(path, *refusal, value));
        false
    }

    fn ignored(&mut self, problem: Problem) {
        self.warnings.push(Problem { message: format!("{}, ignored", problem.message), ..problem });
    }

    /// Adds a list. Unknown entries are ignored; `none` overrides all other entries.
    fn list(&mut self, name: &str, path: &[String], text: &str) {
        let mut entries: Vec<_> = text
            .split(',')
            .map(|entry| entry.trim().to_ascii_lowercase())
            .filter(|entry| !entry.is_empty())
            .collect();
        let mut seen = HashSet::new();
        entries.retain(|entry| seen.insert(entry.clone()));
        if entries.iter().any(|entry| entry == "none") {
            if entries.iter().any(|entry| entry != "none") {
                self.warn(name, "\"none\" is combined with other entries, which are ignored");
            }
            self.add(name, path, vec!["none".to_owned()].into());
            return;
        }
        let good: Vec<_> = entries
            .into_iter()
            .filter(|entry| self.accepts(name, path, &vec![entry.clone()].into()))
            .collect();
        if !good.is_empty() {
            self.add(name, path, good.into());
        }
    }

    /// See the specification, "OpenTelemetry Protocol Exporter", "Specifying headers via
    /// environment variables".
    fn headers(&mut self, name: &str, path: &[String], text: &str) {
        let mut headers = Table::new();
        for pair in pairs(text) {
            let (key, value) = match pair {
                Ok((key, value)) => (key.to_lowercase(), Value::from(value)),
                Err(error) => {
                    self.warn(name, format!("{}, skipped", error.message()));
                    continue;
                }
            };
            if self.accepts(name, &[path, std::slice::from_ref(&key)].concat(), &value) {
                headers.insert(key, value);
            }
        }
        // A variable of a signal replaces the general one even if it has no valid entry: a
        // destination must not receive the headers of another.
        self.add(name, path, headers.into());
    }

    /// See the specification, "Resource SDK", "Specifying resource information via an environment
    /// variable".
    fn resource_attributes(&mut self, name: &str, text: &str) {
        let mut attributes = Vec::new();
        for pair in pairs(text) {
            let decoded = pair.ok().and_then(|(key, value)| Some((decode(key)?, value)));
            if let Some(attribute) = decoded {
                attributes.push(attribute);
            } else {
                let message = "an entry is not a percent-encoded key=value pair; the whole value is ignored";
                return self.warn(name, message);
            }
        }
        let mut values = Table::new();
        for (attribute, value) in attributes {
            let service_key = Resource::SERVICE_KEYS.iter().find(|(known, _)| *known == attribute);
            let path: KeyPath = match service_key {
                Some((_, key)) => vec!["service".into(), (*key).into()],
                None => vec!["resource".into(), "attributes".into(), attribute],
            };
            let value = Value::from(value);
            if self.accepts(name, &path, &value) {
                values::insert(&mut values, &path, value);
            }
        }
        self.layers.push(Layer { values, source: LayerSource::Env(name.to_owned()) });
    }

    /// Adds the directives of `RUST_LOG`. An unusable one is ignored alone.
    fn rust_log(&mut self, name: &str, path: &[String], text: &str) {
        let mut good = Vec::new();
        for directive in directives(text) {
            match Directive::parse_rust_log(directive) {
                Ok(directive) => good.push(directive.to_string()),
                Err(error) => {
                    let problem = LayerSource::Env(name.to_owned()).problem(path, error);
                    self.ignored(problem);
                }
            }
        }
        if !good.is_empty() {
            self.add(name, path, good.join(",").into());
        }
    }

    /// Adds a sampler. That of Jaeger is set together with its argument.
    fn sampler(&mut self, name: &str, text: &str) {
        let path = key_path("traces.sampler");
        let Some(wraps) = jaeger_sampler(text) else {
            return self.add(name, &path, text.to_ascii_lowercase().into());
        };
        let argument = self.environment.get(SAMPLER_ARG).unwrap_or_default();
        let Jaeger { sampler, unknown } = Jaeger::parse(argument);
        for entry in unknown {
            self.warn(SAMPLER_ARG, format!("{entry:?} is not an argument of the sampler, skipped"));
        }
        let Some(sampler) = sampler else {
            let message = format!("{text:?} requires {SAMPLER_ARG} with `endpoint=URL`, ignored");
            return self.warn(name, message);
        };
        let tree = if wraps { table("parent_based", table("root", sampler)) } else { sampler };
        // A bad value is that of the argument.
        if self.accepts(SAMPLER_ARG, &path, &tree) {
            self.layers.push(Layer::single(LayerSource::Env(name.to_owned()), &path, tree));
        }
    }

    fn sampler_arg(&mut self, name: &str, text: &str) {
        let sampler = self.environment.get("OTEL_TRACES_SAMPLER").unwrap_or_default();
        if jaeger_sampler(sampler).is_some() {
            return;
        }
        match SamplerName::parse_str(&sampler.to_ascii_lowercase()) {
            Err(_) => self.warn(name, "has no effect without a valid OTEL_TRACES_SAMPLER"),
            Ok(sampler) if !sampler.takes_ratio() => {
                self.warn(name, format!("has no effect on the sampler \"{sampler}\""));
            }
            Ok(_) => match text.parse::<f64>() {
                Ok(ratio) => self.add(name, &key_path("traces.sampler_arg"), ratio.into()),
                Err(_) => self.warn(name, format!("{text:?} is not a number, ignored")),
            },
        }
    }

    fn unknown_names(&mut self) {
        let environment = self.environment;
        for (name, value) in environment.starting_with("OTEL_") {
            let known = VARIABLES.iter().any(|(known, _)| *known == name);
            if known || names_declarative_file(name) || is_foreign(name) || is_service_link(name, value) {
                continue;
            }
            let problem = Problem::new("unknown variable").with_origin(Origin::Env(name.to_owned()));
            let usable = VARIABLES.iter().filter(|(_, effect)| !matches!(effect, Effect::Refused(_)));
            let near = nearest(name, usable.map(|(known, _)| *known));
            self.warnings.push(match near {
                Some(near) => problem.with_help(format!("did you mean {near}?")),
                None => problem,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_all_variables_exist() {
        for (name, effect) in VARIABLES {
            if let Effect::Set(key, _) = effect {
                assert!(crate::load::walk::value_type::<Config>(&key_path(key)).is_ok(), "{name} sets {key}");
            }
        }
    }
}
