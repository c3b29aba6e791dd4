//! The effect of a reload on the standard streams of a process, for each key that concerns them.

use std::fs;

use autotelemetry::{ObservabilityTools, prelude::*};
use test_support::process;

/// Between the texts that the file has one after the other.
const NEXT: &str = "\n---\n";

/// Logs and ends a span with the number of the text that its file has.
#[test]
#[ignore = "child process of other tests"]
fn child_reloads() {
    let file = process::variable("AUTOTEL_CONFIG").unwrap();
    let texts = process::variable("TEXTS").unwrap();
    let write = |text: &str| fs::write(&file, format!("service.name = \"shop\"\n{text}")).unwrap();
    let mut texts = texts.split(NEXT).enumerate();
    let (_, first) = texts.next().unwrap();
    write(first);
    let tools = ObservabilityTools::builder().build().unwrap();
    let emit = |number: usize| {
        tools.logger("shop").info(format!("round {number}"), &[]);
        tools.tracer("shop").start(format!("span {number}")).end();
        tools.force_flush().unwrap();
    };
    emit(0);
    for (number, text) in texts {
        write(text);
        tools.reload().unwrap();
        emit(number);
    }
    tools.shutdown().unwrap();
}

/// Returns standard output and standard error of a process whose file has these texts.
fn outputs(texts: &[String]) -> (String, String) {
    let directory = tempfile::tempdir().unwrap();
    let mut child = process::function(module_path!(), "child_reloads");
    child.env("AUTOTEL_CONFIG", directory.path().join("autotelemetry.toml"));
    child.env("TEXTS", texts.join(NEXT)).current_dir(directory.path());
    let output = process::run(child);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr))
}

/// Returns the line that contains the number of a round.
fn line(output: &str, round: usize) -> Option<&str> {
    output.lines().find(|line| line.contains(&format!("round {round}")))
}

#[test]
fn console_follows() {
    let console = |keys: &str| {
        format!(
            "logs.exporters = [\"console\"]\ntraces.exporters = []\nmetrics.exporters = []\nconsole = {{ {keys} }}"
        )
    };
    let texts = [
        "",
        "stream = \"stderr\"",
        "format = \"text\"",
        "format = \"text\", color = \"always\"",
        "format = \"text\", color = \"never\"",
        "format = \"json\"",
    ];
    let (stdout, stderr) = outputs(&texts.map(console));
    let is_json = |round| line(&stdout, round).unwrap().contains('{');
    let is_colored = |round| line(&stdout, round).unwrap().contains('\u{1b}');
    assert!(line(&stdout, 0).is_some() && line(&stderr, 0).is_none(), "{stdout}\n{stderr}");
    assert!(line(&stdout, 1).is_none() && line(&stderr, 1).is_some(), "{stdout}\n{stderr}");
    assert_eq!([0, 2, 3, 4, 5].map(is_json), [true, false, false, false, true], "{stdout}");
    assert_eq!([2, 3, 4].map(is_colored), [false, true, false], "{stdout}");
}

#[test]
fn diagnostics_follow() {
    let with = |level: &str, version: u32| {
        format!("logs.exporters = []\ndiagnostics.level = \"{level}\"\nservice.version = \"{version}\"")
    };
    let texts = [("off", 1), ("off", 2), ("info", 3), ("off", 4), ("off", 5), ("warn", 6)];
    let (_, stderr) = outputs(&texts.map(|(level, version)| with(level, version)));
    let is_told = |version: u32| stderr.contains(&format!("\"1\" → \"{version}\""));
    assert_eq!([2, 3, 4, 5, 6].map(is_told), [false, true, false, false, true], "{stderr}");
}

/// From standard output to files, which a test in this process shows in detail, and back.
#[test]
fn lines_of_otlp_leave_standard_output_and_return() {
    let to = |output: &str| {
        format!(
            "logs.exporters = [\"otlp_file\"]\ntraces.exporters = [\"otlp_file\"]\nmetrics.exporters = []\n\
             otlp_file = {{ output = \"{output}\", directory = \"lines\", rotation = \"never\" }}"
        )
    };
    let directory = tempfile::tempdir().unwrap();
    let to = |output: &str| to(output).replace("\"lines\"", &format!("{:?}", directory.path()));
    let (stdout, _) = outputs(&[to("stdout"), to("files"), to("stdout")]);
    let read =
        |signal: &str| fs::read_to_string(directory.path().join(format!("shop-{signal}.jsonl"))).unwrap();
    for (name, text) in [("round", read("logs")), ("span", read("traces"))] {
        let on = |output: &str| [0, 1, 2].map(|round| output.contains(&format!("{name} {round}")));
        assert_eq!((on(&stdout), on(&text)), ([true, false, true], [false, true, false]), "{stdout}");
    }
}
