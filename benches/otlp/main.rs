//! The cost of an exported span or log record, compared with the published exporter.
//!
//! `cargo bench -p autotelemetry-benches --bench otlp`
//!
//! Each case emits 100,000 items a second for two seconds, in a process of its own, and rounds
//! alternate over all cases. A figure is the CPU time of the whole process per item, and the least
//! of all rounds. If valgrind is installed, callgrind counts the instructions of all threads.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and may panic")]

mod sink;
mod wiring;

use std::{
    env, fs,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use rustix::time::{ClockId, clock_gettime};
use sink::Sink;
use wiring::{Emitter, LIBRARIES, SIGNALS};

const PROTOCOLS: [&str; 4] = ["http/protobuf", "grpc", "http/json", "http/protobuf+gzip"];
const ROUNDS: usize = 3;
const RATE: i64 = 100_000;
const SECONDS: i64 = 2;

/// The default size of a batch.
const BATCH: i64 = 512;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match &arguments[..] {
        [sink::ARGUMENT, delay] => sink::run(delay),
        ["--cpu", library, signal, protocol, address] => {
            println!("{}", cpu_nanos(&Emitter::new(library, signal, protocol, address.parse().unwrap())));
        }
        ["--batches", library, signal, protocol, address, batches] => {
            let emitter = Emitter::new(library, signal, protocol, address.parse().unwrap());
            for _ in 0..batches.parse().unwrap() {
                (0..BATCH).for_each(|number| emitter.emit(number));
                emitter.flush();
            }
        }
        filter => compare(filter.first().copied().unwrap_or_default()),
    }
}

fn compare(filter: &str) {
    println!("{:45} {:>9} {:>7} {:>13} {:>7}", "", "CPU ns", "ratio", "instructions", "ratio");
    let sink = Sink::start(Duration::ZERO);
    let address = sink.address.to_string();
    for protocol in PROTOCOLS {
        for signal in SIGNALS.into_iter().filter(|signal| format!("{signal}, {protocol}").contains(filter)) {
            let mut nanos = [f64::MAX; 2];
            let before = sink.items();
            for _ in 0..ROUNDS {
                for (library, least) in LIBRARIES.into_iter().zip(&mut nanos) {
                    let output = Command::new(env::current_exe().unwrap())
                        .args(["--cpu", library, signal, protocol, &address])
                        .output()
                        .unwrap();
                    let text = String::from_utf8_lossy(&output.stdout).into_owned();
                    let errors = String::from_utf8_lossy(&output.stderr);
                    *least = least.min(text.trim().parse().unwrap_or_else(|_| panic!("{text}{errors}")));
                }
            }
            let expected = i64::try_from(ROUNDS * LIBRARIES.len()).unwrap() * RATE * SECONDS;
            let missing = expected.unsigned_abs() - (sink.items() - before);
            if missing > 0 {
                println!("{signal}, {protocol}: {missing} items were lost");
            }
            let counts = LIBRARIES.map(|library| instructions(library, signal, protocol, &address));
            for (index, library) in LIBRARIES.into_iter().enumerate() {
                let name = format!("{signal}, {protocol}: {library}");
                print!("{name:45} {:9.0} {:7.2}", nanos[index], nanos[index] / nanos[0]);
                match (counts[index], counts[0]) {
                    (Some(count), Some(stock)) => println!(" {count:13.0} {:7.2}", count / stock),
                    _ => println!(),
                }
            }
        }
    }
}

/// Returns the CPU time of this process per item, in nanoseconds.
fn cpu_nanos(emitter: &Emitter) -> f64 {
    let before = cpu_time();
    let start = Instant::now();
    let total = RATE * SECONDS;
    let mut emitted = 0;
    while emitted < total {
        let due = i64::try_from(start.elapsed().as_micros()).unwrap() * RATE / 1_000_000;
        while emitted < due.min(total) {
            emitter.emit(emitted);
            emitted += 1;
        }
        thread::sleep(Duration::from_millis(1));
    }
    emitter.flush();
    #[expect(clippy::cast_precision_loss, reason = "the run is short")]
    let nanos = (cpu_time() - before).as_nanos() as f64 / total as f64;
    nanos
}

fn cpu_time() -> Duration {
    clock_gettime(ClockId::ProcessCPUTime).try_into().unwrap()
}

/// Returns the instructions per item on all threads: the difference between runs with many and with
/// few batches.
fn instructions(library: &str, signal: &str, protocol: &str, address: &str) -> Option<f64> {
    let count = |batches: &str| {
        let file = env::temp_dir().join(format!("autotelemetry-otlp-{}", std::process::id()));
        let status = Command::new("valgrind")
            .args(["-q", "--tool=callgrind"])
            .arg(format!("--callgrind-out-file={}", file.display()))
            .arg(env::current_exe().ok()?)
            .args(["--batches", library, signal, protocol, address, batches])
            .output()
            .ok()?;
        let report = fs::read_to_string(&file).ok()?;
        let _ = fs::remove_file(&file);
        let total = report.lines().rev().find_map(|line| line.strip_prefix("totals: "))?;
        status.status.success().then(|| total.trim().parse::<f64>().ok())?
    };
    #[expect(clippy::cast_precision_loss, reason = "a batch is short")]
    Some((count("24")? - count("4")?) / (20 * BATCH) as f64)
}
