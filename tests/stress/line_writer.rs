//! Eight threads that log as fast as they can, to files and to slow readers.
//!
//! `LINES=1000000 cargo test --release --test stress line_writer -- --nocapture` writes more lines
//! per thread.
#![cfg(unix)]

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use autotelemetry::{ObservabilityTools, Signal, prelude::*};
use test_support::process;

const THREADS: usize = 8;

fn lines_of_each() -> u64 {
    test_support::process::count_of("LINES", 20_000)
}

/// Logs from all threads and prints the statistics. The destination comes from the environment.
#[test]
#[ignore = "child process of other tests"]
fn child_floods() {
    let tools = ObservabilityTools::builder().service_name("x").build().unwrap();
    let start = Instant::now();
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let logger = tools.logger("flood");
            scope.spawn(move || {
                for number in 0..lines_of_each() {
                    let attributes = [KeyValue::new("thread", i64::try_from(thread).unwrap())];
                    logger.info(format!("line {number}"), &attributes);
                }
            });
        }
    });
    let logged = start.elapsed();
    let result = tools.shutdown().map_err(|error| error.to_string());
    let stats = tools.stats().exporters()[0].clone();
    assert_eq!(stats.signal(), Signal::Logs);
    assert_eq!(stats.emitted(), THREADS as u64 * lines_of_each());
    let process = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = process.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("?").trim();
    eprintln!(
        "STATS {} {} {} {peak}; logged in {logged:?}, {result:?}",
        stats.exported(),
        stats.dropped(),
        stats.failed()
    );
}

#[derive(Debug, Default)]
struct Seen {
    written: u64,
    /// The number of dropped lines that the lines report.
    told: u64,
}

/// Reads lines to the end, and asserts that each is whole and that those of a thread are in order.
fn check(lines: impl Read) -> Seen {
    let mut seen = Seen::default();
    let mut next = [0; THREADS];
    for line in BufReader::with_capacity(1 << 20, lines).lines() {
        let line = line.unwrap();
        // The output of the test harness precedes the first line.
        let line = line.strip_prefix("test line_writer::child_floods ... ").unwrap_or(&line);
        let Some(rest) = line.strip_prefix("{\"timestamp\":\"") else { continue };
        let (_, rest) = rest.split_at("2026-11-23T19:59:17.123456Z".len());
        if let Some(rest) =
            rest.strip_prefix("\",\"level\":\"INFO\",\"target\":\"flood\",\"message\":\"line ")
        {
            let (number, rest) = rest.split_once("\",\"attributes\":{\"thread\":").unwrap();
            let (number, thread) = (number.parse::<u64>().unwrap(), rest.strip_suffix("}}").unwrap());
            let next = &mut next[thread.parse::<usize>().unwrap()];
            assert!(number >= *next, "{line}");
            *next = number + 1;
            seen.written += 1;
        } else {
            let (_, missing) =
                rest.split_once("\"attributes\":{\"dropped\":").unwrap_or_else(|| panic!("torn: {line}"));
            seen.told += missing.strip_suffix("}}").unwrap().parse::<u64>().unwrap();
        }
    }
    seen
}

/// Returns the printed statistics: exported, dropped, failed, and the rest of the line.
fn stats(err: &str) -> (u64, u64, u64, &str) {
    let (_, stats) = err.split_once("STATS ").unwrap_or_else(|| panic!("{err}"));
    let mut parts = stats.splitn(4, ' ');
    let mut number = || parts.next().unwrap().parse().unwrap();
    (number(), number(), number(), parts.next().unwrap().trim())
}

fn compare(name: &str, seen: &Seen, err: &str) {
    let (exported, dropped, failed, rest) = stats(err);
    println!("{name}: {seen:?}, {rest}");
    assert_eq!(seen.written, exported, "{err}");
    assert_eq!(exported + dropped + failed, THREADS as u64 * lines_of_each(), "{err}");
    assert_eq!(seen.told, dropped + failed, "every gap is told: {err}");
    let peak: u64 = rest.split_once(" kB").unwrap().0.parse().unwrap();
    assert!(peak < 40 * 1024, "memory has a bound: {peak} kB");
}

#[test]
fn flooded_file_has_whole_lines_and_exact_counts() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = process::function(module_path!(), "child_floods");
    command
        .env("OTEL_LOGS_EXPORTER", "file")
        .env("AUTOTEL_FILE__DIRECTORY", directory.path())
        .env("AUTOTEL_FILE__ROTATION", "never");
    let output = process::run(command);
    let seen = check(File::open(directory.path().join("x.log")).unwrap());
    compare("file", &seen, std::str::from_utf8(&output.stderr).unwrap());
}

/// Reads a little at a time, with pauses.
struct Slow<R>(R);

impl<R: Read> Read for Slow<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        thread::sleep(Duration::from_millis(1));
        let most = buffer.len().min(32 * 1024);
        self.0.read(&mut buffer[..most])
    }
}

#[test]
fn slow_reader_gets_whole_lines_and_exact_counts() {
    let mut command = process::function(module_path!(), "child_floods");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut err = child.stderr.take().unwrap();
    let seen = check(Slow(child.stdout.take().unwrap()));
    let mut text = String::new();
    err.read_to_string(&mut text).unwrap();
    assert!(child.wait().unwrap().success(), "{text}");
    compare("pipe", &seen, &text);
}

#[test]
fn blocked_pipe_does_not_delay_the_end() {
    let mut command = process::function(module_path!(), "child_floods");
    command.env("LINES", "20000").env("AUTOTEL_SHUTDOWN_TIMEOUT", "300ms");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let start = Instant::now();
    let mut child = command.spawn().unwrap();
    // The end is not delayed, and losses are counted.
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let err = lines.find(|line| line.starts_with("STATS ")).unwrap();
    // The test harness must not block on its output either.
    drop(child.stdout.take());
    child.wait().unwrap();
    let (exported, dropped, failed, rest) = stats(&err);
    assert_eq!(
        exported + dropped + failed,
        THREADS as u64 * 20_000,
        "what is left at the end is dropped: {err}"
    );
    assert!(dropped > 0 && rest.contains("logs: timed out after 300ms"), "{err}");
    assert!(start.elapsed() < test_support::TIMEOUT, "{:?}", start.elapsed());
}
