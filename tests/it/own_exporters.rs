//! Exporters that the program adds in code under a name.

use std::{
    future::Future,
    sync::{Arc, Mutex, mpsc},
    time::{Duration, Instant},
};

use autotelemetry::{
    ObservabilityTools, opentelemetry::logs::AnyValue, opentelemetry_sdk, prelude::*, stats::ExporterStats,
};
use opentelemetry_sdk::{
    Resource,
    error::{OTelSdkError, OTelSdkResult},
    logs::{LogBatch, LogExporter, SdkLogRecord},
    metrics::{
        Temporality,
        data::{ResourceMetrics, ScopeMetrics},
        exporter::PushMetricExporter,
    },
    trace::{SpanData, SpanExporter},
};
use test_support::{TIMEOUT, builder, mock_collector::MockCollector, with_env, with_file};

const ORDERS: usize = 5;

/// Keeps the names of items.
#[derive(Debug, Default, Clone)]
struct Keeping(Arc<Mutex<Vec<String>>>);

impl Keeping {
    fn keep(&self, names: impl Iterator<Item = String>) {
        self.0.lock().unwrap().extend(names);
    }

    fn kept(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl SpanExporter for Keeping {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.keep(batch.into_iter().map(|span| span.name.into_owned()));
        Ok(())
    }
}

impl LogExporter for Keeping {
    async fn export(&self, batch: LogBatch<'_>) -> OTelSdkResult {
        let body = |record: &SdkLogRecord| match record.body() {
            Some(AnyValue::String(text)) => text.to_string(),
            other => panic!("{other:?}"),
        };
        self.keep(batch.iter().map(|(record, _)| body(record)));
        Ok(())
    }
}

impl PushMetricExporter for Keeping {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let metrics = metrics.scope_metrics().flat_map(ScopeMetrics::metrics);
        self.keep(metrics.map(|metric| metric.name().to_owned()));
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        Temporality::Cumulative
    }
}

fn emit(tools: &ObservabilityTools) {
    let (tracer, logger) = (tools.tracer("shop"), tools.logger("shop"));
    for _ in 0..ORDERS {
        let _span = tracer.start_as_current_span("order");
        logger.info("ordered", &[]);
    }
    tools.meter("shop").u64_counter("orders").build().add(5, &[]);
}

fn stats(tools: &ObservabilityTools, exporter: &str) -> Vec<ExporterStats> {
    tools.stats().exporters().iter().filter(|stats| stats.exporter() == exporter).cloned().collect()
}

#[test]
fn exporters_are_chosen_by_their_names() {
    let mock = MockCollector::start();
    let (spans, logs, metrics) = (Keeping::default(), Keeping::default(), Keeping::default());
    let text = format!(
        "[service]\nname = \"shop\"\n[otlp]\nendpoint = \"{}\"\n[traces]\nexporters = [\"otlp\", \"vendor\"]\n\
         [logs]\nexporters = [\"vendor\"]\nlevel = \"debug\"\n[logs.levels]\nvendor = \"info\"\n\
         [metrics]\nexporters = [\"vendor\"]\n",
        mock.url()
    );
    let (builder, _directory) = with_file(&text, &[]);
    let tools = builder
        .span_exporter("vendor", spans.clone())
        .span_exporter("unused", Panicking)
        .log_exporter("vendor", logs.clone())
        .metric_exporter("vendor", metrics.clone())
        .build()
        .unwrap();
    emit(&tools);
    tools.logger("shop").debug("only below the level", &[]);
    tools.force_flush().unwrap();
    assert_eq!((spans.kept().len(), mock.spans().len()), (ORDERS, ORDERS));
    assert_eq!(logs.kept(), ["ordered"; ORDERS]);
    assert_eq!(metrics.kept(), ["orders"]);
    let counts: Vec<_> = stats(&tools, "vendor")
        .iter()
        .map(|stats| (stats.exported(), stats.failed(), stats.queued()))
        .collect();
    assert_eq!(counts, [(5, 0, 0), (5, 0, 0), (1, 0, 0)]);
    tools.shutdown().unwrap();
}

#[test]
fn unknown_names_are_proposed_from_those_of_the_program() {
    let build = |variable: &str, value: &str| {
        let builder = with_env(&[(variable, value)]).service_name("shop");
        builder.span_exporter("vendor", Keeping::default()).build()
    };
    let problem = |variable: &str, value: &str| build(variable, value).unwrap_err().to_string();
    let text = problem("AUTOTEL_TRACES__EXPORTERS", "vendr");
    assert!(text.contains("did you mean \"vendor\"?"), "{text}");
    // It accepts spans only.
    let text = problem("AUTOTEL_LOGS__EXPORTERS", "vendor");
    assert!(text.contains("there is no exporter \"vendor\" for logs"), "{text}");
    let tools = build("OTEL_TRACES_EXPORTER", "vendor,otlp").unwrap();
    assert_eq!(stats(&tools, "vendor").len(), 1);
}

