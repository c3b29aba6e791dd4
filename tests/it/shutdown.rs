//! However the other side behaves, the end of telemetry takes no longer than `shutdown_timeout`, and every item is accounted for.
//!
//! The table of the README: `cargo test --test it shutdown -- --include-ignored --nocapture`
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic, and prints a table")]

use std::{
    net::TcpListener,
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use crate::support::{TIMEOUT, builder, collector::Collector, sink::Sink};
use autotelemetry::{Builder, ObservabilityTools, Signal, prelude::*, stats::ExporterStats};

const LIMIT: Duration = Duration::from_secs(1);
/// What the end may take beyond the limit.
const SLACK: Duration = Duration::from_millis(50);

const PROTOCOLS: [&str; 2] = ["grpc", "http/protobuf"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Runtime {
    None,
    CurrentThread,
    MultiThread,
}

impl Runtime {
    const ALL: [Self; 3] = [Self::None, Self::CurrentThread, Self::MultiThread];

    fn run(self, work: impl FnOnce() + Send + 'static) {
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

fn tools(url: &str, protocol: &str) -> Builder {
    builder()
        .service_name("exit")
        .otlp_endpoint(url)
        .set("otlp.protocol", protocol)
        .set("logs.exporters", "otlp")
        .set("shutdown_timeout", "1s")
        .set("diagnostics.level", "off")
}

/// Three batches of spans, as many log records, and a count.
fn emit(tools: &ObservabilityTools) {
    let (tracer, logger) = (tools.tracer("exit"), tools.logger("exit"));
    for number in 0..1500 {
        let number = [KeyValue::new("n", number)];
        tracer.start_as_current_span("work").set_attributes(number.clone());
        logger.info("hello", &number);
    }
    tools.meter("exit").u64_counter("things").build().add(1, &[]);
}

/// The accounts of the three signals, which agree.
fn accounts(tools: &ObservabilityTools) -> [ExporterStats; 3] {
    let stats = tools.stats();
    Signal::ALL.map(|signal| {
        let stats = stats.exporter(signal, "otlp").unwrap().clone();
        let parts = stats.exported + stats.failed + stats.dropped + stats.queued;
        assert_eq!(stats.emitted, parts, "{stats:?}");
        stats
    })
}

/// What one way to end took, and left of the accounts.
struct End {
    took: Duration,
    spans: ExporterStats,
    logs: ExporterStats,
}

/// Emits, waits until the work has begun, ends, and checks the accounts.
fn end(
    url: &str,
    protocol: &'static str,
    runtime: Runtime,
    meanwhile: impl FnOnce() + Send + 'static,
) -> End {
    let (url, context) = (url.to_owned(), format!("{url}, {protocol}, {runtime:?}"));
    let (sender, receiver) = std::sync::mpsc::channel();
    runtime.run(move || {
        let tools = tools(&url, protocol).build().unwrap();
        emit(&tools);
        meanwhile();
        let start = Instant::now();
        let result = tools.shutdown();
        let took = start.elapsed();
        let [spans, metrics, logs] = accounts(&tools);
        for stats in [&spans, &metrics, &logs] {
            assert_eq!(stats.queued, 0, "{stats:?}");
        }
        let lost = [&spans, &metrics, &logs].iter().any(|stats| stats.failed + stats.dropped > 0);
        assert_eq!(lost, result.is_err(), "{result:?}, {spans:?}, {metrics:?}, {logs:?}");
        assert_eq!((spans.emitted, metrics.emitted, logs.emitted), (1500, 1, 1500));
        let start = Instant::now();
        drop(tools);
        assert!(start.elapsed() < SLACK, "nothing is left to do: {:?}", start.elapsed());
        sender.send(End { took, spans, logs }).unwrap();
    });
    let end = receiver.recv().unwrap();
    assert!(end.took <= LIMIT + SLACK, "{context}: {:?}", end.took);
    end
}

/// The same by dropping the tools, where there is nobody to count.
fn end_by_drop(url: &str, protocol: &'static str, runtime: Runtime) -> Duration {
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

/// The worst of all runtimes, for each protocol.
struct Row(&'static str, [Duration; 2]);

/// Ends in all ways. `prepare` is called before each, and `judge` after it.
fn row(
    name: &'static str,
    url: impl Fn(&str) -> String,
    meanwhile: impl Fn() + Clone + Send + 'static,
    judge: impl Fn(&End),
) -> Row {
    Row(
        name,
        PROTOCOLS.map(|protocol| {
            let url = url(protocol);
            let ends = Runtime::ALL.map(|runtime| {
                let end = end(&url, protocol, runtime, meanwhile.clone());
                judge(&end);
                end.took
            });
            let dropped = end_by_drop(&url, protocol, Runtime::CurrentThread);
            ends.into_iter().chain([dropped]).max().unwrap()
        }),
    )
}

fn print(rows: &[Row]) {
    println!("| Collector | grpc | http/protobuf |\n|---|---|---|");
    for Row(name, [grpc, http]) in rows {
        println!("| {name} | {:.3} s | {:.3} s |", grpc.as_secs_f64(), http.as_secs_f64());
    }
}

fn assert_all_lost(end: &End) {
    for stats in [&end.spans, &end.logs] {
        assert_eq!((stats.exported, stats.failed + stats.dropped), (0, 1500), "{stats:?}");
    }
}

#[test]
fn without_a_collector() {
    let refusing = tokio::net::TcpSocket::new_v4().unwrap();
    refusing.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let refused = format!("http://{}", refusing.local_addr().unwrap());
    let hole = TcpListener::bind("127.0.0.1:0").unwrap();
    let hole = format!("http://{}", hole.local_addr().unwrap());
    let rows = Mutex::new(Vec::new());
    let add = |row| rows.lock().unwrap().push(row);
    thread::scope(|scope| {
        scope.spawn(|| add(row("refuses", |_| refused.clone(), || (), assert_all_lost)));
        scope.spawn(|| add(row("accepts, never answers", |_| hole.clone(), || (), assert_all_lost)));
        scope.spawn(|| {
            add(row(
                "has an unknown name",
                |_| "http://nonexistent.invalid:4318".into(),
                || (),
                assert_all_lost,
            ));
            // An address of a group, to which there is no connection.
            add(row("has no route to it", |_| "http://224.0.0.1:4318".into(), || (), assert_all_lost));
        });
        scope.spawn(|| add(slow()));
    });
    print(&rows.into_inner().unwrap());
}

/// A second for each answer: nothing can be known to have arrived, although all may have.
fn slow() -> Row {
    let sink = Sink::start();
    sink.delay(Duration::from_secs(1));
    row(
        "needs 1 s for an answer",
        |_| sink.url(),
        || (),
        |end| {
            for stats in [&end.spans, &end.logs] {
                assert!(stats.exported <= 512 && stats.failed + stats.dropped >= 988, "{stats:?}");
            }
        },
    )
}

#[test]
#[ignore = "needs the OpenTelemetry Collector (OTELCOL)"]
fn with_a_collector() {
    let mut rows = vec![up()];
    rows.push(stopped());
    rows.push(killed());
    print(&rows);
}

fn up() -> Row {
    let sink = Sink::counting();
    let collector = Collector::before(&sink);
    let all_arrived = |end: &End| {
        assert_eq!((end.spans.exported, end.logs.exported), (1500, 1500), "{:?} {:?}", end.spans, end.logs);
    };
    let row = row("is up", |protocol| collector.url(protocol), || (), all_arrived);
    // As often as there were ends.
    let numbers = sink.numbers();
    let times = u8::try_from(PROTOCOLS.len() * (Runtime::ALL.len() + 1)).unwrap();
    assert_eq!((numbers.spans, numbers.logs), (vec![times; 1500], vec![times; 1500]));
    row
}

/// Stopped in mid-stream: the system goes on to accept connections and bytes.
fn stopped() -> Row {
    let sink = Sink::counting();
    let collector = std::sync::Arc::new(Collector::before(&sink));
    let took = PROTOCOLS.map(|protocol| {
        let ends = Runtime::ALL.map(|runtime| {
            collector.signal("CONT");
            let (other, numbers) = (std::sync::Arc::clone(&collector), sink.numbers());
            let end = end(&collector.url(protocol), protocol, runtime, move || other.signal("STOP"));
            collector.signal("CONT");
            // What was counted as arrived did.
            let arrived = Numbered::since(&sink, &numbers);
            assert!(arrived.spans >= end.spans.exported && arrived.logs >= end.logs.exported);
            end.took
        });
        collector.signal("STOP");
        let dropped = end_by_drop(&collector.url(protocol), protocol, Runtime::CurrentThread);
        ends.into_iter().chain([dropped]).max().unwrap()
    });
    Row("is stopped in mid-stream", took)
}

/// Killed in mid-stream and started again.
fn killed() -> Row {
    let sink = Sink::counting();
    let collector = std::sync::Arc::new(Mutex::new(Collector::before(&sink)));
    let took = PROTOCOLS.map(|protocol| {
        let ends = Runtime::ALL.map(|runtime| {
            let (other, numbers) = (std::sync::Arc::clone(&collector), sink.numbers());
            let url = collector.lock().unwrap().url(protocol);
            let end = end(&url, protocol, runtime, move || {
                let mut collector = other.lock().unwrap();
                collector.kill();
                collector.restart();
            });
            let arrived = Numbered::since(&sink, &numbers);
            assert!(arrived.spans >= end.spans.exported && arrived.logs >= end.logs.exported);
            assert_eq!((end.spans.exported, end.logs.exported), (1500, 1500), "there is time enough");
            end.took
        });
        let collector = collector.lock().unwrap();
        let dropped = end_by_drop(&collector.url(protocol), protocol, Runtime::CurrentThread);
        ends.into_iter().chain([dropped]).max().unwrap()
    });
    Row("is killed and started again", took)
}

/// How many items came at least.
struct Numbered {
    spans: u64,
    logs: u64,
}

impl Numbered {
    fn since(sink: &Sink, before: &crate::support::sink::Numbers) -> Self {
        let sum = |counts: &[u8]| counts.iter().map(|count| u64::from(*count)).sum::<u64>();
        let now = sink.numbers();
        Self { spans: sum(&now.spans) - sum(&before.spans), logs: sum(&now.logs) - sum(&before.logs) }
    }
}

#[test]
fn a_flush_is_bounded_too() {
    let refusing = tokio::net::TcpSocket::new_v4().unwrap();
    refusing.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let hole = TcpListener::bind("127.0.0.1:0").unwrap();
    let sink = Sink::start();
    sink.delay(Duration::from_secs(1));
    let urls = [
        format!("http://{}", refusing.local_addr().unwrap()),
        format!("http://{}", hole.local_addr().unwrap()),
        "http://nonexistent.invalid:4318".to_owned(),
        sink.url(),
    ];
    thread::scope(|scope| {
        for url in &urls {
            scope.spawn(move || {
                for (protocol, runtime) in PROTOCOLS.into_iter().zip([Runtime::None, Runtime::CurrentThread])
                {
                    let url = url.clone();
                    runtime.run(move || {
                        let tools = tools(&url, protocol).build().unwrap();
                        emit(&tools);
                        let start = Instant::now();
                        let error = tools.force_flush().unwrap_err().to_string();
                        let took = start.elapsed();
                        assert!(took <= LIMIT + SLACK, "{url}, {protocol}: {took:?}");
                        assert!(error.contains("timed out after 1s"), "{error}");
                        // Nothing is given up by that.
                        let [spans, _, logs] = accounts(&tools);
                        assert!(spans.queued >= 476 && logs.queued >= 476, "{spans:?}, {logs:?}");
                        assert_eq!((spans.dropped, logs.dropped), (0, 0));
                    });
                }
            });
        }
    });
}

/// The tools are dropped while the thread unwinds.
#[test]
fn a_panic_does_not_keep_what_was_emitted_from_its_way() {
    let sink = Sink::start();
    let hole = TcpListener::bind("127.0.0.1:0").unwrap();
    let hole = format!("http://{}", hole.local_addr().unwrap());
    for protocol in PROTOCOLS {
        let crash = |url: String| {
            let start = Instant::now();
            let crashed = thread::Builder::new()
                .spawn(move || {
                    let tools = tools(&url, protocol).build().unwrap();
                    emit(&tools);
                    let _open = tools.tracer("exit").start_as_current_span("open");
                    panic!("on purpose");
                })
                .unwrap()
                .join();
            assert!(crashed.is_err());
            start.elapsed()
        };
        let before = sink.spans().len();
        crash(sink.url());
        assert_eq!(sink.spans().len() - before, 1501, "the open span too");
        let took = crash(hole.clone());
        assert!(took < TIMEOUT && took >= LIMIT, "{took:?}");
    }
}
