//! The Collector goes and comes back under load, and every item is accounted for.
//!
//! What the Collector accepts it hands on to a sink that knows the items by their numbers, and answers only when that has them. So
//! what was exported has arrived, and what was dropped has not. What was on its way when the Collector was killed may arrive
//! twice; what failed because no answer came may have arrived.
//!
//! For longer runs: `SECONDS=60 cargo test --release --test collector collector_restart -- --include-ignored --skip child_ --nocapture`
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic, and tells what it saw")]

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::support::{
    TIMEOUT,
    collector::Collector,
    sink::{Numbers, Sink},
    subject::{Account, Subject},
};

fn subject(collector: &Collector, protocol: &str, more: &[(&str, &str)]) -> Subject {
    let url = collector.url(protocol);
    let mut variables = vec![
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &*url),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
        ("OTEL_LOGS_EXPORTER", "otlp"),
        ("OTEL_METRICS_EXPORTER", "none"),
        ("OTEL_BSP_SCHEDULE_DELAY", "1000"),
        ("AUTOTEL_OTLP__RETRY__MAX_BACKOFF", "1s"),
    ];
    variables.extend(more);
    Subject::start(&variables)
}

/// Compares what the program counted with what arrived of one signal.
fn compare(name: &str, account: &Account, emitted: u64, counts: &[u8]) {
    let (arrived, again) = Numbers::count(counts);
    let get = |what: &str| account.get(what);
    println!(
        "{name}: {emitted} emitted, {} exported, {} failed, {} dropped; {arrived} arrived, {again} of them again",
        get("exported"),
        get("failed"),
        get("dropped"),
    );
    assert!(account.is_exact() && get("queued") == 0 && get("emitted") == emitted, "{account:?}");
    assert!(get("exported") <= arrived, "what counts as exported has arrived: {account:?}");
    assert!(arrived <= emitted - get("dropped"), "what counts as dropped has not: {account:?}");
    if get("failed") == 0 {
        assert_eq!(get("exported"), arrived, "exact to the item: {account:?}");
    }
}

/// The Collector is killed for half of the time, again and again, under 1,000 spans and 1,000 log records a second.
fn killed_under_load(protocol: &str, queue: &str) -> (Account, Account) {
    let seconds = crate::support::program::count_of("SECONDS", 10);
    let sink = Sink::counting();
    let mut collector = Collector::before(&sink);
    let sizes = [("OTEL_BSP_MAX_QUEUE_SIZE", queue), ("OTEL_BLRP_MAX_QUEUE_SIZE", queue)];
    let mut subject = subject(&collector, protocol, &sizes);
    let start = Instant::now();
    subject.ask(&format!("load 1000 {seconds}"));
    let mut kills: u64 = 0;
    // Down for so long that the default queue cannot hold what is emitted meanwhile.
    let period = Duration::from_secs(if seconds >= 30 { 10 } else { 5 });
    while start.elapsed() + period < Duration::from_secs(seconds) + Duration::from_secs(1) {
        thread::sleep(period.mul_f64(0.3));
        collector.kill();
        kills += 1;
        thread::sleep(period.mul_f64(0.6));
        collector.restart();
    }
    let emitted = subject.answer(Duration::from_secs(seconds) + TIMEOUT).parse::<u64>().unwrap();
    let result = subject.tell("shutdown");
    let numbers = sink.numbers();
    let (spans, logs) = (subject.stats("traces"), subject.stats("logs"));
    println!("{protocol}, a queue of {queue}, {kills} kills: {result}\n{}", subject.said());
    for (name, account, counts) in [("spans", &spans, &numbers.spans), ("logs", &logs, &numbers.logs)] {
        compare(name, account, emitted, counts);
        assert_eq!(account.get("failed"), 0, "{account:?}");
        let (_, again) = Numbers::count(counts);
        assert!(again <= kills * 512, "no more than was on its way: {again}");
    }
    (spans, logs)
}

#[test]
#[ignore = "needs the OpenTelemetry Collector (OTELCOL)"]
fn a_queue_that_can_hold_it_loses_nothing() {
    for_both(|protocol| {
        let (spans, logs) = killed_under_load(protocol, "20000");
        assert_eq!((spans.get("dropped"), logs.get("dropped")), (0, 0));
    });
}

