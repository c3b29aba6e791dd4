//! The console output of the quickstart: text, and JSON lines.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    process::{Command, Stdio},
};

use test_support::process;

fn quickstart(variables: &[(&str, &str)]) -> (String, String) {
    let mut command = process::example("quickstart");
    command.envs(variables.iter().copied());
    let output = process::run(command);
    (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn quickstart_text_output_shows_all_signals() {
    let (out, err) = quickstart(&[]);
    assert!(
        err.starts_with("autotelemetry: quickstart 1.0.0, ")
            && err.ends_with("quickstart.toml: traces to console; metrics to console; logs to console\n")
            && err.lines().count() == 1,
        "{err}"
    );
    assert!(!out.contains('\u{1b}'), "a pipe gets no colours");
    let has = |parts: &[&str]| {
        assert!(
            out.lines().any(|line| parts.iter().all(|part| line.contains(part))),
            "{parts:?} is not in\n{out}"
        );
    };
    has(&[" INFO shop: order received payment=card trace="]);
    has(&["ERROR shop: order failed payment=invoice", "exception.message=\"card refused\""]);
    has(&["  process_order", "ms  ████████████████████", "ERROR: card refused", "order.id=3"]);
    has(&["  ├─ check_stock", "·"]);
    has(&["  └─ charge", "ERROR: card refused"]);
    has(&["    orders.processed  payment=card", "  1 {order}"]);
    has(&["    order.duration", "count=2 sum="]);
}

#[test]
fn json_format_writes_one_object_per_line() {
    let (out, _) = quickstart(&[("AUTOTEL_CONSOLE__FORMAT", "json")]);
    let lines: Vec<serde_json::Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let find = |key: &str, value: &str| lines.iter().find(|line| line[key] == value).unwrap();
    let log = find("message", "order failed");
    assert_eq!((&log["level"], &log["target"]), (&"ERROR".into(), &"shop".into()));
    assert_eq!(log["attributes"]["exception.message"], "card refused");
    let span = lines
        .iter()
        .find(|line| line["span_id"] == log["span_id"] && line["span"] == "process_order")
        .unwrap();
    assert_eq!((&span["trace_id"], &span["status"]), (&log["trace_id"], &"error".into()));
    let charge = lines.iter().find(|line| line["span"] == "charge" && line["status"] == "error").unwrap();
    assert_eq!(
        (&charge["parent_span_id"], &charge["events"][0]["name"]),
        (&span["span_id"], &"exception".into())
    );
    let metric = find("metric", "orders.processed");
    assert_eq!((&metric["type"], &metric["unit"]), (&"counter".into(), &"{order}".into()));
}

#[test]
fn console_with_stream_and_color_set_uses_them() {
    let (out, err) =
        quickstart(&[("AUTOTEL_CONSOLE__STREAM", "stderr"), ("AUTOTEL_CONSOLE__COLOR", "always")]);
    assert_eq!(out, "");
    assert!(err.contains("\u{1b}[31mERROR\u{1b}[0m"), "{err}");
}

#[test]
fn closed_stdout_is_reported_once_and_tolerated() {
    let mut command = process::example("quickstart");
    let mut child = command.arg("50").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("order received"), "{line}");
    // The pipe is closed now, and the program runs to its end.
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(
        err.lines().count() == 2
            && err.contains("standard output was closed by its reader; console output stopped"),
        "reported once: {err}"
    );
}

#[test]
fn very_long_names_are_shown_in_full() {
    let mut program = process::function(module_path!(), "child_emits_long_names");
    program.env("AUTOTEL_CONSOLE__FORMAT", "text").env("AUTOTEL_CONSOLE__STREAM", "stderr");
    let output = process::run(program);
    assert!(output.stderr.len() > 400_000, "all of it is shown: {}", output.stderr.len());
}

#[test]
#[ignore = "child process of other tests"]
fn child_emits_long_names() {
    use autotelemetry::prelude::*;

    let long = "x".repeat(100_000);
    let tools = autotelemetry::ObservabilityTools::builder()
        .service_name("x")
        .set("traces.exporters", "console")
        .set("metrics.exporters", "console")
        .build()
        .unwrap();
    let attributes = [KeyValue::new("long", long.clone())];
    drop(tools.tracer("x").start_as_current_span(long.clone()));
    tools.meter("x").u64_counter("count").build().add(1, &attributes);
    tools.logger("x").info(long.clone(), &attributes);
    tools.shutdown().unwrap();
    assert!(tools.explain().to_string().len() < 100_000);
    let explained =
        autotelemetry::ObservabilityTools::builder().resource_attribute(long.clone(), long).explain();
    assert!(explained.to_string().len() > 200_000);
}

#[test]
fn console_exporter_counts_each_signal() {
    use autotelemetry::{Signal, prelude::*};

    let lines = test_support::line_buffer::LineBuffer::default();
    let tools = test_support::builder()
        .service_name("x")
        .set("traces.exporters", "console")
        .set("metrics.exporters", "console")
        .json_logs(true)
        .console_writer(lines.clone())
        .build()
        .unwrap();
    drop(tools.tracer("x").start_as_current_span("one"));
    drop(tools.tracer("x").start_as_current_span("two"));
    tools.meter("x").u64_counter("count").build().add(1, &[]);
    tools.logger("x").info("hello", &[]);
    tools.shutdown().unwrap();
    let stats = tools.stats();
    for (signal, items) in [(Signal::Traces, 2), (Signal::Metrics, 1), (Signal::Logs, 1)] {
        let stats = stats.exporter(signal, "console").unwrap();
        assert_eq!((stats.emitted(), stats.exported(), stats.queued()), (items, items, 0), "{stats:?}");
    }
    assert_eq!(lines.json().len(), 4);
}

/// Logs each line of standard input to standard output, and answers on standard error. At the end,
/// prints the statistics there.
#[test]
#[ignore = "child process of other tests"]
fn child_logs_lines() {
    let tools = autotelemetry::ObservabilityTools::builder().build().unwrap();
    let logger = tools.logger("shop");
    for line in std::io::stdin().lines() {
        logger.info(line.unwrap(), &[]);
        eprintln!("DONE");
    }
    let _ = tools.shutdown();
    let stats = tools.stats();
    let stats = stats.exporter(autotelemetry::Signal::Logs, "console").unwrap();
    eprintln!("STATS {} {} {}", stats.emitted(), stats.exported(), stats.dropped());
}

fn child_logs_lines_to(stdout: impl Into<Stdio>) -> (process::Process, BufReader<std::process::ChildStderr>) {
    let mut command = process::function(module_path!(), "child_logs_lines");
    command.env("OTEL_SERVICE_NAME", "shop").env("OTEL_LOGS_EXPORTER", "console");
    command.stdin(Stdio::piped()).stdout(stdout).stderr(Stdio::piped());
    let mut child = process::Process::spawn(&mut command);
    let stderr = BufReader::new(child.stderr.take().unwrap());
    (child, stderr)
}

/// Sends a line and waits until it was logged. Returns the other lines of standard error.
fn say(child: &mut process::Process, stderr: &mut impl std::io::BufRead, line: &str) -> String {
    writeln!(child.stdin.as_mut().unwrap(), "{line}").unwrap();
    let mut answer = String::new();
    while !answer.ends_with("DONE\n") {
        assert!(stderr.read_line(&mut answer).unwrap() > 0, "{answer}");
    }
    answer
}

#[test]
#[cfg(unix)]
fn named_pipe_with_a_second_reader_continues_after_a_notice() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    // An end for both directions opens at once, and lets the others open.
    let both = fs::File::options().read(true).write(true).open(&path).unwrap();
    let mut first = BufReader::new(fs::File::open(&path).unwrap());
    let (mut child, mut stderr) = child_logs_lines_to(fs::File::options().write(true).open(&path).unwrap());
    drop(both);
    say(&mut child, &mut stderr, "read");
    let mut line = String::new();
    while !line.contains("\"read\"") {
        line.clear();
        assert!(first.read_line(&mut line).unwrap() > 0);
    }
    drop(first);
    let answer = say(&mut child, &mut stderr, "unread");
    assert!(answer.contains("standard output was closed by its reader"), "{answer}");
    let second = BufReader::new(fs::File::open(&path).unwrap());
    let mut sent = 2;
    loop {
        sent += 1;
        let answer = say(&mut child, &mut stderr, "again");
        if answer.contains("standard output has a reader again; console output continues") {
            break;
        }
        assert_eq!(answer, "DONE\n");
    }
    drop(child.stdin.take());
    let lines: Vec<serde_json::Value> =
        second.lines().filter_map(|line| serde_json::from_str(&line.unwrap()).ok()).collect();
    let dropped = lines[0]["attributes"]["dropped"].as_u64().unwrap();
    assert_eq!(dropped + 1 + lines.len() as u64 - 1, sent, "{lines:?}");
    assert_eq!(lines.last().unwrap()["message"], "again");
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut stderr, &mut rest).unwrap();
    assert!(rest.contains(&format!("STATS {sent} {} {dropped}", sent - dropped)), "{rest}");
}
