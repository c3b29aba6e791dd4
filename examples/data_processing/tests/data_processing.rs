//! The data processor on its own, on a terminal, and with a real Collector behind it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[allow(dead_code, reason = "others use the rest")]
#[path = "../../../tests/support/collector.rs"]
mod collector;
#[allow(dead_code, reason = "others use the rest")]
#[path = "../../../tests/support/program.rs"]
mod program;

use std::{
    fs,
    path::Path,
    process::{Command, Output},
    time::Duration,
};

use collector::{Collector, field, sections, sections_with};
use serde_json::Value;

const TIMEOUT: Duration = Duration::from_secs(20);

fn data_processing(arguments: &[&str]) -> Command {
    let mut command = program::clean(env!("CARGO_BIN_EXE_data_processing").into());
    // Where the file is.
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

/// A CSV file with this text.
fn csv(text: &str) -> (String, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data.csv");
    fs::write(&path, text).unwrap();
    (path.display().to_string(), directory)
}

/// The lines on standard error that are telemetry.
fn telemetry(output: &Output) -> Vec<Value> {
    let said = str::from_utf8(&output.stderr).unwrap();
    said.lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn find<'l>(lines: &'l [Value], member: &str, value: &str) -> &'l Value {
    lines.iter().find(|line| line[member] == value).unwrap_or_else(|| panic!("no {value} in {lines:#?}"))
}

#[test]
fn values_are_filtered_and_grouped() {
    let (path, _directory) = csv("category,value\na,20\nb,10\na,30\nb,11\nc,9.5\n");
    let output = program::run(data_processing(&[&path]));
    assert_eq!(str::from_utf8(&output.stdout).unwrap(), "a,25.000\nb,11.000\n");
    let lines = telemetry(&output);
    let transform = &find(&lines, "span", "transform_data")["attributes"];
    assert_eq!(*transform, serde_json::json!({ "input_rows": 5, "filtered_rows": 3, "output_rows": 2 }));
    let messages: Vec<_> = lines.iter().filter_map(|line| line["message"].as_str()).collect();
    assert_eq!(messages, ["loading", "loaded", "transformed", "data processed"]);
}

#[test]
fn errors_are_told_recorded_and_returned() {
    let (bad, directory) = csv("category,value\na,20\na,many\n");
    let missing = directory.path().join("missing.csv").display().to_string();
    for (path, reason) in
        [(&bad, "(line: 3, byte: 20): field 1: invalid float literal"), (&missing, "No such file")]
    {
        let output = data_processing(&[path]).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(output.stdout, b"");
        let said = str::from_utf8(&output.stderr).unwrap().lines().last().unwrap();
        assert!(said.starts_with("cannot ") && said.contains(&**path) && said.contains(reason), "{said}");

        let lines = telemetry(&output);
        for span in ["load_data", "process_data"] {
            let span = find(&lines, "span", span);
            assert_eq!((&span["status"], &span["status_description"]), (&"error".into(), &said.into()));
            assert_eq!(span["events"][0]["name"], "exception");
            assert_eq!(span["events"][0]["attributes"]["exception.message"], said);
        }
        let log = find(&lines, "message", "processing failed");
        assert_eq!(log["span_id"], find(&lines, "span", "process_data")["span_id"]);
        assert_eq!(log["attributes"]["exception.message"], said);
        assert_eq!(find(&lines, "metric", "process.time")["attributes"]["outcome"], "error");
        assert!(!lines.iter().any(|line| line["span"] == "transform_data"));
    }
}

/// The program, which sends everything to a Collector.
fn collected(endpoint: &str, path: &str) -> Command {
    let mut command = data_processing(&[path]);
    command.env("AUTOTEL_PROFILE", "collector").env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
    command
}

#[test]
fn without_a_collector_there_is_the_result_all_the_same() {
    let (path, _directory) = csv("category,value\na,20\n");
    let output = program::run(collected(&format!("http://127.0.0.1:{}", collector::free_port()), &path));
    assert_eq!(str::from_utf8(&output.stdout).unwrap(), "a,20.000\n");
    let said = str::from_utf8(&output.stderr).unwrap();
    for lost in ["3 of 3 spans", "4 of 4 log records", "2 of 2 data points"] {
        assert!(said.contains(lost), "{lost}: {said}");
    }
}

/// The only section of the Collector's output whose field is this.
fn only<'t>(output: &'t str, kind: &str, name: &str, value: &str) -> &'t str {
    let found = sections_with(output, kind, name, value);
    assert_eq!(found.len(), 1, "{kind} {value} in {output}");
    found[0]
}

fn same(names: &[&str], log: &str, span: &str) {
    for name in names {
        let name = format!("-> {name}");
        assert_eq!(field(log, &name), field(span, &name));
    }
}

