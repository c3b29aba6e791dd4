//! The data processor alone, on a terminal, and with a real Collector.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    fs,
    process::{Command, Output},
};

use serde_json::Value;
use test_support::{
    collector::{Collector, field, sections, sections_with},
    port::RefusingAddress,
    process, require, terminal,
};

fn data_processing(arguments: &[&str]) -> Command {
    let mut command = process::clean(env!("CARGO_BIN_EXE_data_processing").into());
    // The directory of the configuration file.
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

/// Writes a CSV file with this text.
fn csv(text: &str) -> (String, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data.csv");
    fs::write(&path, text).unwrap();
    (path.display().to_string(), directory)
}

/// Returns the telemetry on standard error.
fn telemetry(output: &Output) -> Vec<Value> {
    let stderr = str::from_utf8(&output.stderr).unwrap();
    stderr
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn find<'l>(lines: &'l [Value], member: &str, value: &str) -> &'l Value {
    lines.iter().find(|line| line[member] == value).unwrap_or_else(|| panic!("no {value} in {lines:#?}"))
}

#[test]
fn input_is_filtered_and_grouped() {
    let (path, _directory) = csv("category,value\na,20\nb,10\na,30\nb,11\nc,9.5\n");
    let output = process::run(data_processing(&[&path]));
    assert_eq!(str::from_utf8(&output.stdout).unwrap(), "a,25.000\nb,11.000\n");
    let lines = telemetry(&output);
    let transform = &find(&lines, "span", "transform_data")["attributes"];
    assert_eq!(*transform, serde_json::json!({ "input_rows": 5, "filtered_rows": 3, "output_rows": 2 }));
    let messages: Vec<_> = lines.iter().filter_map(|line| line["message"].as_str()).collect();
    assert_eq!(messages, ["loading", "loaded", "transformed", "data processed"]);
}

#[test]
fn invalid_input_is_printed_recorded_and_returned() {
    let (bad, directory) = csv("category,value\na,20\na,many\n");
    let missing = directory.path().join("missing.csv").display().to_string();
    for (path, reason) in
        [(&bad, "(line: 3, byte: 20): field 1: invalid float literal"), (&missing, "No such file")]
    {
        let output = data_processing(&[path]).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(output.stdout, b"");
        let error = str::from_utf8(&output.stderr).unwrap().lines().last().unwrap();
        assert!(error.starts_with("cannot ") && error.contains(&**path) && error.contains(reason), "{error}");

        let lines = telemetry(&output);
        for span in ["load_data", "process_data"] {
            let span = find(&lines, "span", span);
            assert_eq!((&span["status"], &span["status_description"]), (&"error".into(), &error.into()));
            assert_eq!(span["events"][0]["name"], "exception");
            assert_eq!(span["events"][0]["attributes"]["exception.message"], error);
        }
        let log = find(&lines, "message", "processing failed");
        assert_eq!(log["span_id"], find(&lines, "span", "process_data")["span_id"]);
        assert_eq!(log["attributes"]["exception.message"], error);
        assert_eq!(find(&lines, "metric", "process.time")["attributes"]["outcome"], "error");
        assert!(!lines.iter().any(|line| line["span"] == "transform_data"));
    }
}

/// Returns a command that sends everything to a Collector.
fn collected(endpoint: &str, path: &str) -> Command {
    let mut command = data_processing(&[path]);
    command.env("AUTOTEL_PROFILE", "collector").env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
    command
}

#[test]
fn result_without_a_collector_is_the_same() {
    let refusing = RefusingAddress::reserve();
    let (path, _directory) = csv("category,value\na,20\n");
    let output = process::run(collected(&refusing.url(), &path));
    assert_eq!(str::from_utf8(&output.stdout).unwrap(), "a,20.000\n");
    let stderr = str::from_utf8(&output.stderr).unwrap();
    for lost in ["3 of 3 spans", "4 of 4 log records", "2 of 2 data points"] {
        assert!(stderr.contains(lost), "{lost}: {stderr}");
    }
}

/// Returns the only section of the Collector's output whose field `name` has this value.
fn only<'t>(output: &'t str, kind: &str, name: &str, value: &str) -> &'t str {
    let found = sections_with(output, kind, name, value);
    assert_eq!(found.len(), 1, "{kind} {value} in {output}");
    found[0]
}

