//! A Collector that is killed and restarted under load: each item is accounted for.
//!
//! The Collector forwards to a mock collector that knows items by their numbers, and accepts what
//! the mock accepts. So exported items have arrived, and dropped ones have not. Items in flight
//! when the Collector is killed may arrive twice. Items that failed for lack of a response may have
//! arrived.
//!
//! For longer runs:
//! `SECONDS=60 cargo test --release --test collector collector_restart -- --nocapture`
#![cfg(target_os = "linux")]

use std::{
    thread,
    time::{Duration, Instant},
};

use test_support::{
    TIMEOUT,
    child::{Child, Stats},
    collector::Collector,
    mock_collector::{MockCollector, Occurrences},
    require,
};

fn child(collector: &Collector, protocol: &str, more: &[(&str, &str)]) -> Child {
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
    Child::start(&variables)
}

/// Compares the statistics of the child with the arrivals of one signal.
fn compare(name: &str, account: &Stats, emitted: u64, counts: &[u8]) {
    let (arrived, again) = Occurrences::distinct_and_repeated(counts);
    let get = |what: &str| account.get(what);
    println!(
        "{name}: {emitted} emitted, {} exported, {} failed, {} dropped; {arrived} arrived, {again} of them again",
        get("exported"),
        get("failed"),
        get("dropped"),
    );
    assert!(account.adds_up() && get("queued") == 0 && get("emitted") == emitted, "{account:?}");
    assert!(get("exported") <= arrived, "exported items have arrived: {account:?}");
    assert!(arrived <= emitted - get("dropped"), "dropped items have not arrived: {account:?}");
    if get("failed") == 0 {
        assert_eq!(get("exported"), arrived, "exact to the item: {account:?}");
    }
}

/// Kills the Collector repeatedly, for half of the time, under 1,000 spans and 1,000 log records
/// per second.
fn killed_under_load(protocol: &str, queue: &str) -> (Stats, Stats) {
    let seconds = test_support::process::count_of("SECONDS", 10);
    let mock = MockCollector::start_counting();
    let mut collector = Collector::forwarding_to(&mock);
    let sizes = [("OTEL_BSP_MAX_QUEUE_SIZE", queue), ("OTEL_BLRP_MAX_QUEUE_SIZE", queue)];
    let mut child = child(&collector, protocol, &sizes);
    let start = Instant::now();
    child.send(&format!("load 1000 {seconds}"));
    let mut kills: u64 = 0;
    // Longer than the default queue can buffer.
    let period = Duration::from_secs(if seconds >= 30 { 10 } else { 5 });
    while start.elapsed() + period < Duration::from_secs(seconds) + Duration::from_secs(1) {
        thread::sleep(period.mul_f64(0.3));
        collector.kill();
        kills += 1;
        thread::sleep(period.mul_f64(0.6));
        collector.restart();
    }
    let emitted = child.reply(Duration::from_secs(seconds) + TIMEOUT).parse::<u64>().unwrap();
    let result = child.call("shutdown");
    let numbers = mock.occurrences();
    let (spans, logs) = (child.stats("traces"), child.stats("logs"));
    println!("{protocol}, a queue of {queue}, {kills} kills: {result}\n{}", child.stderr());
    for (name, account, counts) in [("spans", &spans, &numbers.spans), ("logs", &logs, &numbers.logs)] {
        compare(name, account, emitted, counts);
        assert_eq!(account.get("failed"), 0, "{account:?}");
        let (_, again) = Occurrences::distinct_and_repeated(counts);
        assert!(again <= kills * 512, "only items in flight arrive twice: {again}");
    }
    (spans, logs)
}

#[test]
fn large_queue_loses_nothing_across_restarts() {
    require!(Collector);
    for_both(|protocol| {
        let (spans, logs) = killed_under_load(protocol, "20000");
        assert_eq!((spans.get("dropped"), logs.get("dropped")), (0, 0));
    });
}

#[test]
fn default_queue_counts_losses_across_restarts() {
    require!(Collector);
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

/// Returns the resident memory in MiB, and the number of threads.
fn size_of(process: u32) -> (f64, u64) {
    let statm = std::fs::read_to_string(format!("/proc/{process}/statm")).unwrap();
    let pages: u32 = statm.split(' ').nth(1).unwrap().parse().unwrap();
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let threads = status.lines().find_map(|line| line.strip_prefix("Threads:")).unwrap();
    (f64::from(pages) * 4096.0 / f64::from(1 << 20), threads.trim().parse().unwrap())
}

/// 20,000 spans and 20,000 log records per second, with a Collector that is paused and killed
/// alternately.
///
/// `SECONDS=600 cargo test --release --test collector soak -- --nocapture`
#[test]
fn soak_keeps_memory_and_threads_constant() {
    require!(Collector);
    let seconds = test_support::process::count_of("SECONDS", 20);
    let rate = test_support::process::count_of("RATE", if cfg!(debug_assertions) { 2000 } else { 20_000 });
    let period = Duration::from_secs(if seconds >= 120 { 20 } else { 4 });
    let mock = MockCollector::start_counting();
    let mut collector = Collector::forwarding_to(&mock);
    // Short enough that a pause leads to failures, not only to delays.
    let timeout = if seconds >= 120 { "3000" } else { "1000" };
    let mut child = child(&collector, "grpc", &[("OTEL_EXPORTER_OTLP_TIMEOUT", timeout)]);
    let start = Instant::now();
    child.send(&format!("load {rate} {seconds}"));
    let end = start + Duration::from_secs(seconds);
    let mut samples = Vec::new();
    let mut sample_until = |until: Instant, child: &Child| {
        while Instant::now() < until.min(end) {
            thread::sleep(Duration::from_millis(100));
            samples.push(size_of(child.id()));
        }
    };
    for turn in 0.. {
        sample_until(start + period * (2 * turn + 1) / 2, &child);
        if Instant::now() >= end {
            break;
        }
        let is_killed = turn % 2 == 1;
        if is_killed {
            collector.kill();
        } else {
            collector.signal("STOP");
        }
        sample_until(start + period * (turn + 1), &child);
        if is_killed {
            collector.restart();
        } else {
            collector.signal("CONT");
        }
        if turn % 5 == 0 {
            let (memory, threads) = size_of(child.id());
            println!("after {:.0?}: {memory:.1} MiB, {threads} threads", start.elapsed());
        }
    }
    let emitted = child.reply(TIMEOUT * 2).parse::<u64>().unwrap();
    let result = child.call("shutdown");
    let numbers = mock.occurrences();
    println!("{seconds} s: {result}\n{}", child.stderr());
    compare("spans", &child.stats("traces"), emitted, &numbers.spans);
    compare("logs", &child.stats("logs"), emitted, &numbers.logs);

    // The first third is the warm-up: it includes every kind of turn.
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
