//! The time from the first line of `main` until telemetry is set up, compared with the published
//! crates wired by hand, and the time to read the configuration.
//!
//! `cargo bench -p autotelemetry-benches --bench init`, with `ROUNDS` rounds. Each start is a
//! separate process. The variants alternate, once on a quiet machine and once beside two busy
//! threads. Nothing listens at the endpoint: no variant connects while it starts. If valgrind is
//! installed, callgrind counts the instructions of all threads, beyond those of an empty program.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and may panic")]

mod by_hand;
mod by_hand_config;
mod file;

use std::{
    env, fs,
    hint::black_box,
    path::Path,
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use autotelemetry::ObservabilityTools;
use by_hand_config::Config;
use test_support::process::count_of;

/// Each start with its baseline.
const STARTS: [(&str, &str); 6] = [
    ("http by hand", "http by hand"),
    ("http autotelemetry", "http by hand"),
    ("grpc by hand", "grpc by hand"),
    ("grpc autotelemetry", "grpc by hand"),
    ("prometheus by hand", "prometheus by hand"),
    ("prometheus autotelemetry", "prometheus by hand"),
];

/// Each way to read the file.
const READS: [&str; 3] = ["read toml", "read figment", "read autotelemetry"];

/// Reads of a warm process.
const WARM_READS: usize = 1_000;

fn main() {
    let start = Instant::now();
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.as_slice() {
        [case, path] => run(case, Path::new(path), WARM_READS, start),
        [case, path, _] => run(case, Path::new(path), 0, start),
        _ => compare(&arguments),
    }
}

/// Runs one case in this process, and prints its times in microseconds.
fn run(case: &str, path: &Path, warm_reads: usize, start: Instant) {
    let times = match case.split_once(' ').unwrap() {
        ("read", reader) => {
            let read = || match reader {
                "toml" => drop(black_box(Config::read(path))),
                "figment" => drop(black_box(Config::read_with_figment(path))),
                _ => {
                    let checked = ObservabilityTools::builder().config_file(path).check();
                    assert_eq!(checked.errors(), []);
                }
            };
            read();
            let cold = start.elapsed();
            let warm = (0..warm_reads).map(|_| {
                let start = Instant::now();
                read();
                start.elapsed()
            });
            vec![cold, warm.min().unwrap_or_default()]
        }
        (_, "autotelemetry") => {
            let tools = ObservabilityTools::builder().config_file(path).install().unwrap();
            let time = start.elapsed();
            // A shutdown would wait for the missing collector.
            std::mem::forget(tools);
            vec![time]
        }
        (protocol, "by hand") => {
            let config = Config::read(path);
            match protocol {
                "http" => by_hand::http(&config),
                "grpc" => std::mem::forget(by_hand::grpc(&config)),
                _ => by_hand::prometheus(&config),
            }
            vec![start.elapsed()]
        }
        _ => vec![Duration::ZERO],
    };
    for time in times {
        println!("{}", time.as_secs_f64() * 1e6);
    }
    // Without destructors, which would export.
    std::process::exit(0);
}

/// Runs all cases whose name contains the first argument.
fn compare(arguments: &[String]) {
    let wanted = |name: &&str| arguments.first().is_none_or(|part| name.contains(part.as_str()));
    let directory = tempfile::tempdir().unwrap();
    let rounds = usize::try_from(count_of("ROUNDS", 21)).unwrap();
    let starts: Vec<_> = STARTS.into_iter().filter(|(name, _)| wanted(name)).collect();
    let reads: Vec<_> = READS.into_iter().filter(wanted).collect();
    let names: Vec<&str> = starts.iter().map(|(name, _)| *name).chain(reads.iter().copied()).collect();
    for name in &names {
        file::write(&directory.path().join(name), name.split(' ').next().unwrap());
    }
    let empty = instructions("nothing at all", directory.path());
    println!("{:26} {:>9} {:>9} {:>6} {:>13} {:>6}", "µs", "median", "min", "ratio", "instructions", "ratio");
    for busy in [false, true] {
        let mut times = vec![Vec::new(); names.len()];
        while_busy(busy, || {
            for _ in 0..rounds {
                for (name, times) in names.iter().zip(&mut times) {
                    times.push(start(name, directory.path()));
                }
            }
        });
        let load = if busy { "two busy threads" } else { "quiet" };
        println!("{load}");
        let median = |name: &str, column| {
            let at = names.iter().position(|other| *other == name);
            at.map_or(f64::NAN, |at| sorted(&times[at], column)[rounds / 2])
        };
        let count = |name: &str| Some(instructions(name, directory.path())? - empty?);
        for (name, baseline) in &starts {
            let at = names.iter().position(|other| other == name).unwrap();
            let (time, least) = (median(name, 0), sorted(&times[at], 0)[0]);
            print!("  {name:24} {time:9.0} {least:9.0} {:6.2}", time / median(baseline, 0));
            match (busy, count(name), count(baseline)) {
                (false, Some(count), Some(base)) => println!(" {count:13.0} {:6.2}", count / base),
                _ => println!(),
            }
        }
        for name in &reads {
            for (column, heat) in ["cold", "warm"].into_iter().enumerate() {
                let at = names.iter().position(|other| other == name).unwrap();
                let (time, least) = (median(name, column), sorted(&times[at], column)[0]);
                print!("  {:24} {time:9.1} {least:9.1}", format!("{name}, {heat}"));
                print!(" {:6.2}", time / median(READS[0], column));
                match (busy, column, count(name), count(READS[0])) {
                    (false, 0, Some(count), Some(base)) => println!(" {count:13.0} {:6.2}", count / base),
                    _ => println!(),
                }
            }
        }
    }
}

fn sorted(times: &[Vec<f64>], column: usize) -> Vec<f64> {
    let mut times: Vec<f64> = times.iter().map(|times| times[column]).collect();
    times.sort_by(f64::total_cmp);
    times
}

/// Returns the command that runs one case in a process of its own.
fn command(program: &str, case: &str, directory: &Path) -> Command {
    let mut command = Command::new(program);
    let is_counted = program == "valgrind";
    if is_counted {
        let out = directory.join("callgrind.out");
        command.args(["-q", "--tool=callgrind", "--separate-threads=no"]);
        command.arg(format!("--callgrind-out-file={}", out.display())).arg(env::current_exe().unwrap());
    }
    command.arg(case).arg(directory.join(case)).env("TOKEN", "secret");
    // Only the first read is counted.
    command.args(is_counted.then_some("cold"));
    command
}

/// Returns the times of one case in a process of its own.
fn start(case: &str, directory: &Path) -> Vec<f64> {
    let program = env::current_exe().unwrap();
    let output = command(program.to_str().unwrap(), case, directory).output().unwrap();
    assert!(output.status.success(), "{case}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| line.parse().ok()).collect()
}

/// Returns the instructions of one case, if valgrind is installed.
fn instructions(case: &str, directory: &Path) -> Option<f64> {
    command("valgrind", case, directory).output().ok().filter(|output| output.status.success())?;
    let report = fs::read_to_string(directory.join("callgrind.out")).ok()?;
    report.lines().rev().find_map(|line| line.strip_prefix("totals: ")?.trim().parse().ok())
}

/// Calls `work`, if `busy` beside two threads that never wait.
fn while_busy(busy: bool, work: impl FnOnce()) {
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        if busy {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !is_done.load(Ordering::Relaxed) {
                        black_box(0);
                    }
                });
            }
        }
        work();
        is_done.store(true, Ordering::Relaxed);
    });
}
