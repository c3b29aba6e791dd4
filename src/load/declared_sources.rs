//! The sources of a configuration whose file is declarative: the file alone, above the resource
//! that the program describes.

use std::path::Path;
#[cfg(feature = "report")]
use std::sync::Arc;

#[cfg(feature = "report")]
use super::file_text::FileText;
use super::{
    code::{self, CodeValue},
    declarative::{self, Declared},
    environment::Environment,
    gathered::Gathered,
    layer::Layer,
    layer_source::LayerSource,
    value_tree::{Table, Value},
};
use crate::{
    config::{
        Registered,
        key_path::{KeyPath, key_path},
    },
    error::{Origin, Problem},
};

/// The values that are set in code.
pub(super) struct CodeSources<'a> {
    pub(super) defaults: &'a [CodeValue],
    pub(super) forced: &'a [CodeValue],
    /// Keys that are set in another way, such as `profile`.
    pub(super) other_keys: Vec<&'static str>,
    /// The parts that the program adds.
    pub(super) registered: &'a Registered,
}

/// Gathers the values of the declarative file at `path`, which `by` names.
pub(super) fn gather(
    path: &Path,
    by: Option<&Origin>,
    code: &CodeSources<'_>,
    environment: &Environment,
    warnings: &mut Vec<Problem>,
) -> Gathered {
    let mut problems = Vec::new();
    let text = declarative::text(path, &mut problems);
    let declared = text.as_deref().and_then(|text| {
        declarative::from_text(path, text, environment, code.registered, &mut problems, warnings)
    });
    let is_incomplete = declared.is_none();
    let (of_resource, mut not_used) = of_resource(code::layers(code.defaults, &mut problems));
    not_used.extend(code.other_keys.iter().map(|key| format!("`{key}` in code")));
    let mut layers = of_resource;
    let mut file_format = None;
    if let Some(Declared { layer, written, file_format: format, detects_service, ignored }) = declared {
        // An absent name has a default here.
        let source = LayerSource::Declarative(written);
        layers.insert(0, Layer::single(source, &key_path("service.name"), unknown_service().into()));
        layers.extend(detects_service.then(|| service_of_variable(environment)).flatten());
        layers.push(layer);
        file_format = Some(format);
        let names: Vec<_> = ignored.into_iter().chain(not_used).collect();
        if !names.is_empty() {
            let message = format!("this file is the only source of values; not used: {}", names.join(", "));
            let at = by.cloned().unwrap_or_else(|| Origin::File {
                path: path.into(),
                line: 1,
                column: 1,
                profile: None,
            });
            let problem = Problem::new(message).with_origin(at);
            warnings.push(problem.with_help("refer to a variable in the file: ${NAME}"));
        }
    }
    layers.extend(code::layers(code.forced, &mut problems));
    Gathered {
        layers,
        problems,
        of_other_profiles: Vec::new(),
        file: Some(path.to_owned()),
        #[cfg(feature = "report")]
        text: text.map(|text| Arc::new(FileText::new(path, text))),
        file_format,
        is_incomplete,
        profile: None,
        profile_origin: Origin::Default,
        prometheus: false,
    }
}

/// Splits layers into those that describe the resource and the names of the others.
fn of_resource(layers: Vec<Layer>) -> (Vec<Layer>, Vec<String>) {
    let mut kept = Vec::new();
    let mut others = Vec::new();
    for layer in layers {
        let path = only_path(&layer.values);
        match path.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["service", ..] | ["resource", "attributes", ..] => kept.push(layer),
            _ => others.push(format!("`{}` in code", path.join("."))),
        }
    }
    (kept, others)
}

/// Returns the path of the only value of a layer.
fn only_path(values: &Table) -> KeyPath {
    let mut path = KeyPath::new();
    let mut table = values;
    while let Some((key, value)) = table.iter().next().filter(|_| table.len() == 1) {
        path.push(key.clone());
        match value {
            Value::Table(below) => table = below,
            _ => break,
        }
    }
    path
}

/// Returns the name that the specification gives to a service without one.
fn unknown_service() -> String {
    let program = std::env::current_exe().ok();
    let name = program.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    name.map_or_else(|| "unknown_service".to_owned(), |name| format!("unknown_service:{name}"))
}

/// Returns the name of the service in the environment.
fn service_of_variable(environment: &Environment) -> Option<Layer> {
    const NAME: &str = "OTEL_SERVICE_NAME";
    let name = environment.get(NAME)?;
    Some(Layer::single(LayerSource::Env(NAME.to_owned()), &key_path("service.name"), name.into()))
}