fn assert_same(names: &[&str], log: &str, span: &str) {
    for name in names {
        let name = format!("-> {name}");
        assert_eq!(field(log, &name), field(span, &name));
    }
}

#[test]
fn collector_receives_each_item() {
    require!(Collector);
    let (path, _directory) = csv("");
    process::run(data_processing(&["--generate", "100000", &path]));
    let collector = Collector::start();
    let output = process::run(collected(&collector.url("http/protobuf"), &path));
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
    assert_same(&["file"], log("loading", load), parent);
    assert_same(&["rows", "columns", "load_time_ms"], log("loaded", load), load);
    assert_same(&["input_rows", "filtered_rows", "output_rows"], log("transformed", transform), transform);
    assert_eq!(field(log("data processed", parent), "-> categories"), "Int(5)");

    assert_eq!(field(only(&output, "Metric", "-> Name", "data.rows"), "-> Unit"), "{row}");
    assert_eq!(field(sections(&output, "NumberDataPoints")[0], "Value"), "100000");
    assert_eq!(field(only(&output, "Metric", "-> Name", "process.time"), "-> Unit"), "ms");
    let time = sections(&output, "HistogramDataPoints")[0];
    assert_eq!((field(time, "Count"), field(time, "-> outcome")), ("1", "Str(ok)"));
}

#[test]
fn collector_receives_errors() {
    require!(Collector);
    let (path, _directory) = csv("category,value\na,many\n");
    let collector = Collector::start();
    let ended = collected(&collector.url("http/protobuf"), &path).output().unwrap();
    assert_eq!(ended.status.code(), Some(1));
    let error = str::from_utf8(&ended.stderr).unwrap().lines().last().unwrap();

    // The program does not reach `shutdown`: the tools are dropped.
    let output = collector.wait(|text| {
        sections(text, "Span").len() == 2
            && sections(text, "LogRecord").len() == 2
            && sections(text, "HistogramDataPoints").len() == 1
    });
    let (parent, load) =
        (only(&output, "Span", "Name", "process_data"), only(&output, "Span", "Name", "load_data"));
    assert_eq!(field(load, "Parent ID"), field(parent, "ID"));
    for span in [parent, load] {
        assert_eq!((field(span, "Status code"), field(span, "Status message")), ("Error", error));
        assert_eq!(field(span, "-> Name"), "exception");
        assert_eq!(field(span, "-> exception.message"), format!("Str({error})"));
    }
    let log = only(&output, "LogRecord", "Body", "Str(processing failed)");
    assert_eq!((field(log, "SeverityText"), field(log, "Span ID")), ("ERROR", field(parent, "ID")));
    assert_eq!(field(log, "-> exception.message"), format!("Str({error})"));
    assert_eq!(field(sections(&output, "HistogramDataPoints")[0], "-> outcome"), "Str(error)");
    assert!(!output.contains("-> Name: data.rows"), "nothing was loaded: {output}");
}

#[test]
fn progress_bar_leaves_log_lines_intact() {
    require!(Script);
    let (path, _directory) = csv("");
    process::run(data_processing(&["--generate", "100000", &path]));
    let line = format!("{} {path}", env!("CARGO_BIN_EXE_data_processing"));
    let recording = terminal::record(&line, 200, |script| {
        script.current_dir(env!("CARGO_MANIFEST_DIR")).env("TERM", "xterm").env("RUST_LOG", "debug");
    });
    assert!(recording.status.success(), "{}", recording.output);
    let screen = recording.replay(100).screen().contents();
    assert!(recording.output.matches(" %").count() > 1, "the bar is drawn:\n{screen}");
    assert!(!screen.contains('░') && !screen.contains("% "), "the bar is removed:\n{screen}");
    // The final screen: each log line starts at the left and holds nothing else.
    let lines: Vec<_> = screen.lines().filter(|line| line.contains(" data_processing: ")).collect();
    assert_eq!(lines.len(), 14, "{screen}");
    for line in lines {
        assert!(line.starts_with("20") && line.contains("Z ") && line.contains(" trace="), "{line}");
    }
    let result: Vec<_> = screen.lines().filter(|line| line.starts_with("books,")).collect();
    assert_eq!(result, ["books,54.946"]);
}
