//! The web service under load: each item of each request arrives, or is reported as lost.
//!
//! `SECONDS=60 cargo test --release -p web_service --test load -- --nocapture`
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod service;

use std::{io::BufRead as _, thread};

use service::Service;
use test_support::{
    collector::{Collector, count, field, sections},
    process, require, wrk,
};

#[test]
fn items_under_load_arrive_or_are_reported_as_lost() {
    require!(Collector, Wrk);
    hold(process::count_of("SECONDS", 3), &[]);
    // A queue of one item certainly loses some.
    let narrow =
        [("AUTOTEL_TRACES__BATCH__MAX_QUEUE_SIZE", "1"), ("AUTOTEL_LOGS__BATCH__MAX_QUEUE_SIZE", "1")];
    let stderr = hold(1, &narrow);
    assert!(stderr.contains("spans") && stderr.contains("log records"), "nothing was lost: {stderr}");
}

/// Runs the load and compares three counts: the requests that `wrk` and the service count, the
/// items that the Collector and the console receive, and the losses that the service reports.
/// Returns its standard error.
fn hold(seconds: u64, variables: &[(&str, &str)]) -> String {
    let collector = Collector::start_counting();
    let endpoint = collector.url("grpc");
    let to_collector = [("AUTOTEL_PROFILE", "collector"), ("OTEL_EXPORTER_OTLP_ENDPOINT", &*endpoint)];
    let mut service = Service::start(None, &[&to_collector, variables].concat());
    let stdout = service.stdout.take().unwrap();
    let lines = thread::spawn(move || {
        let lines = stdout.lines().map(Result::unwrap);
        lines.filter(|line| line.contains("\"target\":\"web_service\"")).count() as u64
    });
    let load = wrk::load(&format!("{}/api/data?page=2", service.url), seconds);
    let stderr = service.terminate();
    let lines = lines.join().unwrap();
    let received = collector.stop();

    // The last value of the counter of requests; that of failures stays at zero.
    let values = sections(&received, "NumberDataPoints").into_iter().map(|point| field(point, "Value"));
    let requests = values.map(|value| value.parse::<u64>().unwrap()).max().expect("the last metrics arrive");
    let expected = load.requests..=load.requests + wrk::CONNECTIONS;
    assert!(expected.contains(&requests), "the service counts {requests} requests: {}", load.output);
    let (spans, logs) = (count(&received, "spans"), count(&received, "log records"));
    println!(
        "{}{requests} requests; received: {spans} spans, {logs} log records, {lines} lines; {stderr}",
        load.output
    );

    // Besides the requests there is "stopped"; "listening" has been read.
    assert_eq!(lines + lost(&stderr, "log records", "standard output"), requests + 1, "{stderr}");
    assert_eq!(spans + lost(&stderr, "spans", &endpoint), requests, "{stderr}");
    assert_eq!(logs + lost(&stderr, "log records", &endpoint), requests + 2, "{stderr}");
    stderr
}

/// Parses the number of items that are reported as lost for a destination.
///
/// The report has parts such as `2 of 1,000 spans for http://… (2 …)`.
fn lost(stderr: &str, items: &str, destination: &str) -> u64 {
    let Some((_, losses)) = stderr.split_once("shutdown: lost ") else { return 0 };
    let what = format!("{items} for {destination} ");
    let number =
        losses.split("; ").find(|loss| loss.contains(&what)).map(|loss| loss.split(' ').next().unwrap());
    number.map_or(0, |number| number.replace(',', "").parse().unwrap())
}
