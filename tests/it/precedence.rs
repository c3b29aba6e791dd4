//! Precedence of sources, for each pair of neighbours in the order
//! default < code < file < profile < `OTEL_*` < `AUTOTEL_*` < `force`.

use autotelemetry::{ObservabilityTools, Signal};
use test_support::{value, with_env, with_file};

/// Without exporters nothing is started.
const SILENT: &str =
    "traces.exporters = []\nmetrics.exporters = []\nlogs.exporters = []\n[service]\nname = \"file\"\n";

fn name(tools: &ObservabilityTools) -> String {
    value(tools, "service.name").trim_matches('"').to_owned()
}

/// Returns the ends of the keys that begin with `prefix`.
fn keys(tools: &ObservabilityTools, prefix: &str) -> Vec<String> {
    let explained = tools.explain();
    explained.values().filter_map(|(key, ..)| Some(key.strip_prefix(prefix)?.to_owned())).collect()
}

#[test]
fn code_overrides_the_default() {
    let tools = with_env(&[]).service_name("code").set("traces.sampler", "always_off").build().unwrap();
    assert_eq!(name(&tools), "code");
    assert_eq!(value(&tools, "traces.sampler"), r#""always_off""#);
}

#[test]
fn file_overrides_code() {
    let (builder, _directory) = with_file(SILENT, &[]);
    assert_eq!(name(&builder.service_name("code").build().unwrap()), "file");
}

#[test]
fn profile_overrides_the_rest_of_the_file() {
    let text = format!("{SILENT}[profiles.production.service]\nname = \"profile\"\n");
    let (builder, _directory) = with_file(&text, &[]);
    let tools = builder.profile("production").build().unwrap();
    assert_eq!(name(&tools), "profile");
    assert_eq!(value(&tools, "service.environment"), r#""production""#);
}

#[test]
fn otel_variables_override_the_profile() {
    let text = format!("{SILENT}[profiles.production.service]\nname = \"profile\"\n");
    let (builder, _directory) = with_file(&text, &[("OTEL_SERVICE_NAME", "otel")]);
    assert_eq!(name(&builder.profile("production").build().unwrap()), "otel");
}

#[test]
fn autotel_variables_override_otel_variables() {
    let tools =
        with_env(&[("OTEL_SERVICE_NAME", "otel"), ("AUTOTEL_SERVICE__NAME", "autotel")]).build().unwrap();
    assert_eq!(name(&tools), "autotel");
}

#[test]
fn forced_value_overrides_everything() {
    let tools =
        with_env(&[("AUTOTEL_SERVICE__NAME", "autotel")]).force("service.name", "forced").build().unwrap();
    assert_eq!(name(&tools), "forced");
}

#[test]
fn profile_is_chosen_by_variable_then_code_then_file() {
    let text = format!(
        "profile = \"c\"\n{SILENT}[profiles.a.service]\nname = \"a\"\n[profiles.b.service]\nname = \"b\"\n\
         [profiles.c.service]\nname = \"c\"\n"
    );
    let (builder, _directory) = with_file(&text, &[("AUTOTEL_PROFILE", "a")]);
    assert_eq!(name(&builder.profile("b").build().unwrap()), "a");
    let (builder, _directory) = with_file(&text, &[]);
    assert_eq!(name(&builder.profile("b").build().unwrap()), "b");
    let (builder, _directory) = with_file(&text, &[]);
    assert_eq!(name(&builder.build().unwrap()), "c");
}

#[test]
fn config_file_variable_overrides_the_program() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("other.toml");
    std::fs::write(&path, SILENT.replace("\"file\"", "\"other\"")).unwrap();
    let (builder, _directory) = with_file(SILENT, &[("AUTOTEL_CONFIG", path.to_str().unwrap())]);
    assert_eq!(name(&builder.build().unwrap()), "other");
}

#[test]
fn tables_merge_by_key_and_lists_are_replaced() {
    let text = format!(
        "{SILENT}[resource.attributes]\nteam = \"file\"\n\"deployment.region\" = \"eu\"\n\
         [otlp.headers]\nX-File = \"1\"\nshared = \"file\"\n"
    );
    let variables = [
        ("OTEL_RESOURCE_ATTRIBUTES", "team=otel,service.version=2,deployment.environment.name=prod"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "Shared=otel"),
        ("OTEL_TRACES_EXPORTER", "console"),
    ];
    let (builder, _directory) = with_file(&text, &variables);
    let tools = builder.resource_attribute("cores", 4).resource_attribute("team", "code").build().unwrap();
    for (key, expected) in [
        ("resource.attributes.team", r#""otel""#),
        ("resource.attributes.deployment.region", r#""eu""#),
        ("resource.attributes.cores", "4"),
        ("service.version", r#""2""#),
        ("service.environment", r#""prod""#),
        ("traces.exporters", r#"["console"]"#),
    ] {
        assert_eq!(value(&tools, key), expected, "{key}");
    }
    assert_eq!(keys(&tools, "otlp.headers."), ["shared", "x-file"]);
}

#[test]
fn signal_key_in_the_file_overrides_the_general_variable() {
    let text =
        format!("{SILENT}[otlp.traces]\nendpoint = \"http://traces:4318/own\"\nheaders = {{ a = \"1\" }}\n");
    let variables =
        [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://general:4318"), ("OTEL_EXPORTER_OTLP_HEADERS", "b=2")];
    let (builder, _directory) = with_file(&text, &variables);
    let tools = builder.build().unwrap();
    assert_eq!(value(&tools, "otlp.traces.endpoint"), r#""http://traces:4318/own""#);
    assert_eq!(keys(&tools, "otlp.traces.headers."), ["a"]);
    assert_eq!(value(&tools, "otlp.logs.endpoint"), r#""http://general:4318/v1/logs""#);
    assert_eq!(value(&tools, "otlp.logs.protocol"), r#""http/protobuf""#);
}

#[test]
fn endpoint_implies_exporters_unless_listed() {
    let exporters = |variables: &[(&str, &str)]| {
        let tools = with_env(variables).service_name("x").build().unwrap();
        Signal::ALL.map(|signal| value(&tools, &format!("{signal}.exporters")))
    };
    assert_eq!(exporters(&[]), ["[]", "[]", r#"["console"]"#]);
    assert_eq!(
        exporters(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")]),
        [r#"["otlp"]"#, r#"["otlp"]"#, r#"["console","otlp"]"#]
    );
    assert_eq!(
        exporters(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://127.0.0.1:9")]),
        [r#"["otlp"]"#, "[]", r#"["console"]"#]
    );
    assert_eq!(
        exporters(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9"), ("OTEL_LOGS_EXPORTER", "none")]),
        [r#"["otlp"]"#, r#"["otlp"]"#, "[]"]
    );
}

#[test]
#[cfg(feature = "prometheus")]
fn prometheus_port_in_code_enables_the_exporter() {
    let tools = with_env(&[]).service_name("x").prometheus_port(0).build().unwrap();
    assert!(tools.prometheus_address().is_some());
    let tools =
        with_env(&[("OTEL_METRICS_EXPORTER", "none")]).service_name("x").prometheus_port(0).build().unwrap();
    assert!(tools.prometheus_address().is_none(), "an operator can switch it off");
    let tools = with_env(&[("OTEL_EXPORTER_PROMETHEUS_PORT", "0")]).service_name("x").build().unwrap();
    assert!(tools.prometheus_address().is_none(), "the variable alone switches nothing on");
}
