//! Lists of tables, tested with a configuration of their own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    effective_values::EffectiveValues, environment::Environment, file::ConfigFile, layer::Layer,
    layer_source::LayerSource, merge::Merged, parse::enclosing_value, value_type::ValueType,
    walk::value_type,
};
use crate::{
    config::{Count, FilePath, Headers, NonEmptyString, key_path::key_path},
    error::Problem,
};

#[derive(Debug, Default, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
struct Root {
    name: Option<NonEmptyString>,
    metrics: Metrics,
}

#[derive(Debug, Default, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
struct Metrics {
    /// Views.
    views: Vec<View>,
}

#[derive(Debug, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct View {
    /// The instrument.
    instrument: NonEmptyString,
    /// The limit.
    limit: Option<Count>,
    /// Drops.
    #[serde(default)]
    drop: bool,
    /// Headers.
    #[serde(default)]
    headers: Headers,
    /// A file.
    file: Option<FilePath>,
    /// Names.
    #[serde(default)]
    names: BTreeMap<String, Vec<i64>>,
}

/// Loads a file with this text, and returns the merged layers and their problems.
fn load(text: &str, profile: Option<&str>, variables: &[(&str, &str)]) -> (Merged<Root>, Vec<String>) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("autotelemetry.toml");
    std::fs::write(&path, text).unwrap();
    std::fs::write(directory.path().join("token"), "s3cret\n").unwrap();
    let environment =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>();
    let (mut problems, mut of_other_profiles) = (Vec::new(), Vec::new());
    let file = ConfigFile::read(&path, &mut problems).unwrap();
    let mut layers = file.into_layers::<Root>(
        profile,
        &Environment::new(environment),
        &mut problems,
        &mut of_other_profiles,
    );
    for layer in &mut layers {
        problems.extend(layer.fold_case::<Root>());
    }
    problems.append(&mut of_other_profiles);
    let in_directory = format!("{}/", directory.path().display());
    let text = |problem: &Problem| problem.to_string().replace(&in_directory, "");
    (Merged::new(layers), problems.iter().map(text).collect())
}

const GOOD: &str = r#"[[metrics.views]]
instrument = "requests"
limit = "${LIMIT}"
file = "certificate.pem"

[[metrics.views]]
instrument = "${PREFIX}.duration"
headers = { Authorization = { file = "token" }, X-Other = "${PREFIX}" }

[[profiles.small.metrics.views]]
instrument = "none"
"#;

const VARIABLES: &[(&str, &str)] = &[("LIMIT", "7"), ("PREFIX", "http")];

#[test]
fn list_of_tables_is_read_with_references_secrets_and_paths() {
    let (merged, problems) = load(GOOD, None, VARIABLES);
    assert_eq!(problems, [""; 0]);
    let Root { name, metrics: Metrics { views } } = merged.config().unwrap();
    assert_eq!((name, views.len()), (None, 2));
    assert_eq!((views[0].instrument.as_str(), views[0].limit.map(Count::get)), ("requests", Some(7)));
    let file = views[0].file.as_ref().unwrap().to_string();
    assert!(std::path::Path::new(&file).is_absolute());
    assert_eq!(views[1].instrument.as_str(), "http.duration");
    let headers: Vec<_> =
        views[1].headers.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
    assert_eq!(headers, [("authorization", "s3cret"), ("x-other", "http")]);
}

#[test]
fn list_of_tables_is_replaced_as_a_whole() {
    let (merged, problems) = load(GOOD, Some("small"), VARIABLES);
    assert_eq!(problems, [""; 0]);
    let root: Root = merged.config().unwrap();
    assert_eq!(root.metrics.views.len(), 1);
    assert_eq!(root.metrics.views[0].instrument.as_str(), "none");
}

