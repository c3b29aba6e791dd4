//! However the other side behaves, the end of telemetry takes no longer than `shutdown_timeout`, and every item is accounted for.
//!
//! The table of the README: `cargo test --test it shutdown -- --include-ignored --nocapture`
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
    shutdown::{End, LIMIT, PROTOCOLS, Row, Runtime, SLACK, accounts, emit, print, row, tools},
};

fn assert_all_lost(end: &End) {
    for stats in [&end.spans, &end.logs] {
        assert_eq!((stats.exported, stats.failed + stats.dropped), (0, 1500), "{stats:?}");
    }
}

#[test]
fn without_a_collector() {
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
            // An address of a group, to which there is no connection.
            add(row("has no route to it", |_| "http://224.0.0.1:4318".into(), || (), assert_all_lost));
        });
        scope.spawn(|| add(slow()));
    });
    print(&rows.into_inner().unwrap());
}

/// A second for each answer: nothing can be known to have arrived, although all may have.
fn slow() -> Row {
    let mock = MockCollector::start();
    mock.set_delay(Duration::from_secs(1));
    row(
        "needs 1 s for an answer",
        |_| mock.url(),
        || (),
        |end| {
            for stats in [&end.spans, &end.logs] {
                assert!(stats.exported <= 512 && stats.failed + stats.dropped >= 988, "{stats:?}");
            }
        },
    )
}

#[test]
fn a_flush_is_bounded_too() {
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
                        assert!(error.contains("not done within 1s"), "{error}");
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