#[test]
#[ignore = "needs the OpenTelemetry Collector (OTELCOL)"]
fn the_collector_receives_every_item() {
    let (path, _directory) = csv("");
    program::run(data_processing(&["--generate", "100000", &path]));
    let collector = Collector::start();
    let output = program::run(collected(&collector.url("http/protobuf"), &path));
    assert_eq!(str::from_utf8(&output.stdout).unwrap().lines().count(), 5);

    let output = collector.wait(|text| {
        sections(text, "Span").len() == 3
            && sections(text, "LogRecord").len() == 4
            && sections(text, "NumberDataPoints").len() == 1
            && sections(text, "HistogramDataPoints").len() == 1
    });
    let span = |name: &str| only(&output, "Span", "Name", name);
    let (parent, load, transform) = (span("process_data"), span("load_data"), span("transform_data"));
    assert_eq!((field(parent, "Parent ID"), field(parent, "Status code")), ("", "Ok"));
    assert_eq!(field(parent, "-> file"), format!("Str({path})"));
    for child in [load, transform] {
        assert_eq!(field(child, "Parent ID"), field(parent, "ID"));
        assert_eq!(field(child, "Trace ID"), field(parent, "Trace ID"));
    }
    assert_eq!((field(load, "-> rows"), field(load, "-> columns")), ("Int(100000)", "Int(3)"));
    assert!(field(load, "-> load_time_ms").starts_with("Double("));
    assert_eq!(field(transform, "-> input_rows"), "Int(100000)");
    assert_eq!(field(transform, "-> filtered_rows"), "Int(89989)");
    assert_eq!(field(transform, "-> output_rows"), "Int(5)");

    let log = |body: &str, span: &str| {
        let log = only(&output, "LogRecord", "Body", &format!("Str({body})"));
        assert_eq!((field(log, "Span ID"), field(log, "SeverityText")), (field(span, "ID"), "INFO"), "{log}");
        log
    };
    same(&["file"], log("loading", load), parent);
    same(&["rows", "columns", "load_time_ms"], log("loaded", load), load);
    same(&["input_rows", "filtered_rows", "output_rows"], log("transformed", transform), transform);
    assert_eq!(field(log("data processed", parent), "-> categories"), "Int(5)");

    assert_eq!(field(only(&output, "Metric", "-> Name", "data.rows"), "-> Unit"), "{row}");
    assert_eq!(field(sections(&output, "NumberDataPoints")[0], "Value"), "100000");
    assert_eq!(field(only(&output, "Metric", "-> Name", "process.time"), "-> Unit"), "ms");
    let time = sections(&output, "HistogramDataPoints")[0];
    assert_eq!((field(time, "Count"), field(time, "-> outcome")), ("1", "Str(ok)"));
}

#[test]
#[ignore = "needs the OpenTelemetry Collector (OTELCOL)"]
fn the_collector_learns_of_errors() {
    let (path, _directory) = csv("category,value\na,many\n");
    let collector = Collector::start();
    let ended = collected(&collector.url("http/protobuf"), &path).output().unwrap();
    assert_eq!(ended.status.code(), Some(1));
    let why = str::from_utf8(&ended.stderr).unwrap().lines().last().unwrap();

    // The program did not come to `shutdown`; the tools were dropped.
    let output = collector.wait(|text| {
        sections(text, "Span").len() == 2
            && sections(text, "LogRecord").len() == 2
            && sections(text, "HistogramDataPoints").len() == 1
    });
    let (parent, load) =
        (only(&output, "Span", "Name", "process_data"), only(&output, "Span", "Name", "load_data"));
    assert_eq!(field(load, "Parent ID"), field(parent, "ID"));
    for span in [parent, load] {
        assert_eq!((field(span, "Status code"), field(span, "Status message")), ("Error", why));
        assert_eq!(field(span, "-> Name"), "exception");
        assert_eq!(field(span, "-> exception.message"), format!("Str({why})"));
    }
    let log = only(&output, "LogRecord", "Body", "Str(processing failed)");
    assert_eq!((field(log, "SeverityText"), field(log, "Span ID")), ("ERROR", field(parent, "ID")));
    assert_eq!(field(log, "-> exception.message"), format!("Str({why})"));
    assert_eq!(field(sections(&output, "HistogramDataPoints")[0], "-> outcome"), "Str(error)");
    assert!(!output.contains("-> Name: data.rows"), "nothing was loaded: {output}");
}

#[test]
#[ignore = "needs script (util-linux)"]
fn the_bar_leaves_log_lines_whole() {
    let (path, directory) = csv("");
    program::run(data_processing(&["--generate", "100000", &path]));
    let shown = directory.path().join("shown");
    let mut command = program::clean("script".into());
    let words = format!("stty cols 200 && {} {path}", env!("CARGO_BIN_EXE_data_processing"));
    command
        .args(["--quiet", "--return", "--flush", "--command", &words])
        .arg(&shown)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("TERM", "xterm")
        .env("RUST_LOG", "debug");
    program::run(command);
    let (screen, bars) = replay(&shown);
    assert!(bars > 1, "the bar is drawn:\n{screen}");
    assert!(!screen.contains('░') && !screen.contains("% "), "and taken away:\n{screen}");
    // What the terminal shows in the end: each line of ours where it begins, and nothing else in it.
    let lines: Vec<_> = screen.lines().filter(|line| line.contains(" data_processing: ")).collect();
    assert_eq!(lines.len(), 14, "{screen}");
    for line in lines {
        assert!(line.starts_with("20") && line.contains("Z ") && line.contains(" trace="), "{line}");
    }
    let result: Vec<_> = screen.lines().filter(|line| line.starts_with("books,")).collect();
    assert_eq!(result, ["books,54.946"]);
}

/// What a terminal shows of a recorded session, and how often a bar was drawn.
fn replay(session: &Path) -> (String, usize) {
    let bytes = fs::read(session).unwrap();
    let mut terminal = vt100::Parser::new(100.try_into().unwrap(), 200.try_into().unwrap(), 0);
    terminal.process(&bytes);
    (terminal.screen().contents(), String::from_utf8_lossy(&bytes).matches(" %").count())
}
