//! Clocks that are wrong or jump, by libfaketime.

use std::{
    fs,
    time::{Duration, Instant, SystemTime},
};

use autotelemetry::{ObservabilityTools, prelude::*};
use test_support::{mock_collector::MockCollector, process, programs::Program, require};

/// Emits all signals, and waits for nothing but the shutdown.
#[test]
#[ignore = "child process of other tests"]
fn child_emits() {
    let tools = ObservabilityTools::builder().build().unwrap();
    for _ in 0..10 {
        drop(tools.tracer("clock").start_as_current_span("work"));
        tools.logger("clock").info("hello", &[]);
    }
    tools.meter("clock").u64_counter("things").build().add(1, &[]);
    println!("year {:?}", SystemTime::now());
    tools.shutdown().unwrap();
}

#[test]
fn wrong_clock_neither_loses_nor_delays() {
    require!(Faketime);
    // Before 1970, after the last 64-bit nanosecond, a clock that races, and one that stands still.
    for clock in
        ["@1960-01-01 00:00:00", "@2600-01-01 00:00:00", "-10y x1000", "+0 i3600", "2001-01-01 00:00:00"]
    {
        let mock = MockCollector::start();
        let directory = tempfile::tempdir().unwrap();
        let function = process::function(module_path!(), "child_emits");
        let mut command = Program::Faketime.command();
        command
            .args(["--exclude-monotonic", "-f", clock])
            .arg(function.get_program())
            .args(function.get_args());
        command.env("OTEL_SERVICE_NAME", "clock").env("OTEL_EXPORTER_OTLP_ENDPOINT", mock.url());
        command.env("OTEL_LOGS_EXPORTER", "otlp,file").env("AUTOTEL_FILE__DIRECTORY", "logs");
        command.current_dir(directory.path());
        let start = Instant::now();
        let output = command.output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !err.contains("panicked"), "{clock}: {err}");
        assert!(start.elapsed() < Duration::from_secs(5), "{clock}: {:?}", start.elapsed());
        assert_eq!((mock.spans().len(), mock.logs().len(), mock.metrics().len()), (10, 10, 1), "{clock}");
        for span in mock.spans() {
            assert!(span.start_time_unix_nano <= span.end_time_unix_nano, "{clock}: {span:?}");
        }
        let files: Vec<_> = fs::read_dir(directory.path().join("logs")).unwrap().collect();
        assert!(!files.is_empty(), "{clock}");
    }
}

/// Logs numbers for three minutes of the clock.
#[test]
#[ignore = "child process of other tests"]
fn child_logs_for_minutes() {
    let tools = ObservabilityTools::builder().build().unwrap();
    let (logger, start) = (tools.logger("clock"), SystemTime::now());
    let mut number = 0;
    while start.elapsed().unwrap() < Duration::from_secs(180) {
        logger.info(number.to_string(), &[KeyValue::new("padding", "x".repeat(100))]);
        tools.force_flush().unwrap();
        number += 1;
    }
    tools.shutdown().unwrap();
    println!("\nLOGGED {number}");
}

#[test]
fn files_rotate_by_time_and_by_size_together() {
    require!(Faketime);
    let directory = tempfile::tempdir().unwrap();
    let function = process::function(module_path!(), "child_logs_for_minutes");
    let mut command = Program::Faketime.command();
    command
        .args(["--exclude-monotonic", "-f", "-10y x200"])
        .arg(function.get_program())
        .args(function.get_args())
        .env("OTEL_SERVICE_NAME", "clock")
        .env("OTEL_LOGS_EXPORTER", "file")
        .env("AUTOTEL_FILE__DIRECTORY", directory.path())
        .env("AUTOTEL_FILE__ROTATION", "minutely")
        .env("AUTOTEL_FILE__MAX_SIZE", "64kB")
        .env("AUTOTEL_FILE__MAX_FILES", "0")
        .current_dir(directory.path());
    let output = command.output().unwrap();
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{out} {}", String::from_utf8_lossy(&output.stderr));
    let logged: u32 =
        out.lines().find_map(|line| line.strip_prefix("LOGGED ")).unwrap().trim().parse().unwrap();
    let entries = fs::read_dir(directory.path()).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let numbered = names.iter().filter(|name| name.matches('.').count() == 3).count();
    assert!(names.len() - numbered >= 3 && numbered >= 1, "{names:?}");
    // In the order of their names, the files hold all lines in their order.
    let mut number = 0;
    for name in &names {
        let text = fs::read_to_string(directory.path().join(name)).unwrap();
        assert!(text.len() <= 64_000, "{name}");
        for line in text.lines() {
            assert!(line.contains(&format!("\"message\":\"{number}\"")), "{name}: {line}");
            number += 1;
        }
    }
    assert_eq!(number, logged, "{names:?}");
}
