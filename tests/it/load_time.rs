//! The time to load long lists and maps grows linearly.
//!
//! Each input is so long that a quadratic algorithm takes minutes. No test measures time.

use std::fmt::Write as _;

use test_support::{with_env, with_file};

/// The number of entries of each list and map.
const COUNT: usize = 30_000;

fn joined(entry: impl Fn(usize) -> String) -> String {
    let mut text = String::new();
    (0..COUNT).for_each(|n| write!(text, "{},", entry(n)).unwrap());
    text
}

/// Returns the numbers of errors and of warnings.
fn counts(variables: &[(&str, &str)]) -> (usize, usize) {
    let named = [&[("OTEL_SERVICE_NAME", "x")], variables].concat();
    let explained = with_env(&named).explain();
    (explained.errors().len(), explained.warnings().len())
}

#[test]
fn long_resource_attributes_are_read_in_linear_time() {
    let good = joined(|n| format!("k{n}=v"));
    assert_eq!(counts(&[("OTEL_RESOURCE_ATTRIBUTES", &good)]), (0, 0));
    assert_eq!(counts(&[("AUTOTEL_RESOURCE__ATTRIBUTES", &good)]), (0, 0));
}

#[test]
fn long_headers_are_read_in_linear_time() {
    let good = joined(|n| format!("k{n}=v"));
    assert_eq!(counts(&[("OTEL_EXPORTER_OTLP_HEADERS", &good)]), (0, 0));
    assert_eq!(counts(&[("AUTOTEL_OTLP__HEADERS", &good)]), (0, 0));
    let bad = joined(|n| format!("k {n}=v"));
    assert_eq!(counts(&[("OTEL_EXPORTER_OTLP_HEADERS", &bad)]), (0, COUNT));
}

#[test]
fn long_lists_are_read_in_linear_time() {
    let names = joined(|n| format!("e{n}"));
    assert_eq!(counts(&[("OTEL_TRACES_EXPORTER", &names)]), (0, COUNT));
    assert_eq!(counts(&[("AUTOTEL_TRACES__EXPORTERS", &names)]), (COUNT, 0));
    assert_eq!(counts(&[("OTEL_PROPAGATORS", &names)]), (0, COUNT));
    assert_eq!(counts(&[("AUTOTEL_PROMETHEUS__RESOURCE_LABELS", &names)]), (0, 0));
    let filter = joined(|n| format!("t{n}=info"));
    assert_eq!(counts(&[("RUST_LOG", &filter)]), (0, 0));
    assert_eq!(counts(&[("RUST_LOG", &joined(|n| format!("t-{n}=info")))]), (0, COUNT));
}

#[test]
fn long_maps_and_lists_in_the_file_are_read_in_linear_time() {
    let mut text = "[service]\nname = \"x\"\n[resource.attributes]\n".to_owned();
    (0..COUNT).for_each(|n| writeln!(text, "k{n} = \"v\"").unwrap());
    text += "[otlp.headers]\n";
    (0..COUNT).for_each(|n| writeln!(text, "k{n} = \"${{V}}\"").unwrap());
    write!(text, "[prometheus]\nresource_labels = [{}]\n", joined(|n| format!("\"k{n}\""))).unwrap();
    let (builder, _directory) = with_file(&text, &[("V", "v")]);
    assert_eq!(builder.explain().errors(), []);
}

#[test]
fn many_bad_values_in_the_file_are_read_in_linear_time() {
    let mut text = "[service]\nname = \"x\"\n[resource.attributes]\n".to_owned();
    (0..COUNT).for_each(|n| writeln!(text, "k{n} = {{}}").unwrap());
    text += "[otlp.headers]\n";
    (0..COUNT).for_each(|n| writeln!(text, "k{n} = 1").unwrap());
    let (builder, _directory) = with_file(&text, &[]);
    assert_eq!(builder.explain().errors().len(), 2 * COUNT);
}

#[test]
fn many_variables_are_read_in_linear_time() {
    let names: Vec<String> = (0..COUNT).map(|n| format!("AUTOTEL_RESOURCE__ATTRIBUTES__K{n}")).collect();
    let variables: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "v")).collect();
    let tools = with_env(&variables).service_name("x").force("disabled", true).build().unwrap();
    assert_eq!(tools.warnings(), []);
}

#[test]
fn deep_variable_is_unknown_at_once() {
    let name = format!("AUTOTEL_{}", vec!["A"; COUNT].join("__"));
    assert_eq!(counts(&[(&name, "x")]), (1, 0));
}
