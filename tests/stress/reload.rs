//! Reloads while four threads emit spans and log records. `RELOADS` sets their number, and `RATE`
//! the items per second. With `APPLY=0`, the file changes and is not applied, for a comparison. With
//! `SMALL=1`, the levels are all that changes, so that the work per item stays the same.

use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use autotelemetry::{ObservabilityTools, Signal, prelude::*};
use test_support::{
    builder,
    mock_collector::{MockCollector, Occurrences},
    process,
    random::Random,
};

const THREADS: u64 = 4;

/// The numbers of the items that were emitted.
#[derive(Default)]
struct Emitted {
    spans: AtomicU64,
    logs: AtomicU64,
    stop: AtomicBool,
}

/// The three destinations, of which one has a name of its own and comes and goes.
struct Destinations {
    first: MockCollector,
    second: MockCollector,
    vendor: MockCollector,
}

/// Returns a random configuration.
fn text(destinations: &Destinations, directory: &Path, random: &mut Random) -> String {
    let mut pick = |texts: &[&str]| texts[random.below(texts.len())].to_owned();
    let endpoint = pick(&[&destinations.first.url(), &destinations.second.url()]);
    let exporters = pick(&["\"otlp\"", "\"otlp\", \"vendor\"", "\"vendor\", \"otlp\""]);
    let log_exporters = pick(&[&exporters, &format!("\"file\", {exporters}"), "\"otlp\", \"file\""]);
    format!(
        "service.name = \"shop\"\nshutdown_timeout = \"20s\"\ndiagnostics.level = \"off\"\n\
         otlp = {{ endpoint = \"{endpoint}\", protocol = \"{}\", compression = \"{}\", timeout = \"{}\" }}\n\
         exporters.vendor = {{ endpoint = \"{}\", headers = {{ tenant = \"{}\" }} }}\n\
         traces = {{ exporters = [{exporters}], sampler = {}, batch = {{ schedule_delay = \"{}\", max_queue_size = {} }} }}\n\
         logs = {{ exporters = [{log_exporters}], level = \"{}\", batch.max_export_batch_size = {} }}\n\
         file = {{ directory = \"{}\", rotation = \"never\" }}\n\
         metrics = {{ exporters = [{}], interval = \"{}\" }}\nprometheus = {{ port = 0, host = \"{}\" }}\n\
         console.format = \"{}\"\npropagators = [\"{}\"]\n",
        pick(&["grpc", "http/protobuf"]),
        pick(&["none", "gzip"]),
        pick(&["10s", "20s"]),
        destinations.vendor.url(),
        pick(&["a", "b"]),
        pick(&["\"always_on\"", "{ trace_id_ratio_based = { ratio = 0.5 } }"]),
        pick(&["100ms", "1s"]),
        pick(&["2048", "20000"]),
        pick(&["error", "warn,shop=error", "trace"]),
        pick(&["256", "512"]),
        directory.join(pick(&["logs-a", "logs-b"])).display(),
        pick(&["\"prometheus\"", "\"prometheus\", \"otlp\"", "\"otlp\""]),
        pick(&["1s", "2s"]),
        pick(&["127.0.0.1", "localhost"]),
        pick(&["json", "text"]),
        pick(&["tracecontext", "b3"]),
    )
}

/// Counts times by their size: eight counts for each doubling.
#[derive(Clone)]
struct Times {
    counts: Vec<u64>,
    longest: Duration,
}

impl Times {
    fn new() -> Self {
        Self { counts: vec![0; 64 * 8], longest: Duration::ZERO }
    }

    fn add(&mut self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap().max(8);
        let exponent = nanos.ilog2();
        let eighth = (nanos >> (exponent - 3)) & 7;
        self.counts[exponent as usize * 8 + usize::try_from(eighth).unwrap()] += 1;
        self.longest = self.longest.max(time);
    }

    fn append(&mut self, other: &Self) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(sum, count)| *sum += count);
        self.longest = self.longest.max(other.longest);
    }

    /// Returns the time that this share of the calls, in ten thousand, does not exceed.
    fn share(&self, in_ten_thousand: u64) -> Duration {
        let mut left = self.counts.iter().sum::<u64>() * in_ten_thousand / 10_000;
        let index = self.counts.iter().position(|count| match left.checked_sub(*count) {
            Some(rest) => {
                left = rest;
                false
            }
            None => true,
        });
        let index = index.unwrap_or_default() as u64;
        Duration::from_nanos((8 + index % 8 + 1) << (index / 8).saturating_sub(3))
    }
}

