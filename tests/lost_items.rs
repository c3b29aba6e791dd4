//! The cost of an item that is lost, on the thread of the program.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    io::{self, Write},
    net::TcpListener,
    sync::mpsc,
};

use autotelemetry::{
    ObservabilityTools, Signal,
    opentelemetry::trace::{Span as _, Tracer as _},
};
use test_support::builder;

const ITEMS: u64 = 1000;

/// Returns the allocations of `ITEMS` calls on this thread.
fn allocations(mut emit: impl FnMut()) -> u64 {
    // The first calls fill buffers.
    (0..100).for_each(|_| emit());
    allocation_counter::measure(|| (0..ITEMS).for_each(|_| emit())).count_total
}

/// Asserts that lost records and spans of `tools` cost no allocation, also if they exceed limits.
fn assert_no_allocations(tools: &ObservabilityTools, exporters: &[&str]) {
    let logger = tools.logger("test");
    let tracer = tools.tracer("test");
    let dropped = |signal| {
        let stats = tools.stats();
        exporters.iter().map(|exporter| stats.exporter(signal, exporter).unwrap().dropped()).sum::<u64>()
    };
    let before = (dropped(Signal::Logs), dropped(Signal::Traces));
    assert_eq!(allocations(|| logger.info("a record of static text", &[])), 0, "records");
    assert_eq!(allocations(|| tracer.start("a span of static text").end()), 0, "spans");
    let lost = ITEMS * exporters.len() as u64;
    assert!(dropped(Signal::Logs) - before.0 >= lost, "{:?}", tools.stats());
    assert!(dropped(Signal::Traces) - before.1 >= lost, "{:?}", tools.stats());
}

#[test]
fn item_that_finds_the_queue_full_or_closed_costs_no_allocation() {
    // Connections are accepted, and no request is answered.
    let hole = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", hole.local_addr().unwrap());
    let tools = builder()
        .service_name("test")
        .set("metrics.exporters", "none")
        .set("traces.exporters", "otlp,second")
        .set("logs.exporters", "otlp,second")
        .set("traces.batch.max_queue_size", 10)
        .set("logs.batch.max_queue_size", 10)
        .set("otlp.endpoint", url.as_str())
        .set("exporters.second.endpoint", url.as_str())
        .set("shutdown_timeout", "100ms")
        .set("diagnostics.level", "off")
        .set("attribute_limits.attribute_value_length_limit", 10)
        .build()
        .unwrap();
    let logger = tools.logger("test");
    let tracer = tools.tracer("test");
    // One batch of ten is in flight, and the queue is full behind it.
    let is_full = |signal, exporter| tools.stats().exporter(signal, exporter).unwrap().queued() == 20;
    while !["otlp", "second"].iter().all(|it| is_full(Signal::Logs, it) && is_full(Signal::Traces, it)) {
        logger.info("filling", &[]);
        tracer.start("filling").end();
    }
    assert_no_allocations(&tools, &["otlp", "second"]);
    tools.shutdown().unwrap_err();
    assert_no_allocations(&tools, &["otlp", "second"]);
    drop(hole);
}

/// A writer that blocks in its first call until it is released.
struct Blocked {
    entered: mpsc::Sender<()>,
    release: mpsc::Receiver<()>,
}

impl Write for Blocked {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.entered.send(());
        let _ = self.release.recv();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn line_that_finds_the_queue_full_costs_no_allocation() {
    let (entered, has_entered) = mpsc::channel();
    let (release, released) = mpsc::channel();
    let tools = builder()
        .service_name("test")
        .set("metrics.exporters", "none")
        .set("traces.exporters", "console")
        .set("logs.exporters", "console")
        .set("console.format", "json")
        .set("diagnostics.level", "off")
        .set("attribute_limits.attribute_value_length_limit", 10)
        .console_writer(Blocked { entered, release: released })
        .build()
        .unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| tools.logger("test").info("blocked", &[]));
        // From here on, the writer is busy, and lines go to the queue.
        has_entered.recv().unwrap();
        let logger = tools.logger("test");
        let line = "x".repeat(1000);
        let dropped = || tools.stats().exporter(Signal::Logs, "console").unwrap().dropped();
        while dropped() == 0 {
            logger.info(line.clone(), &[]);
        }
        assert_no_allocations(&tools, &["console"]);
        drop(release);
    });
}

#[test]
#[cfg(unix)]
fn line_without_a_reader_costs_no_allocation() {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    // The test harness of the child needs standard output.
    let mut child = test_support::process::function("", "child_without_a_reader");
    let output = child.stderr(writer).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
#[cfg(unix)]
#[ignore = "child process of other tests"]
fn child_without_a_reader() {
    let tools = builder()
        .service_name("test")
        .set("metrics.exporters", "none")
        .set("traces.exporters", "console")
        .set("logs.exporters", "console")
        .set("console.format", "json")
        .set("console.stream", "stderr")
        .set("diagnostics.level", "off")
        .build()
        .unwrap();
    assert_no_allocations(&tools, &["console"]);
}
