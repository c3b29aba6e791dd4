//! Rules for single instrumentation scopes.

use autotelemetry::{
    ObservabilityTools,
    opentelemetry::logs::{LogRecord as _, Logger as _, LoggerProvider as _, Severity},
    prelude::*,
};
use opentelemetry_proto::tonic::trace::v1::Span;
use test_support::{
    line_buffer::LineBuffer, mock_collector::MockCollector, streams::stream_lines, with_file,
};
use tracing_subscriber::layer::SubscriberExt as _;

/// Runs `emit` with this text in the file, and returns what arrives.
fn arriving(rules: &str, emit: impl FnOnce(&ObservabilityTools)) -> MockCollector {
    let mock = MockCollector::start();
    let text = format!(
        "[service]\nname = \"shop\"\n[otlp]\nendpoint = \"{}\"\n[logs]\nexporters = [\"otlp\"]\nlevel = \"debug\"\n{rules}\n",
        mock.url()
    );
    let (builder, _directory) = with_file(&text, &[]);
    let tools = builder.build().unwrap();
    emit(&tools);
    tools.shutdown().unwrap();
    mock
}

fn names(mut spans: Vec<Span>) -> Vec<String> {
    spans.sort_by(|one, other| one.name.cmp(&other.name));
    spans.into_iter().map(|span| span.name).collect()
}

fn bodies(mock: &MockCollector) -> Vec<String> {
    let logs = mock.logs().into_iter();
    let mut bodies: Vec<_> = logs.map(|(_, record)| format!("{:?}", record.body)).collect();
    bodies.sort();
    bodies.iter().map(|body| body.split('"').nth(1).unwrap_or_default().to_owned()).collect()
}

#[test]
fn disabled_meter_records_nothing() {
    let rules =
        "[[metrics.scopes]]\nname = \"noisy.core\"\n[[metrics.scopes]]\nname = \"noisy*\"\nenabled = false\n";
    let mock = arriving(rules, |tools| {
        for scope in ["noisy", "noisy.core", "noisy.other", "shop"] {
            let meter = tools.meter(scope);
            meter.u64_counter(format!("{scope}.counter")).build().add(1, &[]);
            meter
                .f64_histogram(format!("{scope}.histogram"))
                .with_boundaries(vec![])
                .build()
                .record(1.0, &[]);
            let name = format!("{scope}.observed");
            meter.u64_observable_gauge(name).with_callback(|observer| observer.observe(1, &[])).build();
        }
    });
    let lines = stream_lines(mock.metrics());
    let scopes: Vec<_> = lines.iter().filter_map(|line| line.split_once(".counter ")).collect();
    assert_eq!(scopes, [("noisy.core", "sum cumulative {} 1"), ("shop", "sum cumulative {} 1")]);
    assert_eq!(lines.len(), 6, "{lines:?}");
}

#[test]
fn spans_of_a_disabled_tracer_remain_parents() {
    let rules = "[[traces.scopes]]\nname = \"pool\"\nenabled = false\n";
    let mock = arriving(rules, |tools| {
        let _outer = tools.tracer("shop").start_as_current_span("order");
        let _pool = tools.tracer("pool").start_as_current_span("acquire");
        drop(tools.tracer("shop").start_as_current_span("query"));
    });
    let spans = mock.spans();
    assert_eq!(names(spans.clone()), ["order", "query"]);
    let find = |name: &str| spans.iter().find(|span| span.name == name).unwrap();
    assert_eq!(find("query").trace_id, find("order").trace_id, "the trace stays whole");
}

#[test]
fn disabled_target_of_tracing_creates_no_spans() {
    let rules = "[[traces.scopes]]\nname = \"pool::*\"\nenabled = false\n";
    let mock = arriving(rules, |tools| {
        let subscriber = tracing_subscriber::registry().with(tools.tracing_layer());
        tracing::subscriber::with_default(subscriber, || {
            let _order = tracing::info_span!(target: "shop", "order").entered();
            let _acquire = tracing::info_span!(target: "pool::acquire", "acquire").entered();
            let _query = tracing::info_span!(target: "shop", "query").entered();
            tracing::info!(target: "pool::acquire", "still a record");
        });
    });
    let spans = mock.spans();
    assert_eq!(names(spans.clone()), ["order", "query"]);
    let find = |name: &str| spans.iter().find(|span| span.name == name).unwrap();
    assert_eq!(find("query").parent_span_id, find("order").span_id);
    assert_eq!(bodies(&mock), ["still a record"]);
}

