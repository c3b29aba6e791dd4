//! The throughput of the web service with telemetry, without telemetry, and wired by hand.
//!
//! `cargo bench -p autotelemetry-benches --bench web_service`, with `wrk` and the OpenTelemetry
//! Collector (`OTELCOL`)
//!
//! The variants alternate in `ROUNDS` rounds of `SECONDS` seconds each; a figure is the median of
//! the rounds. `wrk`, the service and the Collector share the machine, so the throughput also
//! depends on the other two. The CPU time per request includes only the service.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and may panic")]

mod by_hand;
mod observe;
#[path = "../../examples/web_service/src/routes.rs"]
mod routes;
mod service;
#[path = "../../examples/web_service/src/upstream.rs"]
mod upstream;

use std::env;

use service::{Service, Variant};
use test_support::{
    collector::{Collector, count, field, sections},
    process, wrk,
};

/// One variant in one round.
struct Round {
    per_second: f64,
    /// CPU time per request, in microseconds.
    cpu: f64,
    /// Milliseconds.
    p99: f64,
    arrived: Arrived,
}

/// The requests counted by the service, and the items that arrived at the Collector.
#[derive(Default, Clone, Copy)]
struct Arrived {
    requests: u64,
    spans: u64,
    logs: u64,
}

impl Arrived {
    fn read(collector: Collector) -> Self {
        let text = collector.stop();
        let requests = sections(&text, "NumberDataPoints").last().map(|point| field(point, "Value"));
        Self {
            requests: requests.map_or(0, |requests| requests.parse().unwrap()),
            spans: count(&text, "spans"),
            logs: count(&text, "log records"),
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            requests: self.requests + other.requests,
            spans: self.spans + other.spans,
            logs: self.logs + other.logs,
        }
    }
}

fn round(variant: Variant, seconds: u64) -> Round {
    let collector = Collector::start_counting();
    let service = Service::start(variant, &collector.url("grpc"));
    let url = format!("{}/api/data?page=2", service.url());
    // Warms up connections, caches and the allocator.
    wrk::load(&url, 1);
    let before = service.cpu();
    let load = wrk::load(&url, seconds);
    let cpu = service.cpu() - before;
    service.terminate();
    #[expect(clippy::cast_precision_loss, reason = "there are not so many")]
    let requests = load.requests as f64;
    Round {
        per_second: load.per_second,
        cpu: cpu.as_secs_f64() * 1e6 / requests,
        p99: load.p99,
        arrived: Arrived::read(collector),
    }
}

fn median(rounds: &[Round], value: impl Fn(&Round) -> f64) -> f64 {
    let mut values: Vec<_> = rounds.iter().map(value).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let arguments: Vec<_> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [name, address] = arguments.as_slice()
        && name == service::BY_HAND
    {
        by_hand::run(address).unwrap();
        return;
    }
    service::build();
    let seconds = process::count_of("SECONDS", 5);
    let mut results = Variant::ALL.map(|variant| (variant, Vec::new()));
    for _ in 0..process::count_of("ROUNDS", 7) {
        for (variant, rounds) in &mut results {
            rounds.push(round(*variant, seconds));
        }
    }
    print(&results);
}

fn print(results: &[(Variant, Vec<Round>)]) {
    let of = |variant: Variant| &results.iter().find(|(other, _)| *other == variant).unwrap().1;
    let (off, by_hand) = (of(Variant::Off), of(Variant::ByHand));
    println!("{:14} {:30} {:30} {:8}   lost", "", "requests/s", "CPU time", "99 %");
    for (variant, rounds) in results {
        print!("{:14}", variant.name());
        let figure = |value: fn(&Round) -> f64, unit| {
            let own = median(rounds, value);
            let (of_off, of_hand) = (own / median(off, value), own / median(by_hand, value));
            print!(" {own:8.*}{unit:3} {of_off:5.2} x {of_hand:5.2} x   ", usize::from(own < 1e3));
        };
        figure(|round| round.per_second, "");
        figure(|round| round.cpu, " µs");
        print!(" {:6.1} ms", median(rounds, |round| round.p99));
        let Arrived { requests, spans, logs } =
            rounds.iter().fold(Arrived::default(), |sum, round| sum.and(round.arrived));
        // Two log records of each service belong to no request.
        let all_logs = requests + 2 * rounds.len() as u64;
        match variant {
            Variant::Off => println!(),
            Variant::On | Variant::ByHand => {
                println!(
                    "   {} of {requests} spans, {} of {all_logs} log records",
                    requests.saturating_sub(spans),
                    all_logs.saturating_sub(logs)
                );
            }
        }
    }
    println!("{:14} x: relative to telemetry off, and to wired by hand", "");
}