#[test]
fn values_in_a_list_of_tables_have_origins() {
    let (merged, _) = load(GOOD, None, VARIABLES);
    let at = |merged: &Merged<Root>, key: &str| {
        let origin = merged.origin(&key_path(key)).to_string();
        origin.rsplit_once('/').map_or(origin.clone(), |(_, place)| place.to_owned())
    };
    assert_eq!(at(&merged, "metrics.views.0.instrument"), "autotelemetry.toml:2:14");
    assert_eq!(at(&merged, "metrics.views.0.limit"), "autotelemetry.toml:3:9");
    assert_eq!(at(&merged, "metrics.views.1.instrument"), "autotelemetry.toml:7:14");
    assert_eq!(at(&merged, "metrics.views.1.headers.x-other"), "autotelemetry.toml:8:59");
    assert_eq!(at(&merged, "metrics.views.1.limit"), "default");
    let (merged, _) = load(GOOD, Some("small"), VARIABLES);
    assert_eq!(at(&merged, "metrics.views.0.instrument"), "autotelemetry.toml:11:14");
}

#[test]
fn list_of_tables_is_explained_by_its_leaves() {
    let (merged, _) = load(GOOD, None, VARIABLES);
    let root: Root = merged.config().unwrap();
    let mut values = EffectiveValues::default();
    values.add::<Root>(&root, &|path| merged.origin(path));
    let rows: Vec<_> = values.rows().map(|(key, value, _)| format!("{key} = {value}")).collect();
    let file = views_file(&root);
    assert_eq!(
        rows,
        [
            "metrics.views.0.drop = false".to_owned(),
            format!("metrics.views.0.file = {file:?}"),
            "metrics.views.0.instrument = \"requests\"".to_owned(),
            "metrics.views.0.limit = 7".to_owned(),
            "metrics.views.1.drop = false".to_owned(),
            "metrics.views.1.file = -".to_owned(),
            "metrics.views.1.headers.authorization = \"***\"".to_owned(),
            "metrics.views.1.headers.x-other = \"***\"".to_owned(),
            "metrics.views.1.instrument = \"http.duration\"".to_owned(),
            "metrics.views.1.limit = -".to_owned(),
            "name = -".to_owned(),
        ]
    );
}

fn views_file(root: &Root) -> String {
    root.metrics.views[0].file.as_ref().unwrap().to_string()
}

#[test]
fn faults_in_a_list_of_tables_are_refused_with_their_places() {
    let text = r#"[[metrics.views]]
instrument = "a"
limit = -1
instrumnt = "b"

[[metrics.views]]
instrument = ""
nothing_close = 1
headers = { a = 1, B = "b", c = "${UNSET}" }

[[metrics.views]]
drop = "yes"
names = { x = [1, "two"] }

[[profiles.other.metrics.views]]
instrument = 7
dropp = true
"#;
    let (merged, problems) = load(text, None, &[]);
    assert_eq!(
        problems,
        [
            "autotelemetry.toml:9:33: metrics.views.1.headers.c: the variable UNSET is not set\n    \
             help: set it, or write a default: ${UNSET:-…}",
            "autotelemetry.toml:4:1: metrics.views.0.instrumnt: unknown key\n    \
             help: did you mean `instrument`?",
            "autotelemetry.toml:3:9: metrics.views.0.limit: -1 is not between 0 and 4294967295",
            "autotelemetry.toml:9:17: metrics.views.1.headers.a: expected a string in quotes, found an integer",
            "autotelemetry.toml:7:14: metrics.views.1.instrument: must not be empty",
            "autotelemetry.toml:8:1: metrics.views.1.nothing_close: unknown key\n    \
             help: use one of instrument, limit, drop, headers, file, names",
            "autotelemetry.toml:12:8: metrics.views.2.drop: expected a boolean, found a string\n    help: write it without quotes",
            "autotelemetry.toml:13:19: metrics.views.2.names.x: expected i64, found a string",
            "autotelemetry.toml:11:1: metrics.views.2: requires the key `instrument`",
            "autotelemetry.toml:17:1: profiles.other.metrics.views.0.dropp: unknown key\n    \
             help: did you mean `drop`?",
            "autotelemetry.toml:16:14: profiles.other.metrics.views.0.instrument: \
             expected a string in quotes, found an integer",
        ]
    );
    let root: Root = merged.config().unwrap();
    assert_eq!(root, Root::default(), "a table without its instrument takes the list with it");
}

#[test]
fn missing_key_in_a_list_of_tables_is_refused_at_its_table() {
    let (_, problems) = load("[[metrics.views]]\n\n[[metrics.views]]\ndrop = true\n", None, &[]);
    assert_eq!(
        problems,
        [
            "autotelemetry.toml:1:1: metrics.views.0: requires the key `instrument`",
            "autotelemetry.toml:3:1: metrics.views.1: requires the key `instrument`",
        ]
    );
}