#[test]
fn names_that_cannot_be_used_are_refused() {
    let problem = |file: &str, name: &str, again: Option<&str>| {
        let (builder, _directory) = with_file(&format!("[service]\nname = \"shop\"\n{file}"), &[]);
        let mut builder = builder.span_exporter(name, Keeping::default());
        if let Some(again) = again {
            builder = builder.span_exporter(again, Keeping::default());
        }
        builder.build().unwrap_err().to_string()
    };
    for name in ["otlp", "none", "Vendor", "", "my-vendor"] {
        let text = problem("", name, None);
        assert!(text.contains("must consist of a-z") && text.contains("choose another name"), "{text}");
    }
    let text = problem("", "vendor", Some("vendor"));
    assert!(text.contains("adds two exporters \"vendor\" for traces"), "{text}");
    let table = "[exporters.vendor]\nendpoint = \"http://localhost:1\"\n";
    let text = problem(table, "vendor", None);
    assert!(text.contains("is also the name of an exporter that the program adds"), "{text}");
}

#[derive(Debug)]
struct Panicking;

impl SpanExporter for Panicking {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        panic!("on purpose, with {} spans", batch.len())
    }
}

/// Panics in each of its functions.
#[derive(Debug)]
struct AlwaysPanicking;

impl SpanExporter for AlwaysPanicking {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        panic!("on purpose, with {} spans", batch.len())
    }

    fn force_flush(&self) -> OTelSdkResult {
        panic!("on purpose")
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        panic!("on purpose")
    }
}

impl LogExporter for AlwaysPanicking {
    async fn export(&self, _: LogBatch<'_>) -> OTelSdkResult {
        panic!("on purpose")
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        panic!("on purpose")
    }
}

impl PushMetricExporter for AlwaysPanicking {
    async fn export(&self, _: &ResourceMetrics) -> OTelSdkResult {
        panic!("on purpose")
    }

    fn force_flush(&self) -> OTelSdkResult {
        panic!("on purpose")
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        panic!("on purpose")
    }

    fn temporality(&self) -> Temporality {
        Temporality::Cumulative
    }
}

/// The other exporter of each signal gets everything, before the deadline.
#[test]
fn exporter_that_panics_everywhere_affects_no_other_one() {
    let mock = MockCollector::start();
    let mut builder =
        builder().service_name("shop").otlp_endpoint(mock.url()).set("diagnostics.level", "off");
    for signal in ["traces", "logs", "metrics"] {
        builder = builder.set(format!("{signal}.exporters"), "panicking,otlp");
    }
    let tools = builder
        .span_exporter("panicking", AlwaysPanicking)
        .log_exporter("panicking", AlwaysPanicking)
        .metric_exporter("panicking", AlwaysPanicking)
        .build()
        .unwrap();
    emit(&tools);
    tools.force_flush().unwrap_err();
    emit(&tools);
    let start = Instant::now();
    tools.shutdown().unwrap_err();
    assert!(start.elapsed() < TIMEOUT / 10, "{:?}", start.elapsed());
    assert_eq!((mock.spans().len(), mock.logs().len()), (2 * ORDERS, 2 * ORDERS));
    assert_eq!(mock.metrics().len(), 2);
    let panicking = stats(&tools, "panicking");
    assert_eq!(panicking.len(), 3);
    for stats in panicking {
        assert_eq!((stats.exported(), stats.queued()), (0, 0), "{stats:?}");
        assert_eq!(stats.emitted(), stats.failed() + stats.dropped(), "{stats:?}");
    }
}

#[derive(Debug)]
struct Failing;

impl SpanExporter for Failing {
    async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
        Err(OTelSdkError::InternalFailure("out of paper".to_owned()))
    }
}

#[test]
fn failures_and_panics_are_counted_and_affect_no_other_exporter() {
    let good = Keeping::default();
    let tools = builder()
        .service_name("shop")
        .set("traces.exporters", "panicking,failing,good")
        .set("traces.batch.max_export_batch_size", 2)
        .set("diagnostics.level", "off")
        .span_exporter("panicking", Panicking)
        .span_exporter("failing", Failing)
        .span_exporter("good", good.clone())
        .build()
        .unwrap();
    emit(&tools);
    let error = tools.force_flush().unwrap_err();
    assert!(error.to_string().contains("10"), "{error}");
    assert_eq!(good.kept().len(), ORDERS);
    for name in ["panicking", "failing"] {
        let [stats] = &*stats(&tools, name) else { panic!("{name}") };
        assert_eq!((stats.emitted(), stats.failed(), stats.queued()), (5, 5, 0), "{name}");
    }
    let last = |name: &str| stats(&tools, name)[0].last_error().unwrap().to_owned();
    assert_eq!(last("panicking"), "the exporter panicked");
    assert!(last("failing").contains("out of paper"), "{}", last("failing"));
}

