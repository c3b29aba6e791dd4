//! Disabled features are named in errors. A binary of its own, so that a build without default
//! features is quick: `cargo test --no-default-features --test features`
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use autotelemetry::Builder;
use test_support::{with_env, with_file};

/// Returns the key and help of each problem of a configuration with these variables.
fn problems(variables: &[(&str, &str)]) -> Vec<(Option<String>, Option<String>)> {
    problems_of(with_env(variables))
}

fn problems_of(builder: Builder) -> Vec<(Option<String>, Option<String>)> {
    let explained = builder.set("service.name", "x").explain();
    let words = |text: Option<&str>| text.map(str::to_owned);
    explained.errors().iter().map(|problem| (words(problem.key()), words(problem.help()))).collect()
}

/// Returns the problem of a missing feature, or none if the feature is enabled.
fn expected(is_enabled: bool, key: &str, feature: &str) -> Vec<(Option<String>, Option<String>)> {
    let help = format!("enable the feature `{feature}` of autotelemetry");
    if is_enabled { Vec::new() } else { vec![(Some(key.to_owned()), Some(help))] }
}

#[test]
fn missing_feature_is_named_in_the_error() {
    let grpc = [("AUTOTEL_OTLP__ENDPOINT", "http://c:4317"), ("AUTOTEL_OTLP__PROTOCOL", "grpc")];
    assert_eq!(problems(&grpc), expected(cfg!(feature = "grpc"), "otlp.protocol", "grpc"));
    let tls = [("AUTOTEL_OTLP__ENDPOINT", "https://c:4318")];
    assert_eq!(problems(&tls), expected(cfg!(feature = "tls"), "otlp.endpoint", "tls"));
    if !cfg!(feature = "tls") {
        let file =
            [("AUTOTEL_OTLP__ENDPOINT", "https://c:4318"), ("AUTOTEL_OTLP__LOGS__TLS__CA_FILE", "ca.pem")];
        let keys: Vec<_> = problems(&file).into_iter().filter_map(|(key, _)| key).collect();
        assert_eq!(keys, ["otlp.endpoint", "otlp.logs.tls.ca_file"]);
    }
    let prometheus = [("AUTOTEL_METRICS__EXPORTERS", "prometheus")];
    assert_eq!(
        problems(&prometheus),
        expected(cfg!(feature = "prometheus"), "metrics.exporters", "prometheus")
    );
}

#[test]
fn declarative_file_needs_its_feature() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("otel.yaml");
    std::fs::write(&path, "file_format: \"1.1\"\n").unwrap();
    let explained = with_env(&[("OTEL_CONFIG_FILE", path.to_str().unwrap())]).explain();
    let help: Vec<_> = explained.errors().iter().filter_map(|problem| problem.help()).collect();
    let expected = ["enable the feature `declarative` of autotelemetry"];
    assert_eq!(help, if cfg!(feature = "declarative") { &[][..] } else { &expected });
}

#[test]
fn sampler_that_needs_a_missing_feature_is_refused() {
    let text = "[traces.sampler.jaeger_remote]\nendpoint = \"https://c\"\ninitial_sampler = \"always_on\"\n";
    let (builder, _directory) = with_file(text, &[]);
    let key = "traces.sampler.jaeger_remote.endpoint";
    assert_eq!(problems_of(builder), expected(cfg!(feature = "tls"), key, "tls"));
}

#[test]
fn enabled_features_work_without_the_others() {
    let tools =
        with_env(&[("OTEL_SERVICE_NAME", "x"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")])
            .set("logs.exporters", "otlp")
            .build()
            .unwrap();
    tools.logger("x").info("lost", &[]);
    assert!(tools.shutdown().unwrap_err().to_string().contains("logs: 1 of 1 lost"));
}