#[test]
fn unknown_keys_in_many_tables_are_refused() {
    let text = "[[metrics.views]]\ninstrument = \"a\"\nunknown = { a = { b = 1 } }\n".repeat(2_000);
    let (merged, problems) = load(&text, None, &[]);
    assert_eq!(problems.len(), 2_000);
    assert!(
        problems[1_999].starts_with("autotelemetry.toml:6000:1: metrics.views.1999.unknown: unknown key")
    );
    let root: Root = merged.config().unwrap();
    assert_eq!(root.metrics.views.len(), 2_000);
}

#[test]
fn wrong_types_around_a_list_of_tables_are_refused() {
    for (text, expected) in [
        ("metrics.views = 1\n", "autotelemetry.toml:1:17: metrics.views: expected a list, found an integer"),
        (
            "metrics.views = [1]\n",
            "autotelemetry.toml:1:18: metrics.views: expected a table, found an integer\n    \
             help: write a table; its keys are instrument, limit, drop, headers, file, names",
        ),
        (
            "metrics.views = [[\"a\"]]\n",
            "autotelemetry.toml:1:18: metrics.views.0: expected a table, found a list",
        ),
        (
            "metrics.views = \"${X}\"\n",
            "autotelemetry.toml:1:17: metrics.views: is a list of tables\n    help: set it in the file",
        ),
        ("[metrics.views]\n", "autotelemetry.toml:1:1: metrics.views: expected a list, found a table"),
        (
            "metrics.views = [{ instrument = 2020-01-01 }]\n",
            "autotelemetry.toml:1:33: metrics.views.0.instrument: dates are not supported\n    help: put the value in quotes",
        ),
    ] {
        let (_, problems) = load(text, None, &[("X", "x")]);
        assert_eq!(problems, [expected], "{text}");
    }
}

#[test]
fn variable_cannot_set_a_list_of_tables_or_a_part_of_it() {
    let problem = |key: &str| {
        let path = key_path(key);
        let layer = Layer::from_text::<Root>(LayerSource::Env("X".to_owned()), &path, "a", |error| error);
        layer.err().map(|problem| problem.to_string())
    };
    assert_eq!(
        problem("metrics.views").as_deref(),
        Some("X: metrics.views: is a list of tables\n    help: set it in the file")
    );
    assert_eq!(
        problem("metrics.views.0.instrument").as_deref(),
        Some("X: metrics.views.0.instrument: is part of a list\n    help: set `metrics.views` as a whole")
    );
}

#[test]
fn types_in_a_list_of_tables_are_found() {
    let of = |path: &str| value_type::<Root>(&key_path(path)).ok();
    assert_eq!(of("metrics.views"), Some(ValueType::TableList));
    assert_eq!(of("metrics.views.3"), Some(ValueType::Table));
    assert_eq!(of("metrics.views.3.limit"), Some(ValueType::Integer));
    assert_eq!(of("metrics.views.3.names.x"), Some(ValueType::List));
    assert_eq!(of("metrics.views.3.headers"), Some(ValueType::Map { ignores_case: true }));
    assert_eq!(of("metrics.views.3.headers.a"), Some(ValueType::Secret));
    assert_eq!(of("metrics.views.3.file"), Some(ValueType::Path));
    assert_eq!(of("metrics.views.x"), None);
    let path = key_path("metrics.views.3.limit");
    assert_eq!(enclosing_value::<Root>(&path), Some(&*key_path("metrics.views")));
}

#[test]
#[cfg(feature = "schema")]
fn schema_of_a_list_of_tables_names_no_variables() {
    let (schema, variables) = super::schema::schema_of::<Root>();
    let views = &schema["properties"]["metrics"]["properties"]["views"];
    assert_eq!(views["type"], "array");
    let view = &views["items"]["properties"];
    assert_eq!(view["limit"]["type"], serde_json::json!(["integer", "string"]));
    assert_eq!(view["drop"]["type"], serde_json::json!(["boolean", "string"]));
    assert_eq!(view["headers"]["additionalProperties"]["x-secret"], true);
    assert!(!variables.keys().any(|key| key.starts_with("metrics.views")), "{variables:#?}");
    assert!(variables.contains_key("name"));
}
