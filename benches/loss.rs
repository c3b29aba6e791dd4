//! Items that are lost at a steady rate, compared with the published exporter.
//!
//! `cargo bench -p autotelemetry-benches --bench loss`
//!
//! One thread emits for three seconds, with the default configuration of both libraries. The
//! receiver answers at once, or after 20 ms as one in another region does. A figure is the share
//! of items that did not arrive, the worst of all rounds.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and may panic")]

#[path = "otlp/sink.rs"]
mod sink;
#[path = "otlp/wiring.rs"]
mod wiring;

use std::{
    env,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use sink::Sink;
use wiring::{Emitter, LIBRARIES, SIGNALS};

const SECONDS: i64 = 3;
const ROUNDS: usize = 2;

/// The rates per second, and the delays of the receiver in milliseconds.
const CASES: [(i64, u64); 4] = [(50_000, 0), (200_000, 0), (50_000, 20), (200_000, 20)];

const PROTOCOLS: [&str; 2] = ["http/protobuf", "grpc"];

fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match &arguments[..] {
        [sink::ARGUMENT, delay] => sink::run(delay),
        ["--emit", library, signal, protocol, address, rate] => {
            let emitter = Emitter::new(library, signal, protocol, address.parse().unwrap());
            emit(&emitter, rate.parse().unwrap());
            emitter.flush();
        }
        _ => compare(),
    }
}

fn compare() {
    println!("{:30} {:>9} {:>6} {:>9} {:>14}", "", "rate", "delay", "stock", "autotelemetry");
    for protocol in PROTOCOLS {
        for signal in SIGNALS {
            for (rate, delay) in CASES {
                let mut worst = [0.0_f64; 2];
                for _ in 0..ROUNDS {
                    for (library, worst) in LIBRARIES.into_iter().zip(&mut worst) {
                        *worst = worst.max(lost_share(library, signal, protocol, rate, delay));
                    }
                }
                println!(
                    "{:30} {rate:>7}/s {delay:>3} ms {:>8.2}% {:>13.2}%",
                    format!("{signal}, {protocol}"),
                    worst[0] * 100.0,
                    worst[1] * 100.0
                );
            }
        }
    }
}

fn lost_share(library: &str, signal: &str, protocol: &str, rate: i64, delay: u64) -> f64 {
    let sink = Sink::start(Duration::from_millis(delay));
    let status = Command::new(env::current_exe().unwrap())
        .args(["--emit", library, signal, protocol, &sink.address.to_string(), &rate.to_string()])
        .status()
        .unwrap();
    assert!(status.success());
    #[expect(clippy::cast_precision_loss, reason = "the run is short")]
    let arrived = sink.items() as f64 / (rate * SECONDS) as f64;
    1.0 - arrived
}

/// Emits at a steady rate: each millisecond what is due.
fn emit(emitter: &Emitter, rate: i64) {
    let start = Instant::now();
    let total = rate * SECONDS;
    let mut emitted = 0;
    while emitted < total {
        let due = i64::try_from(start.elapsed().as_micros()).unwrap() * rate / 1_000_000;
        while emitted < due.min(total) {
            emitter.emit(emitted);
            emitted += 1;
        }
        thread::sleep(Duration::from_millis(1));
    }
}
