//! Self metrics: the Prometheus page, OTLP and `stats` have the same numbers.
#![cfg(feature = "prometheus")]

use std::net::TcpListener;

use autotelemetry::{
    Builder, ObservabilityTools, Signal,
    opentelemetry::{
        Context,
        trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState, Tracer as _},
    },
    prelude::*,
};
use test_support::{builder, mock_collector::MockCollector};

/// Returns a builder that exports to `url`, with self metrics.
pub(super) fn measured(url: String) -> Builder {
    sending(url).set("diagnostics.metrics", "true")
}

pub(super) fn sending(url: String) -> Builder {
    builder()
        .service_name("shop")
        .otlp_endpoint(url)
        .set("otlp.protocol", "http/protobuf")
        .set("logs.exporters", "otlp")
        .set("diagnostics.level", "off")
}

/// Returns a builder with self metrics on the Prometheus page only.
pub(super) fn scraped(url: String) -> Builder {
    measured(url).set("metrics.exporters", "prometheus").set("prometheus.port", "0")
}

pub(super) fn log(tools: &ObservabilityTools, records: usize) {
    let logger = tools.logger("shop");
    (0..records).for_each(|_| logger.info("order received", &[]));
}

pub(super) fn trace(tools: &ObservabilityTools, spans: usize) {
    let tracer = tools.tracer("shop");
    (0..spans).for_each(|_| drop(tracer.start_as_current_span("order")));
}

pub(super) fn page(tools: &ObservabilityTools) -> String {
    test_support::http::request(tools.prometheus_address().unwrap(), "GET /metrics").1
}

/// Returns the samples of a name that have these labels and this `error_type`, or none.
pub(super) fn on_page(page: &str, name: &str, labels: &[(&str, &str)], error: Option<&str>) -> Vec<f64> {
    let start = format!("{name}{{");
    let error = error.map(|error| format!("error_type=\"{error}\""));
    page.lines()
        .filter(|line| line.starts_with(&start))
        .filter(|line| labels.iter().all(|(label, value)| line.contains(&format!("{label}=\"{value}\""))))
        .filter(|line| match &error {
            Some(error) => line.contains(error),
            None => !line.contains("error_type"),
        })
        .map(|line| line.rsplit_once(' ').unwrap().1.parse().unwrap())
        .collect()
}

#[test]
fn self_metrics_are_absent_by_default() {
    let mock = MockCollector::start();
    let tools = sending(mock.url())
        .set("metrics.exporters", "otlp,prometheus")
        .set("prometheus.port", "0")
        .build()
        .unwrap();
    trace(&tools, 1);
    log(&tools, 1);
    tools.force_flush().unwrap();
    assert!(!page(&tools).contains("otel_sdk"), "{}", page(&tools));
    tools.shutdown().unwrap();
    assert!(mock.metrics().is_empty());
}