#[test]
#[ignore = "needs the OpenTelemetry Collector (OTELCOL)"]
fn what_does_not_fit_into_the_default_queue_is_known() {
    for_both(|protocol| {
        let (spans, logs) = killed_under_load(protocol, "2048");
        assert!(spans.get("queue_full") > 0 && logs.get("queue_full") > 0, "{spans:?}, {logs:?}");
    });
}

fn for_both(work: impl Fn(&str) + Sync) {
    thread::scope(|scope| {
        for protocol in ["grpc", "http/protobuf"] {
            let work = &work;
            scope.spawn(move || work(protocol));
        }
    });
}

/// Resident memory in MiB, and threads.
fn size_of(process: u32) -> (f64, u64) {
    let statm = std::fs::read_to_string(format!("/proc/{process}/statm")).unwrap();
    let pages: u32 = statm.split(' ').nth(1).unwrap().parse().unwrap();
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let threads = status.lines().find_map(|line| line.strip_prefix("Threads:")).unwrap();
    (f64::from(pages) * 4096.0 / f64::from(1 << 20), threads.trim().parse().unwrap())
}

/// 20,000 spans and 20,000 log records a second, with a Collector that is stopped and killed by turns.
///
/// `SECONDS=600 cargo test --release --test collector soak -- --ignored --nocapture`
#[test]
#[ignore = "needs the OpenTelemetry Collector (OTELCOL), and time"]
fn soak() {
    let seconds = crate::support::program::count_of("SECONDS", 20);
    let rate = crate::support::program::count_of("RATE", if cfg!(debug_assertions) { 2000 } else { 20_000 });
    let period = Duration::from_secs(if seconds >= 120 { 20 } else { 4 });
    let sink = Sink::counting();
    let mut collector = Collector::before(&sink);
    // So short that stops lead to failures, and not to delays only.
    let timeout = if seconds >= 120 { "3000" } else { "1000" };
    let mut subject = subject(&collector, "grpc", &[("OTEL_EXPORTER_OTLP_TIMEOUT", timeout)]);
    let start = Instant::now();
    subject.ask(&format!("load {rate} {seconds}"));
    let end = start + Duration::from_secs(seconds);
    let mut samples = Vec::new();
    let mut sample_until = |until: Instant, subject: &Subject| {
        while Instant::now() < until.min(end) {
            thread::sleep(Duration::from_millis(100));
            samples.push(size_of(subject.id()));
        }
    };
    for turn in 0.. {
        sample_until(start + period * (2 * turn + 1) / 2, &subject);
        if Instant::now() >= end {
            break;
        }
        let is_killed = turn % 2 == 1;
        if is_killed {
            collector.kill();
        } else {
            collector.signal("STOP");
        }
        sample_until(start + period * (turn + 1), &subject);
        if is_killed {
            collector.restart();
        } else {
            collector.signal("CONT");
        }
        if turn % 5 == 0 {
            let (memory, threads) = size_of(subject.id());
            println!("after {:.0?}: {memory:.1} MiB, {threads} threads", start.elapsed());
        }
    }
    let emitted = subject.answer(TIMEOUT * 2).parse::<u64>().unwrap();
    let result = subject.tell("shutdown");
    let numbers = sink.numbers();
    println!("{seconds} s: {result}\n{}", subject.said());
    compare("spans", &subject.stats("traces"), emitted, &numbers.spans);
    compare("logs", &subject.stats("logs"), emitted, &numbers.logs);

    // The first third is for warming up: every kind of turn has happened by then.
    let (warm, steady) = samples.split_at(samples.len() / 3);
    let most = |samples: &[(f64, u64)]| {
        samples
            .iter()
            .fold((0.0, 0), |(memory, threads), sample| (sample.0.max(memory), sample.1.max(threads)))
    };
    let ((before, threads_before), (after, threads_after)) = (most(warm), most(steady));
    println!(
        "at most {before:.1} MiB and {threads_before} threads at first, then {after:.1} MiB and {threads_after}"
    );
    assert!(after < before * 1.1 + 1.0, "memory does not grow: {before} MiB, {after} MiB");
    assert!(threads_after <= threads_before, "nor do threads: {threads_before}, {threads_after}");
}