/// Emits items until it is stopped. Returns the times of the calls.
fn emit(tools: &ObservabilityTools, emitted: &Emitted, rate: u64) -> Times {
    let (tracer, logger) = (tools.tracer("shop"), tools.logger("shop"));
    let counter = tools.meter("shop").u64_counter("orders").build();
    let started = Instant::now();
    let mut times = Times::new();
    for number in 0.. {
        if emitted.stop.load(Ordering::Relaxed) {
            break;
        }
        let begin = Instant::now();
        let mut span = tracer.start("order");
        if span.span_context().is_sampled() {
            let number = emitted.spans.fetch_add(1, Ordering::Relaxed);
            span.set_attribute(KeyValue::new("n", i64::try_from(number).unwrap()));
        }
        span.end();
        let number_of_log = emitted.logs.fetch_add(1, Ordering::Relaxed);
        logger.error("order", &[KeyValue::new("n", i64::try_from(number_of_log).unwrap())]);
        counter.add(1, &[]);
        times.add(begin.elapsed());
        let due = Duration::from_nanos(number * 2 * THREADS * 1_000_000_000 / rate);
        if let Some(early) =
            due.checked_sub(started.elapsed()).filter(|early| *early > Duration::from_millis(1))
        {
            thread::sleep(early);
        }
    }
    times
}

/// Adds up what several destinations have received.
fn together(all: &[&MockCollector]) -> Occurrences {
    fn add(sum: &mut Vec<u8>, counts: &[u8]) {
        sum.resize(sum.len().max(counts.len()), 0);
        sum.iter_mut().zip(counts).for_each(|(sum, count)| *sum = sum.saturating_add(*count));
    }
    let mut sum = Occurrences::default();
    for received in all.iter().map(|collector| collector.occurrences()) {
        add(&mut sum.spans, &received.spans);
        add(&mut sum.logs, &received.logs);
    }
    sum
}

fn resident_mebibytes() -> u64 {
    let pages = fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4 / 1024
}

#[test]
#[cfg(target_os = "linux")]
fn every_item_arrives_once_or_is_counted_across_reloads() {
    let variable =
        |name: &str, default: u64| process::variable(name).map_or(default, |number| number.parse().unwrap());
    let (reloads, rate) = (variable("RELOADS", 20), variable("RATE", 20_000));
    let (is_applied, is_small) = (variable("APPLY", 1) == 1, variable("SMALL", 0) == 1);
    let destinations = Destinations {
        first: MockCollector::start_counting(),
        second: MockCollector::start_counting(),
        vendor: MockCollector::start_counting(),
    };
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("autotelemetry.toml");
    let mut random = Random::new(17);
    let first = text(&destinations, directory.path(), &mut random);
    let mut is_even = false;
    let mut write = || {
        is_even = !is_even;
        let level = if is_even { "level = \"info\"" } else { "level = \"error\"" };
        let new = if is_small {
            first.replace("level = \"trace\"", level).replace("level = \"warn,shop=error\"", level)
        } else {
            text(&destinations, directory.path(), &mut random)
        };
        fs::write(&file, new).unwrap();
    };
    write();
    let tools = builder().config_file(&file).console_writer(std::io::sink()).build().unwrap();
    let emitted = Emitted::default();
    let mut before = 0;
    let times = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(|| emit(&tools, &emitted, rate))).collect();
        for reload in 0..reloads {
            thread::sleep(Duration::from_millis(300));
            write();
            if is_applied {
                tools.reload().unwrap();
            }
            if reload == reloads / 4 {
                before = resident_mebibytes();
            }
        }
        emitted.stop.store(true, Ordering::Relaxed);
        let mut times = Times::new();
        for thread in threads {
            times.append(&thread.join().unwrap());
        }
        times
    });
    let after = resident_mebibytes();
    tools.shutdown().ok();
    println!(
        "{} spans, {} log records; emission of both: median {:?}, 99 % {:?}, 99.9 % {:?}, 99.99 % {:?}, longest {:?}; memory {before} to {after} MiB",
        emitted.spans.load(Ordering::Relaxed),
        emitted.logs.load(Ordering::Relaxed),
        times.share(5_000),
        times.share(9_900),
        times.share(9_990),
        times.share(9_999),
        times.longest,
    );
    let stats = tools.stats();
    for (exporter, received) in [
        ("otlp", together(&[&destinations.first, &destinations.second])),
        ("vendor", together(&[&destinations.vendor])),
    ] {
        for (signal, counts, all) in [
            (Signal::Traces, received.spans, emitted.spans.load(Ordering::Relaxed)),
            (Signal::Logs, received.logs, emitted.logs.load(Ordering::Relaxed)),
        ] {
            // Without a reload, the second exporter may be in no list.
            let Some(stats) = stats.exporter(signal, exporter) else { continue };
            println!("{stats:?}");
            let (distinct, repeated) = Occurrences::distinct_and_repeated(&counts);
            assert_eq!((distinct, repeated), (stats.exported(), 0), "{stats:?}");
            assert_eq!(stats.queued(), 0);
            assert_eq!(stats.exported() + stats.failed() + stats.dropped(), stats.emitted());
            if exporter == "otlp" {
                assert_eq!(stats.emitted(), all, "{stats:?}");
            }
        }
    }
    assert!(after < before + 64, "{before} MiB, then {after} MiB");
}
