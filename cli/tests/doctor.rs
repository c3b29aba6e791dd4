//! What is said about the way to each destination, by the command line and by the tools.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::{net::TcpListener, time::Duration};

use autotelemetry::{Signal, doctor::Step};
use serde_json::Value;
use support::{builder, collector::Collector, program::clean, sink::Sink};

fn doctor(variables: &[(&str, &str)], arguments: &[&str]) -> (i32, String) {
    let directory = tempfile::tempdir().unwrap();
    let mut command = clean(env!("CARGO_BIN_EXE_autotelemetry").into());
    command.current_dir(directory.path()).arg("doctor").args(arguments);
    command.env("OTEL_SERVICE_NAME", "x").envs(variables.iter().copied());
    let output = command.output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

/// The lines without their durations, which differ.
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
fn every_signal_of_a_destination_that_works_is_ok() {
    let sink = Sink::start();
    let url = sink.url();
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
    assert_eq!((sink.received().len(), sink.spans().len(), sink.logs().len()), (6, 0, 0), "all empty");
    // Strict servers refuse requests of which they do not know where they end.
    let received = sink.received();
    let over_http: Vec<_> = received.iter().filter(|request| request.path.starts_with("/v1/")).collect();
    assert_eq!(over_http.len(), 3);
    assert!(over_http.iter().all(|request| request.header("content-length") == Some("0")), "{over_http:?}");
}

#[test]
fn what_fails_is_told_with_the_step_and_what_to_try() {
    let (code, text) = doctor(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://127.0.0.1:1/v1/traces")], &[]);
    assert_eq!(code, 1);
    assert_eq!(
        without_times(&text),
        "traces to otlp (http/protobuf http://127.0.0.1:1/v1/traces): resolve ok, connect FAILED\n    \
         cannot reach 127.0.0.1:1 (connection refused)\n    help: check that the receiver is running and listens on this port\n"
    );
}

#[test]
fn the_answer_for_machines_names_each_step() {
    let sink = Sink::start();
    sink.refuse(&[401]);
    sink.say(r#"{"message":"token expired"}"#);
    let endpoint = format!("{}/v1/traces", sink.url());
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
fn a_bad_configuration_comes_first_and_nothing_to_reach_is_well() {
    let (code, text) = doctor(&[("AUTOTEL_OTLP__TIMEOUT", "soon")], &[]);
    assert_eq!(code, 1);
    assert!(text.starts_with("error: AUTOTEL_OTLP__TIMEOUT: \"soon\" is not a duration"), "{text}");
    assert_eq!(doctor(&[], &[]), (0, "nothing to check: no signal has an OTLP exporter\n".to_owned()));
    let disabled = [("OTEL_SDK_DISABLED", "true"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")];
    assert_eq!(doctor(&disabled, &[]).0, 0);
}

#[test]
fn the_tools_answer_from_wherever_they_are_asked() {
    let sink = Sink::start();
    let hole = TcpListener::bind("127.0.0.1:0").unwrap();
    let tools = builder()
        .service_name("x")
        .otlp_endpoint(sink.url())
        .set("otlp.logs.endpoint", format!("http://{}/v1/logs", hole.local_addr().unwrap()))
        .set("otlp.logs.timeout", "200ms")
        .set("otlp.metrics.endpoint", "http://nonexistent.invalid/v1/metrics")
        .build()
        .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let probe = runtime.block_on(async { tools.probe() }).unwrap();
    let failed = |signal| {
        let result = probe.results().iter().find(|result| result.signal == signal).unwrap();
        result.failure.as_ref().map(|failure| failure.step)
    };
    assert_eq!(failed(Signal::Traces), None);
    assert_eq!(failed(Signal::Logs), Some(Step::Export));
    assert_eq!(failed(Signal::Metrics), Some(Step::Resolve));
    assert!(!probe.is_ok());
    let logs = probe.results().iter().find(|result| result.signal == Signal::Logs).unwrap();
    assert!(logs.took < Duration::from_secs(2), "{logs}");
}

#[test]
#[ignore = "needs the OpenTelemetry Collector (OTELCOL)"]
fn a_real_collector_takes_empty_exports_and_shows_nothing() {
    let collector = Collector::start();
    for protocol in ["grpc", "http/protobuf", "http/json"] {
        let url = collector.url(protocol);
        let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", &*url), ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)];
        let (code, text) = doctor(&variables, &[]);
        assert_eq!((code, text.matches("export ok").count()), (0, 3), "{protocol}: {text}");
    }
}
