//! `autotelemetry doctor`
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::Value;
use test_support::{collector::Collector, mock_collector::MockCollector, process::clean, require};

fn doctor(variables: &[(&str, &str)], arguments: &[&str]) -> (i32, String) {
    let directory = tempfile::tempdir().unwrap();
    let mut command = clean(env!("CARGO_BIN_EXE_autotelemetry").into());
    command.current_dir(directory.path()).arg("doctor").args(arguments);
    command.env("OTEL_SERVICE_NAME", "x").envs(variables.iter().copied());
    let output = command.output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

/// Removes the durations, which differ.
fn without_times(text: &str) -> String {
    let line = |line: &str| match line.rsplit_once(", ") {
        Some((rest, time)) if time.ends_with('s') && time.starts_with(|c: char| c.is_ascii_digit()) => {
            format!("{rest}\n")
        }
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

#[test]
fn working_destination_is_ok_for_every_signal() {
    let mock = MockCollector::start();
    let url = mock.url();
    for (protocol, traces) in [("grpc", url.clone()), ("http/protobuf", format!("{url}/v1/traces"))] {
        let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", &*url), ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)];
        let (code, text) = doctor(&variables, &[]);
        assert_eq!(code, 0, "{text}");
        assert!(
            without_times(&text).starts_with(&format!(
                "traces to otlp ({protocol} {traces}): resolve ok, connect ok, export ok\n"
            )),
            "{text}"
        );
        assert_eq!(text.lines().count(), 3, "{text}");
    }
    assert_eq!((mock.received().len(), mock.spans().len(), mock.logs().len()), (6, 0, 0), "all empty");
    // Strict servers refuse requests without a length.
    let received = mock.received();
    let over_http: Vec<_> = received.iter().filter(|request| request.path.starts_with("/v1/")).collect();
    assert_eq!(over_http.len(), 3);
    assert!(over_http.iter().all(|request| request.header("content-length") == Some("0")), "{over_http:?}");
}

#[test]
fn failure_shows_its_step_and_advice() {
    let (code, text) = doctor(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://127.0.0.1:1/v1/traces")], &[]);
    assert_eq!(code, 1);
    assert_eq!(
        without_times(&text),
        "traces to otlp (http/protobuf http://127.0.0.1:1/v1/traces): resolve ok, connect FAILED\n    \
         cannot reach 127.0.0.1:1 (connection refused)\n    help: check that the receiver is running and listens on this port\n"
    );
}

#[test]
fn json_output_contains_each_step() {
    let mock = MockCollector::start();
    mock.fail_next(&[401]);
    mock.set_body(r#"{"message":"token expired"}"#);
    let endpoint = format!("{}/v1/traces", mock.url());
    let (code, text) = doctor(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &endpoint)], &["--format", "json"]);
    let answer: Value = serde_json::from_str(&text).unwrap();
    let result = &answer["results"][0];
    assert_eq!((code, &result["ok"], &answer["errors"]), (1, &Value::from(false), &serde_json::json!([])));
    assert_eq!(
        result["steps"],
        serde_json::json!({"resolve": "ok", "connect": "ok", "tls": null, "export": "failed"})
    );
    assert!(
        result["message"].as_str().unwrap().contains("returned 401 Unauthorized: token expired"),
        "{text}"
    );
    assert_eq!(result["help"], "check the credentials in `headers`");
}

#[test]
fn invalid_configuration_is_listed_and_no_destination_is_ok() {
    let (code, text) = doctor(&[("AUTOTEL_OTLP__TIMEOUT", "soon")], &[]);
    assert_eq!(code, 1);
    assert!(text.starts_with("error: AUTOTEL_OTLP__TIMEOUT: \"soon\" is not a duration"), "{text}");
    assert_eq!(doctor(&[], &[]), (0, "nothing to check: no signal has an OTLP exporter\n".to_owned()));
    let disabled = [("OTEL_SDK_DISABLED", "true"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")];
    assert_eq!(doctor(&disabled, &[]).0, 0);
}

#[test]
fn real_collector_accepts_empty_exports() {
    require!(Collector);
    let collector = Collector::start();
    for protocol in ["grpc", "http/protobuf", "http/json"] {
        let url = collector.url(protocol);
        let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", &*url), ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)];
        let (code, text) = doctor(&variables, &[]);
        assert_eq!((code, text.matches("export ok").count()), (0, 3), "{protocol}: {text}");
    }
}
