//! `AUTOTEL_*`: the key's path in capitals, its levels joined by a double underscore.

use super::{
    environment::Environment,
    kind,
    layers::{Layer, LayerSource},
    locate::Part,
};
use crate::{
    config::{text::Rejection, validate::KeyPath},
    error::{Origin, Problem},
};

const PREFIX: &str = "AUTOTEL_";

/// Variables that are not keys.
const RESERVED: &[&str] = &["AUTOTEL_CONFIG", "AUTOTEL_PROFILE"];

/// The variable that sets the key at `path`.
#[cfg(feature = "schema")]
pub(super) fn name(path: &[String]) -> String {
    format!("{PREFIX}{}", path.join("__").to_uppercase())
}

/// One layer for each variable that is set.
pub(crate) fn layers(environment: &Environment, problems: &mut Vec<Problem>) -> Vec<Layer> {
    for name in environment.not_unicode().iter().filter(|name| name.starts_with(PREFIX)) {
        problems.push(Problem::new("the value is not UTF-8").at(Origin::Env(name.clone())));
    }
    let mut layers = Vec::new();
    for (name, text) in environment.starting_with(PREFIX).filter(|(name, _)| !RESERVED.contains(name)) {
        let path: KeyPath = name[PREFIX.len()..].split("__").map(str::to_lowercase).collect();
        match layer(LayerSource::Env(name.to_owned()), &path, text, spelled_as_variable) {
            Ok(layer) => layers.push(layer),
            Err(problem) => problems.push(problem),
        }
    }
    layers
}

/// A layer of one value that is given as text.
pub(crate) fn layer(
    source: LayerSource,
    path: &[String],
    text: &str,
    respell: impl Fn(Rejection, &[String]) -> Rejection,
) -> Result<Layer, Problem> {
    let value = kind::typed(path, text)
        .map_err(|rejection| source.problem(path, Part::Value, respell(rejection, path)))?;
    let mut layer = Layer::single(source, path, value);
    match layer.check().into_iter().next() {
        Some(problem) => Err(problem),
        None => Ok(layer),
    }
}

/// Proposes the whole name of the variable instead of the key alone.
fn spelled_as_variable(rejection: Rejection, path: &[String]) -> Rejection {
    let Some(near) =
        rejection.help.as_deref().and_then(|help| help.strip_prefix("did you mean `")?.strip_suffix("`?"))
    else {
        return rejection;
    };
    if rejection.message != "unknown key" {
        return rejection;
    }
    // The first segment that leads nowhere is the one that was meant to be `near`.
    let wrong =
        (1..=path.len()).find(|&length| kind::kind_of(&path[..length]).is_err()).unwrap_or(path.len());
    let mut meant = path.to_vec();
    near.clone_into(&mut meant[wrong - 1]);
    Rejection::new("unknown key")
        .with_help(format!("did you mean {PREFIX}{}?", meant.join("__").to_uppercase()))
}
