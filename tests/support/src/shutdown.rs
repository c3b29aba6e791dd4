//! Shutdown in every kind of runtime, with checks of its duration and of the statistics.

use std::time::{Duration, Instant};

use autotelemetry::{Builder, ObservabilityTools, Signal, prelude::*, stats::ExporterStats};

use crate::builder;

/// The `shutdown_timeout`.
pub const LIMIT: Duration = Duration::from_secs(1);

/// The tolerance of time measurements on a busy machine. A second wait would take longer.
pub const SLACK: Duration = Duration::from_millis(750);

pub const PROTOCOLS: [&str; 2] = ["grpc", "http/protobuf"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runtime {
    None,
    CurrentThread,
    MultiThread,
}

impl Runtime {
    pub const ALL: [Self; 3] = [Self::None, Self::CurrentThread, Self::MultiThread];

    pub fn run(self, work: impl FnOnce() + Send + 'static) {
        match self {
            Self::None => work(),
            Self::CurrentThread => {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async { work() });
            }
            Self::MultiThread => {
                let runtime = tokio::runtime::Builder::new_multi_thread()
                    .worker_threads(1)
                    .enable_all()
                    .build()
                    .unwrap();
                runtime.block_on(async { tokio::spawn(async { work() }).await.unwrap() });
            }
        }
    }
}

/// Returns a builder that exports all signals to `url`.
pub fn tools(url: &str, protocol: &str) -> Builder {
    builder()
        .service_name("shutdown")
        .otlp_endpoint(url)
        .set("otlp.protocol", protocol)
        .set("logs.exporters", "otlp")
        .set("shutdown_timeout", "1s")
        .set("diagnostics.level", "off")
}

/// Emits three batches of spans, as many log records, and a count.
pub fn emit(tools: &ObservabilityTools) {
    let (tracer, logger) = (tools.tracer("shutdown"), tools.logger("shutdown"));
    for number in 0..1500 {
        let number = [KeyValue::new("n", number)];
        tracer.start_as_current_span("work").set_attributes(number.clone());
        logger.info("hello", &number);
    }
    tools.meter("shutdown").u64_counter("things").build().add(1, &[]);
}

/// Returns the statistics of the three signals, and asserts that they add up.
pub fn signal_stats(tools: &ObservabilityTools) -> [ExporterStats; 3] {
    let stats = tools.stats();
    Signal::ALL.map(|signal| {
        let stats = stats.exporter(signal, "otlp").unwrap().clone();
        let parts = stats.exported() + stats.failed() + stats.dropped() + stats.queued();
        assert_eq!(stats.emitted(), parts, "{stats:?}");
        stats
    })
}

/// The duration of a shutdown, and the statistics after it.
pub struct Outcome {
    pub took: Duration,
    pub spans: ExporterStats,
    pub logs: ExporterStats,
}

/// Emits, calls `meanwhile`, shuts down, and checks the duration and the statistics.
pub fn shut_down(
    url: &str,
    protocol: &'static str,
    runtime: Runtime,
    meanwhile: impl FnOnce() + Send + 'static,
) -> Outcome {
    let (url, context) = (url.to_owned(), format!("{url}, {protocol}, {runtime:?}"));
    let (sender, receiver) = std::sync::mpsc::channel();
    runtime.run(move || {
        let tools = tools(&url, protocol).build().unwrap();
        emit(&tools);
        meanwhile();
        let start = Instant::now();
        let result = tools.shutdown();
        let took = start.elapsed();
        let [spans, metrics, logs] = signal_stats(&tools);
        for stats in [&spans, &metrics, &logs] {
            assert_eq!(stats.queued(), 0, "{stats:?}");
        }
        let lost = [&spans, &metrics, &logs].iter().any(|stats| stats.failed() + stats.dropped() > 0);
        assert_eq!(lost, result.is_err(), "{result:?}, {spans:?}, {metrics:?}, {logs:?}");
        assert_eq!((spans.emitted(), metrics.emitted(), logs.emitted()), (1500, 1, 1500));
        let start = Instant::now();
        drop(tools);
        assert!(start.elapsed() < SLACK, "nothing is left to do: {:?}", start.elapsed());
        sender.send(Outcome { took, spans, logs }).unwrap();
    });
    let outcome = receiver.recv().unwrap();
    assert!(outcome.took <= LIMIT + SLACK, "{context}: {:?}", outcome.took);
    outcome
}

/// Emits and drops the tools. Returns how long the drop takes.
pub fn drop_tools(url: &str, protocol: &'static str, runtime: Runtime) -> Duration {
    let (sender, receiver) = std::sync::mpsc::channel();
    let url = url.to_owned();
    runtime.run(move || {
        let tools = tools(&url, protocol).build().unwrap();
        emit(&tools);
        let start = Instant::now();
        drop(tools);
        sender.send(start.elapsed()).unwrap();
    });
    let took = receiver.recv().unwrap();
    assert!(took <= LIMIT + SLACK, "{protocol}, {runtime:?}, by drop: {took:?}");
    took
}

/// A row of the table: the longest time of all runtimes, for each protocol.
pub struct Row(pub &'static str, pub [Duration; 2]);

/// Shuts down in each runtime, with each protocol. `meanwhile` runs before each shutdown, `check`
/// after it.
pub fn row(
    name: &'static str,
    url: impl Fn(&str) -> String,
    meanwhile: impl Fn() + Clone + Send + 'static,
    check: impl Fn(&Outcome),
) -> Row {
    Row(
        name,
        PROTOCOLS.map(|protocol| {
            let url = url(protocol);
            let durations = Runtime::ALL.map(|runtime| {
                let outcome = shut_down(&url, protocol, runtime, meanwhile.clone());
                check(&outcome);
                outcome.took
            });
            let dropped = drop_tools(&url, protocol, Runtime::CurrentThread);
            durations.into_iter().chain([dropped]).max().unwrap()
        }),
    )
}

/// Prints the table of the documentation.
pub fn print(rows: &[Row]) {
    println!("| Collector | grpc | http/protobuf |\n|---|---|---|");
    for Row(name, [grpc, http]) in rows {
        println!("| {name} | {:.3} s | {:.3} s |", grpc.as_secs_f64(), http.as_secs_f64());
    }
}