/// Never returns from an export, until its sender is dropped.
#[derive(Debug)]
struct Hanging(Mutex<mpsc::Receiver<()>>);

impl Hanging {
    fn new() -> (mpsc::Sender<()>, Self) {
        let (release, gate) = mpsc::channel();
        (release, Self(Mutex::new(gate)))
    }

    fn hang(&self) {
        let _ = self.0.lock().unwrap().recv();
    }
}

impl SpanExporter for Hanging {
    async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
        self.hang();
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        self.hang();
        Ok(())
    }
}

impl LogExporter for Hanging {
    fn export(&self, _: LogBatch<'_>) -> impl Future<Output = OTelSdkResult> + Send {
        std::future::pending()
    }
}

impl PushMetricExporter for Hanging {
    async fn export(&self, _: &ResourceMetrics) -> OTelSdkResult {
        self.hang();
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.hang();
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        self.hang();
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        Temporality::Delta
    }
}

#[test]
fn exporter_that_hangs_keeps_no_deadline_from_being_kept() {
    const LIMIT: Duration = Duration::from_secs(2);
    let mock = MockCollector::start();
    let (release_spans, spans) = Hanging::new();
    let (_release_logs, logs) = Hanging::new();
    let (release_metrics, metrics) = Hanging::new();
    let tools = builder()
        .service_name("shop")
        .otlp_endpoint(mock.url())
        .set("traces.exporters", "hanging,otlp")
        .set("logs.exporters", "hanging,otlp")
        .set("metrics.exporters", "hanging,otlp")
        .set("shutdown_timeout", "2s")
        .set("diagnostics.level", "off")
        .span_exporter("hanging", spans)
        .log_exporter("hanging", logs)
        .metric_exporter("hanging", metrics)
        .build()
        .unwrap();
    emit(&tools);
    let start = Instant::now();
    tools.shutdown().unwrap_err();
    assert!(start.elapsed() < LIMIT + TIMEOUT / 10, "{:?}", start.elapsed());
    assert_eq!((mock.spans().len(), mock.logs().len(), mock.metrics().len()), (ORDERS, ORDERS, 1));
    for stats in stats(&tools, "hanging") {
        assert_eq!(stats.emitted(), stats.exported() + stats.failed() + stats.dropped(), "{stats:?}");
        assert_eq!((stats.exported(), stats.queued()), (0, 0), "{stats:?}");
    }
    drop((release_spans, release_metrics));
}

#[test]
fn time_limit_of_an_export_frees_the_queue() {
    let (release, hanging) = Hanging::new();
    let tools = builder()
        .service_name("shop")
        .set("traces.exporters", "hanging")
        .set("traces.batch.export_timeout", "50ms")
        .set("diagnostics.level", "off")
        .span_exporter("hanging", hanging)
        .build()
        .unwrap();
    emit(&tools);
    tools.force_flush().unwrap_err();
    let [stats] = &*stats(&tools, "hanging") else { panic!() };
    assert_eq!((stats.failed(), stats.queued()), (5, 0));
    assert_eq!(stats.last_error(), Some("the exporter has not returned within 50ms"));
    drop(release);
}

/// Notes its calls, and whether telemetry is suppressed.
#[derive(Debug, Default, Clone)]
struct Noting(Arc<Mutex<Vec<String>>>);

impl Noting {
    fn note(&self, call: impl Into<String>) {
        self.0.lock().unwrap().push(call.into());
    }
}

impl SpanExporter for Noting {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        // Timers need a runtime, which some exporters expect.
        tokio::time::sleep(Duration::from_millis(1)).await;
        tracing::error!("not recorded");
        self.note(format!("export of {}", batch.len()));
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.note("flush");
        Ok(())
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        assert!(timeout <= Duration::from_secs(5));
        self.note("shutdown");
        Ok(())
    }

    fn set_resource(&mut self, resource: &Resource) {
        let name = resource.get(&"service.name".into()).unwrap();
        self.note(format!("resource of {name}"));
    }
}

#[test]
fn exporter_is_flushed_and_shut_down_after_its_last_export() {
    let noting = Noting::default();
    let tools = builder()
        .service_name("shop")
        .set("traces.exporters", "noting")
        .span_exporter("noting", noting.clone())
        .build()
        .unwrap();
    emit(&tools);
    tools.force_flush().unwrap();
    drop(tools.tracer("shop").start_as_current_span("last"));
    tools.shutdown().unwrap();
    assert_eq!(
        *noting.0.lock().unwrap(),
        ["resource of shop", "export of 5", "flush", "export of 1", "shutdown"]
    );
}
