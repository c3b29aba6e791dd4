//! Connectivity checks by the tools, and by a builder that builds none.

use std::{net::TcpListener, time::Duration};

use autotelemetry::{
    Signal,
    doctor::{CheckFailure, Step},
    error::ErrorKind,
};
use test_support::{builder, mock_collector::MockCollector, with_env};

#[test]
fn probe_works_inside_a_current_thread_runtime() {
    let mock = MockCollector::start();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let tools = builder()
        .service_name("x")
        .otlp_endpoint(mock.url())
        .set("otlp.logs.endpoint", format!("http://{}/v1/logs", silent.local_addr().unwrap()))
        .set("otlp.logs.timeout", "200ms")
        .set("otlp.metrics.endpoint", "http://nonexistent.invalid/v1/metrics")
        .build()
        .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let report = runtime.block_on(async { tools.probe() }).unwrap();
    let failed = |signal| {
        let result = report.results().iter().find(|result| result.signal() == signal).unwrap();
        result.failure().map(CheckFailure::step)
    };
    assert_eq!(failed(Signal::Traces), None);
    assert_eq!(failed(Signal::Logs), Some(Step::Export));
    assert_eq!(failed(Signal::Metrics), Some(Step::Resolve));
    assert!(!report.is_ok());
    let logs = report.results().iter().find(|result| result.signal() == Signal::Logs).unwrap();
    assert!(logs.took() < Duration::from_secs(2), "{logs}");
}

#[test]
fn builder_probes_without_tools() {
    let mock = MockCollector::start();
    let report = builder().service_name("x").otlp_endpoint(mock.url()).probe().unwrap();
    assert!(report.is_ok(), "{report}");
    assert_eq!((report.results().len(), mock.received().len()), (3, 3));

    let error = with_env(&[("AUTOTEL_OTLP__TIMEOUT", "soon")]).service_name("x").probe().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
    let report = with_env(&[("AUTOTEL_OTLP__TIMEOUT", "soon")]).force("disabled", true).probe().unwrap();
    assert_eq!(report.results(), []);
}