#[test]
fn rules_limit_the_records_of_each_source() {
    let rules = "[[logs.scopes]]\nname = \"db\"\nminimum_severity = \"warn\"\n\
                 [[logs.scopes]]\nname = \"noisy*\"\nenabled = false\n";
    let mock = arriving(rules, |tools| {
        let subscriber = tracing_subscriber::registry().with(tools.tracing_layer());
        let other = tools.logger_provider().logger("db");
        tracing::subscriber::with_default(subscriber, || {
            for target in ["db", "noisy::part", "shop"] {
                let logger = tools.logger(target);
                assert_eq!(logger.enabled(Severity::Debug), target == "shop");
                logger.info(format!("info by {target}"), &[]);
                logger.error(format!("error by {target}"), &[]);
            }
            tracing::info!(target: "db", "info by tracing");
            tracing::warn!(target: "db", "warning by tracing");
            tracing::error!(target: "noisy", "error by tracing");
        });
        for severity in [Severity::Info, Severity::Warn] {
            let mut record = other.create_log_record();
            record.set_body(format!("{severity:?} by a bridge").into());
            record.set_severity_number(severity);
            other.emit(record);
        }
    });
    assert_eq!(
        bodies(&mock),
        ["Warn by a bridge", "error by db", "error by shop", "info by shop", "warning by tracing"]
    );
}

#[test]
fn level_change_respects_the_rules() {
    let rules = "[[logs.scopes]]\nname = \"db\"\nminimum_severity = \"warn\"\n";
    arriving(rules, |tools| {
        let (db, shop) = (tools.logger("db"), tools.logger("shop"));
        tools.set_log_level("trace").unwrap();
        assert!(!db.enabled(Severity::Info) && db.enabled(Severity::Warn) && shop.enabled(Severity::Trace));
        tools.set_log_level("error").unwrap();
        assert!(!db.enabled(Severity::Warn) && !shop.enabled(Severity::Warn));
    });
}

#[test]
fn trace_based_rule_drops_records_of_unsampled_traces() {
    for exporters in ["[\"otlp\"]", "[\"console\", \"otlp\"]"] {
        let rules = format!(
            "[[logs.scopes]]\nname = \"db*\"\ntrace_based = true\n[traces]\nsampler = \"always_off\"\n\
             [profiles.both.logs]\nexporters = {exporters}\n"
        );
        let mock = arriving(&rules, |tools| {
            let (db, shop) = (tools.logger("db"), tools.logger("shop"));
            db.info("outside", &[]);
            let _span = tools.tracer("shop").start_as_current_span("not sampled");
            db.info("not sampled", &[]);
            shop.info("of another scope", &[]);
            let bridge = tools.logger_provider().logger("db.bridge");
            let mut record = bridge.create_log_record();
            record.set_body("by a bridge".into());
            bridge.emit(record);
        });
        assert_eq!(bodies(&mock), ["of another scope", "outside"]);
    }
    let rules = "[[logs.scopes]]\nname = \"db\"\ntrace_based = true\n";
    let mock = arriving(rules, |tools| {
        let _span = tools.tracer("shop").start_as_current_span("sampled");
        tools.logger("db").info("sampled", &[]);
    });
    assert_eq!(bodies(&mock), ["sampled"]);
}

#[test]
fn lines_of_json_respect_trace_based_rules() {
    let lines = LineBuffer::default();
    let text = "[service]\nname = \"shop\"\n[logs]\nexporters = [\"console\"]\n[console]\nformat = \"json\"\n\
                [[logs.scopes]]\nname = \"db\"\ntrace_based = true\n[traces]\nsampler = \"always_off\"\n";
    let (builder, _directory) = with_file(text, &[]);
    let tools = builder.console_writer(lines.clone()).build().unwrap();
    let _span = tools.tracer("shop").start_as_current_span("not sampled");
    tools.logger("db").info("dropped", &[]);
    tools.logger("shop").info("kept", &[]);
    tools.shutdown().unwrap();
    assert!(lines.text().contains("kept") && !lines.text().contains("dropped"), "{}", lines.text());
}
