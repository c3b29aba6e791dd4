//! Shutdown takes no longer than `shutdown_timeout`, whatever the receiver does, and each item is
//! counted.
//!
//! The table of the documentation: `cargo test --test it shutdown -- --nocapture`
#![cfg(unix)]

use std::{
    net::TcpListener,
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use autotelemetry::prelude::*;
use test_support::{
    TIMEOUT,
    mock_collector::MockCollector,
    port::RefusingAddress,
    shutdown::{LIMIT, Outcome, PROTOCOLS, Row, Runtime, SLACK, emit, print, row, signal_stats, tools},
};

fn assert_all_lost(outcome: &Outcome) {
    for stats in [&outcome.spans, &outcome.logs] {
        assert_eq!((stats.exported, stats.failed + stats.dropped), (0, 1500), "{stats:?}");
    }
}

#[test]
fn shutdown_without_a_collector_keeps_the_deadline() {
    let refusing = RefusingAddress::reserve();
    let refused = refusing.url();
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
            // A multicast address, which accepts no connection.
            add(row("has no route to it", |_| "http://224.0.0.1:4318".into(), || (), assert_all_lost));
        });
        scope.spawn(|| add(slow()));
    });
    print(&rows.into_inner().unwrap());
}

/// A response after a second: no delivery can be confirmed, although all items may have arrived.
fn slow() -> Row {
    let mock = MockCollector::start();
    mock.set_delay(Duration::from_secs(1));
    row(
        "needs 1 s for an answer",
        |_| mock.url(),
        || (),
        |outcome| {
            for stats in [&outcome.spans, &outcome.logs] {
                assert!(stats.exported <= 512 && stats.failed + stats.dropped >= 988, "{stats:?}");
            }
        },
    )
}

#[test]
fn flush_without_a_collector_keeps_the_deadline() {
    let refusing = RefusingAddress::reserve();
    let hole = TcpListener::bind("127.0.0.1:0").unwrap();
    let mock = MockCollector::start();
    mock.set_delay(Duration::from_secs(1));
    let urls = [
        refusing.url(),
        format!("http://{}", hole.local_addr().unwrap()),
        "http://nonexistent.invalid:4318".to_owned(),
        mock.url(),
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
                        // A timed-out flush discards nothing.
                        let [spans, _, logs] = signal_stats(&tools);
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
fn panic_exports_what_was_emitted() {
    let mock = MockCollector::start();
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
        let before = mock.spans().len();
        crash(mock.url());
        assert_eq!(mock.spans().len() - before, 1501, "the open span too");
        let took = crash(hole.clone());
        assert!(took < TIMEOUT && took >= LIMIT, "{took:?}");
    }
}
