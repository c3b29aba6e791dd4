//! Flushing and shutting down through the tools and through the providers of the SDK.

use std::{
    io::Write,
    net::TcpListener,
    sync::mpsc,
    time::{Duration, Instant},
};

use autotelemetry::{
    Signal,
    opentelemetry::{logs::LoggerProvider as _, trace::TracerProvider as _},
    prelude::*,
    testing,
};

use test_support::{builder, line_buffer::LineBuffer, mock_collector::MockCollector};

const LIMIT: Duration = Duration::from_millis(300);
/// The time that may pass beyond the limit.
const SLACK: Duration = Duration::from_secs(2);

fn sending_to(url: &str) -> autotelemetry::Builder {
    builder()
        .service_name("x")
        .otlp_endpoint(url)
        .set("logs.exporters", "otlp")
        .set("metrics.exporters", "none")
        .set("shutdown_timeout", "300ms")
        .set("diagnostics.level", "off")
}

/// A writer that blocks in its first call until what is returned is dropped.
fn blocked_writer() -> (impl Write + Send + 'static, mpsc::Sender<()>) {
    struct Blocked(mpsc::Receiver<()>);
    impl Write for Blocked {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let _ = self.0.recv();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let (release, blocked) = mpsc::channel();
    (Blocked(blocked), release)
}

#[test]
fn sdk_provider_flush_delivers_its_signal() {
    let mock = MockCollector::start();
    let tools = sending_to(&mock.url()).build().unwrap();
    drop(tools.tracer("x").start_as_current_span("work"));
    tools.logger("x").info("hello", &[]);
    tools.tracer_provider().force_flush().unwrap();
    assert_eq!((mock.spans().len(), mock.logs().len()), (1, 0));
    tools.logger_provider().force_flush().unwrap();
    assert_eq!((mock.spans().len(), mock.logs().len()), (1, 1));
    tools.shutdown().unwrap();
}

#[test]
fn sdk_provider_shutdown_delivers_and_leaves_tools_usable() {
    let mock = MockCollector::start();
    let tools = sending_to(&mock.url()).build().unwrap();
    let logger = tools.logger("x");
    drop(tools.tracer("x").start_as_current_span("work"));
    logger.info("hello", &[]);
    tools.tracer_provider().shutdown().unwrap();
    tools.logger_provider().shutdown().unwrap();
    assert_eq!((mock.spans().len(), mock.logs().len()), (1, 1));
    logger.info("too late", &[]);
    tools.shutdown().unwrap_err();
    let stats = tools.stats();
    let logs = stats.exporter(Signal::Logs, "otlp").unwrap();
    assert_eq!((logs.emitted(), logs.exported(), logs.dropped_by_reason().shut_down()), (2, 1, 1));
}

#[test]
fn sdk_provider_flush_is_bounded() {
    let hole = TcpListener::bind("127.0.0.1:0").unwrap();
    let tools = sending_to(&format!("http://{}", hole.local_addr().unwrap())).build().unwrap();
    drop(tools.tracer_provider().tracer("x").start_as_current_span("work"));
    tools.logger("x").info("hello", &[]);
    let start = Instant::now();
    tools.tracer_provider().force_flush().unwrap_err();
    assert!(start.elapsed() >= LIMIT && start.elapsed() < LIMIT + SLACK, "{:?}", start.elapsed());
    let start = Instant::now();
    tools.logger_provider().shutdown_with_timeout(LIMIT / 2).unwrap_err();
    assert!(start.elapsed() >= LIMIT / 2 && start.elapsed() < LIMIT / 2 + SLACK, "{:?}", start.elapsed());
}

/// The flush writes spans without their roots, on a thread that may block.
#[test]
fn pending_spans_for_blocked_writer_do_not_delay_shutdown() {
    let (writer, release) = blocked_writer();
    let tools = builder()
        .service_name("x")
        .set("traces.exporters", "console")
        .set("console.format", "text")
        .set("shutdown_timeout", "300ms")
        .set("diagnostics.level", "off")
        .console_writer(writer)
        .build()
        .unwrap();
    let root = tools.tracer("x").start_as_current_span("root");
    drop(tools.tracer("x").start_as_current_span("child"));
    let start = Instant::now();
    let error = tools.shutdown().unwrap_err().to_string();
    assert!(start.elapsed() < LIMIT + SLACK, "{:?}", start.elapsed());
    assert!(error.contains("traces: timed out after 300ms"), "{error}");
    let stats = tools.stats();
    let spans = stats.exporter(Signal::Traces, "console").unwrap();
    assert_eq!((spans.emitted(), spans.dropped_by_reason().shut_down()), (1, 1));
    drop((root, release));
}

#[test]
fn pending_spans_are_written_by_flush() {
    let lines = LineBuffer::default();
    let tools = builder()
        .service_name("x")
        .set("traces.exporters", "console")
        .set("console.format", "text")
        .console_writer(lines.clone())
        .build()
        .unwrap();
    let root = tools.tracer("x").start_as_current_span("root");
    drop(tools.tracer("x").start_as_current_span("child"));
    tools.tracer_provider().force_flush().unwrap();
    assert!(lines.text().contains("child"), "{}", lines.text());
    drop(root);
    tools.shutdown().unwrap();
}

#[test]
fn hanging_callback_does_not_delay_shutdown_of_test_tools() {
    let (release, blocked) = mpsc::channel::<()>();
    let blocked = std::sync::Mutex::new(blocked);
    let (tools, captured) = testing::builder()
        .configure(|builder| builder.set("shutdown_timeout", "300ms").set("diagnostics.level", "off"))
        .build();
    let meter = tools.meter("x");
    meter
        .u64_observable_gauge("slow")
        .with_callback(move |observer| {
            let _ = blocked.lock().unwrap().recv();
            observer.observe(7, &[]);
        })
        .build();
    meter.u64_counter("orders").build().add(1, &[]);
    let start = Instant::now();
    tools.shutdown().unwrap();
    assert!(start.elapsed() < LIMIT, "{:?}", start.elapsed());
    captured.assert_counter("orders").is(1);
    drop(release);
}

/// Records of another bridge are filtered, also right after a record that was filtered before.
#[test]
fn foreign_record_after_own_record_is_filtered() {
    let lines = LineBuffer::default();
    let tools = builder()
        .service_name("x")
        .set("logs.level", "info,loud=debug")
        .set("console.format", "json")
        .console_writer(lines.clone())
        .build()
        .unwrap();
    let foreign = |scope: &'static str| {
        use autotelemetry::opentelemetry::logs::{LogRecord as _, Logger as _};
        let logger = tools.logger_provider().logger(scope);
        let mut record = logger.create_log_record();
        record.set_body(scope.into());
        record.set_severity_number(Severity::Debug);
        logger.emit(record);
    };
    tools.logger("own").info("own", &[]);
    foreign("quiet");
    foreign("loud");
    let text = lines.text();
    assert!(text.contains("own") && text.contains("loud") && !text.contains("quiet"), "{text}");
}

/// The age of a tracer or logger makes no difference.
#[test]
fn items_after_shutdown_are_counted() {
    let mock = MockCollector::start();
    let tools = sending_to(&mock.url()).build().unwrap();
    let (logger, tracer) = (tools.logger("early"), tools.tracer("early"));
    let open = tracer.start_as_current_span("open");
    tools.shutdown().unwrap();
    drop(open);
    drop(tracer.start_as_current_span("early"));
    drop(tools.tracer("late").start_as_current_span("late"));
    logger.info("early", &[]);
    tools.logger("late").info("late", &[]);
    let stats = tools.stats();
    for (signal, lost) in [(Signal::Traces, 3), (Signal::Logs, 2)] {
        let stats = stats.exporter(signal, "otlp").unwrap();
        assert_eq!((stats.emitted(), stats.dropped_by_reason().shut_down()), (lost, lost), "{stats:?}");
        assert_eq!(stats.last_error(), Some("telemetry had been shut down"));
    }
    assert_eq!(mock.received().len(), 0);
}
