//! The web service under load: what every request leaves behind arrives, or is told to be lost, to the item.
//!
//! `SECONDS=60 cargo test --release -p web_service --test load -- --include-ignored --nocapture`
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[allow(dead_code, reason = "others use the rest")]
#[path = "../../../tests/support/collector.rs"]
mod collector;
#[allow(dead_code, reason = "others use the rest")]
#[path = "../../../tests/support/program.rs"]
mod program;
mod service;
#[allow(dead_code, reason = "others use the rest")]
#[path = "../../../tests/support/wrk.rs"]
mod wrk;

use std::{io::BufRead as _, thread, time::Duration};

use collector::{Collector, count, field, sections};
use service::Service;

const TIMEOUT: Duration = Duration::from_secs(20);

#[test]
#[ignore = "needs wrk and the OpenTelemetry Collector (OTELCOL)"]
fn nothing_is_lost_without_a_word() {
    hold(program::count_of("SECONDS", 3), &[]);
    // With room for a single item, some are lost for certain.
    let narrow =
        [("AUTOTEL_TRACES__BATCH__MAX_QUEUE_SIZE", "1"), ("AUTOTEL_LOGS__BATCH__MAX_QUEUE_SIZE", "1")];
    let told = hold(1, &narrow);
    assert!(told.contains("spans") && told.contains("log records"), "there was room for all: {told}");
}

/// Holds the load for so long, and balances three accounts: what `wrk` and the service counted, what the Collector and the
/// reader of the console received, and what the service says to have lost, which is returned.
fn hold(seconds: u64, variables: &[(&str, &str)]) -> String {
    let collector = Collector::start_counting();
    let endpoint = collector.url("grpc");
    let to_collector = [("AUTOTEL_PROFILE", "collector"), ("OTEL_EXPORTER_OTLP_ENDPOINT", &*endpoint)];
    let mut service = Service::start(None, &[&to_collector, variables].concat());
    let out = service.out.take().unwrap();
    let lines = thread::spawn(move || {
        let lines = out.lines().map(Result::unwrap);
        lines.filter(|line| line.contains("\"target\":\"web_service\"")).count() as u64
    });
    let load = wrk::load(&format!("{}/api/data?page=2", service.url), seconds);
    let said = service.terminate();
    let lines = lines.join().unwrap();
    let received = collector.end();

    let requests = sections(&received, "NumberDataPoints").last().map(|point| field(point, "Value"));
    let requests: u64 = requests.expect("the last metrics arrive").parse().unwrap();
    let expected = load.requests..=load.requests + wrk::CONNECTIONS;
    assert!(expected.contains(&requests), "the service counts {requests} requests: {}", load.output);
    let (spans, logs) = (count(&received, "spans"), count(&received, "log records"));
    println!(
        "{}{requests} requests; received: {spans} spans, {logs} log records, {lines} lines; {said}",
        load.output
    );

    // "listening" was read at the start; "stopped" is the last.
    assert_eq!(lines + lost(&said, "log records", "standard output"), requests + 1, "{said}");
    assert_eq!(spans + lost(&said, "spans", &endpoint), requests, "{said}");
    assert_eq!(logs + lost(&said, "log records", &endpoint), requests + 2, "{said}");
    said
}

/// How many are told to be lost on the way to a destination: `2 of 1,000 spans for http://… (2 …)`.
fn lost(said: &str, items: &str, destination: &str) -> u64 {
    let Some((_, losses)) = said.split_once("shutdown: lost ") else { return 0 };
    let what = format!("{items} for {destination} ");
    let number =
        losses.split("; ").find(|loss| loss.contains(&what)).map(|loss| loss.split(' ').next().unwrap());
    number.map_or(0, |number| number.replace(',', "").parse().unwrap())
}