#[test]
fn exported_and_rejected_items_are_counted_apart() {
    let mock = MockCollector::start();
    let tools = scraped(mock.url()).build().unwrap();
    trace(&tools, 5);
    tools.force_flush().unwrap();
    mock.fail_next(&[400]);
    log(&tools, 3);
    tools.force_flush().unwrap_err();
    mock.set_body(r#"{"partialSuccess":{"rejectedLogRecords":1,"errorMessage":"no"}}"#);
    log(&tools, 4);
    tools.force_flush().unwrap_err();

    let page = page(&tools);
    let (host, port) = mock.url().strip_prefix("http://").unwrap().split_once(':').map(own).unwrap();
    let spans = [
        ("otel_component_type", "otlp_http_span_exporter"),
        ("otel_component_name", "otlp_http_span_exporter/otlp"),
        ("server_address", &*host),
        ("server_port", &*port),
    ];
    let logs = [
        ("otel_component_type", "otlp_http_log_exporter"),
        ("otel_component_name", "otlp_http_log_exporter/otlp"),
        ("server_address", &*host),
        ("server_port", &*port),
    ];
    let number = |name: &str, labels: &[(&str, &str)], error| on_page(&page, name, labels, error);
    assert_eq!(number("otel_sdk_exporter_span_exported_total", &spans, None), [5.0], "{page}");
    assert_eq!(number("otel_sdk_exporter_span_inflight", &spans, None), [0.0]);
    assert_eq!(number("otel_sdk_exporter_log_exported_total", &logs, None), [3.0]);
    assert_eq!(number("otel_sdk_exporter_log_exported_total", &logs, Some("rejected")), [4.0]);

    let duration = "otel_sdk_exporter_operation_duration_seconds_count";
    let answered = |labels: &[(&'static str, &'static str)], code| {
        [labels, &[("http_response_status_code", code)]].concat()
    };
    let (span, record) = ("otlp_http_span_exporter", "otlp_http_log_exporter");
    assert_eq!(number(duration, &answered(&[("otel_component_type", span)], "200"), None), [1.0], "{page}");
    let labels = [("otel_component_type", record)];
    assert_eq!(number(duration, &answered(&labels, "400"), Some("rejected")), [1.0]);
    assert_eq!(number(duration, &answered(&labels, "200"), Some("rejected")), [1.0], "a part was rejected");
    assert_eq!(number(duration, &labels, None), [0.0; 0]);

    let processor = [("otel_component_name", "batching_span_processor/otlp")];
    assert_eq!(number("otel_sdk_processor_span_processed_total", &processor, None), [5.0]);
    assert_eq!(number("otel_sdk_processor_span_queue_capacity", &processor, None), [2048.0]);
    let processor = [("otel_component_type", "batching_log_processor")];
    assert_eq!(number("otel_sdk_processor_log_processed_total", &processor, None), [7.0], "also in vain");
    assert_eq!(number("otel_sdk_processor_log_queue_size", &processor, None), [0.0]);
    assert_eq!(number("otel_sdk_log_created_total", &[], None), [7.0]);

    let stats = tools.stats();
    let stats = stats.exporter(Signal::Logs, "otlp").unwrap();
    assert_eq!((stats.exported(), stats.failed(), stats.emitted()), (3, 4, 7));
    tools.shutdown().unwrap();
}

pub(super) fn own((host, port): (&str, &str)) -> (String, String) {
    (host.to_owned(), port.to_owned())
}

#[test]
fn full_queue_is_measured() {
    // Accepts connections and never responds.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let tools = scraped(format!("http://{}", listener.local_addr().unwrap()))
        .set("logs.batch.max_queue_size", "4")
        .set("logs.batch.max_export_batch_size", "2")
        .set("logs.batch.schedule_delay", "1h")
        .set("shutdown_timeout", "100ms")
        .build()
        .unwrap();
    log(&tools, 2);
    // The first batch has left the queue.
    let _connection = listener.accept().unwrap();
    log(&tools, 7);

    let page = page(&tools);
    let number = |name: &str, error| on_page(&page, name, &[], error);
    assert_eq!(number("otel_sdk_processor_log_queue_size", None), [4.0], "{page}");
    assert_eq!(number("otel_sdk_processor_log_queue_capacity", None), [4.0]);
    assert_eq!(number("otel_sdk_processor_log_processed_total", None), [2.0]);
    assert_eq!(number("otel_sdk_processor_log_processed_total", Some("queue_full")), [3.0]);
    assert_eq!(number("otel_sdk_exporter_log_inflight", None), [2.0]);
    assert_eq!(number("otel_sdk_exporter_log_exported_total", None), [0.0]);
    assert_eq!(number("otel_sdk_exporter_log_exported_total", Some("queue_full")), [0.0; 0]);
    let stats = tools.stats();
    let stats = stats.exporter(Signal::Logs, "otlp").unwrap();
    assert_eq!((stats.dropped_by_reason().queue_full(), stats.queued()), (3, 6));
    tools.shutdown().unwrap_err();
}

#[test]
fn unresolvable_host_sets_error_type() {
    let port = test_support::port::free_port();
    let tools =
        scraped(format!("http://127.0.0.1:{port}")).set("otlp.retry.max_attempts", "1").build().unwrap();
    trace(&tools, 2);
    tools.force_flush().unwrap_err();
    let page = page(&tools);
    let number = |name: &str, error| on_page(&page, name, &[], error);
    assert_eq!(number("otel_sdk_exporter_span_exported_total", Some("connection_refused")), [2.0], "{page}");
    assert_eq!(number("otel_sdk_exporter_span_exported_total", None), [0.0]);
    let duration = "otel_sdk_exporter_operation_duration_seconds_count";
    assert_eq!(number(duration, Some("connection_refused")), [1.0]);
    assert!(!page.contains("status_code"), "there was no response: {page}");
    tools.shutdown().unwrap();
}

#[test]
fn spans_are_counted_by_parent_and_sampling_result() {
    let mock = MockCollector::start();
    let tools = scraped(mock.url()).build().unwrap();
    let tracer = tools.tracer("shop");
    let root = tracer.start_as_current_span("root");
    drop(tracer.start_as_current_span("child"));
    let live = page(&tools);
    drop(root);
    for flags in [TraceFlags::SAMPLED, TraceFlags::default()] {
        let parent = SpanContext::new(TraceId::from(1), SpanId::from(1), flags, true, TraceState::default());
        drop(tracer.start_with_context("served", &Context::new().with_remote_span_context(parent)));
    }
    let page = page(&tools);
    let started = |origin, result| {
        let labels = [("otel_span_parent_origin", origin), ("otel_span_sampling_result", result)];
        on_page(&page, "otel_sdk_span_started_total", &labels, None)
    };
    assert_eq!(started("none", "RECORD_AND_SAMPLE"), [1.0], "{page}");
    assert_eq!(started("local", "RECORD_AND_SAMPLE"), [1.0]);
    assert_eq!(started("remote", "RECORD_AND_SAMPLE"), [1.0]);
    assert_eq!(started("remote", "DROP"), [1.0]);
    let sampled = [("otel_span_sampling_result", "RECORD_AND_SAMPLE")];
    assert_eq!(on_page(&live, "otel_sdk_span_live", &sampled, None), [1.0]);
    assert_eq!(on_page(&page, "otel_sdk_span_live", &sampled, None), [0.0]);
    tools.shutdown().unwrap();
}

/// Spans that are recorded and not sampled are live, too.
#[test]
fn recorded_spans_are_counted_apart_from_sampled_ones() {
    let mock = MockCollector::start();
    let text = "[traces.sampler.always_record.root.rule_based]\n\
                rules = [{ span_name = \"kept\", sampler = \"always_on\" }, { sampler = \"always_off\" }]\n";
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("autotelemetry.toml");
    std::fs::write(&path, text).unwrap();
    let tools = scraped(mock.url()).config_file(path).build().unwrap();
    let tracer = tools.tracer("shop");
    let open = [tracer.start("kept"), tracer.start("recorded"), tracer.start("recorded too")];
    let live = page(&tools);
    drop(open);
    let page = page(&tools);
    for (result, spans) in [("RECORD_AND_SAMPLE", 1.0), ("RECORD_ONLY", 2.0)] {
        let labels = [("otel_span_sampling_result", result)];
        assert_eq!(on_page(&page, "otel_sdk_span_started_total", &labels, None), [spans], "{page}");
        assert_eq!(on_page(&live, "otel_sdk_span_live", &labels, None), [spans]);
        assert_eq!(on_page(&page, "otel_sdk_span_live", &labels, None), [0.0]);
    }
    tools.shutdown().unwrap();
    let stats = tools.stats();
    assert_eq!(stats.exporter(Signal::Traces, "otlp").unwrap().exported(), 1);
}

#[test]
fn console_and_file_exporters_are_measured() {
    let directory = tempfile::tempdir().unwrap();
    let tools = builder()
        .service_name("shop")
        .set("logs.exporters", "console,file")
        .set("file.directory", directory.path().to_str().unwrap())
        .set("diagnostics.metrics", "true")
        .console_writer(test_support::line_buffer::LineBuffer::default())
        .prometheus_port(0)
        .build()
        .unwrap();
    log(&tools, 3);
    tools.force_flush().unwrap();
    let page = page(&tools);
    for name in ["console_log_exporter/console", "file_log_exporter/file"] {
        let labels = [("otel_component_name", name)];
        assert_eq!(on_page(&page, "otel_sdk_exporter_log_exported_total", &labels, None), [3.0], "{page}");
        assert_eq!(on_page(&page, "otel_sdk_exporter_log_inflight", &labels, None), [0.0]);
    }
    assert!(!page.contains("otel_sdk_processor"), "neither has a processor with a queue: {page}");
    tools.shutdown().unwrap();
}

/// Scrapes and pushes while everything changes: nothing blocks, no counter decreases, and the final
/// numbers agree.
#[test]
fn self_metrics_stay_exact_under_load() {
    const THREADS: usize = 4;
    const EACH: usize = 2_000;
    let mock = MockCollector::start();
    let tools = scraped(mock.url())
        .set("metrics.exporters", "otlp,prometheus")
        .set("metrics.interval", "100ms")
        .set("logs.batch.max_queue_size", "64")
        .set("logs.batch.max_export_batch_size", "16")
        .build()
        .unwrap();
    let sum = |page: &str, name: &str, error| -> u64 {
        on_page(page, name, &[], error).iter().map(|value| value.to_string().parse::<u64>().unwrap()).sum()
    };
    let processed = "otel_sdk_processor_log_processed_total";
    std::thread::scope(|scope| {
        let work: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| {
                    log(&tools, EACH);
                    trace(&tools, EACH);
                })
            })
            .collect();
        let mut before = (0, 0);
        while work.iter().any(|work| !work.is_finished()) {
            let page = page(&tools);
            let now = (sum(&page, processed, None), sum(&page, processed, Some("queue_full")));
            assert!(now.0 >= before.0 && now.1 >= before.1, "{before:?}, then {now:?}");
            before = now;
        }
    });
    let _ = tools.force_flush();
    let page = page(&tools);
    let stats = tools.stats();
    let logs = stats.exporter(Signal::Logs, "otlp").unwrap();
    assert_eq!(logs.emitted(), (THREADS * EACH) as u64);
    assert_eq!(sum(&page, processed, None), logs.exported());
    assert_eq!(sum(&page, processed, Some("queue_full")), logs.dropped());
    assert_eq!(sum(&page, "otel_sdk_log_created_total", None), logs.emitted());
    let spans = stats.exporter(Signal::Traces, "otlp").unwrap();
    assert_eq!(sum(&page, "otel_sdk_exporter_span_exported_total", None), spans.exported());
    assert_eq!(sum(&page, "otel_sdk_span_started_total", None), spans.emitted());
    tools.shutdown().unwrap();
}
