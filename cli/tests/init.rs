//! `init`, with its questions on a terminal.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;
use tempfile::TempDir;
use test_support::{
    process, require,
    terminal::{self, Recording},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_autotelemetry");

/// Keys that a terminal turns into the end of the input and into an interrupt.
const CONTROL_D: &str = "\u{4}";
const CONTROL_C: &str = "\u{3}";

/// A new directory with a known name, which is the default name of the service.
struct Directory(TempDir);

impl Directory {
    fn path(&self) -> PathBuf {
        self.0.path().join("checkout")
    }
}

fn directory() -> Directory {
    let directory = Directory(tempfile::tempdir().unwrap());
    fs::create_dir(directory.path()).unwrap();
    directory
}

fn command(directory: &Path) -> Command {
    let mut command = process::clean(PROGRAM.into());
    command.current_dir(directory);
    command
}

fn init(directory: &Path, arguments: &[&str]) -> Output {
    command(directory).arg("init").args(arguments).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn checks(directory: &Path, arguments: &[&str]) {
    let checked = command(directory).args(["check", "--strict"]).args(arguments).output().unwrap();
    assert!(checked.status.success(), "{}", out(&checked));
}

/// Returns the exporters of each signal, as the library reads them.
fn exporters(directory: &Path, file: &str) -> [Value; 3] {
    let explained = command(directory).args(["explain", file, "--format", "json"]).output().unwrap();
    let explained: Value = serde_json::from_str(&out(&explained)).unwrap();
    ["traces", "metrics", "logs"]
        .map(|signal| explained["values"][format!("{signal}.exporters")]["value"].clone())
}

/// Returns the lines of a file without comments and empty lines.
fn settings(directory: &Path, file: &str) -> String {
    let text = fs::read_to_string(directory.join(file)).unwrap();
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect::<Vec<_>>().join("\n")
}

fn converse(directory: &Path, arguments: &str, dialogue: &[(&str, &str)]) -> Recording {
    terminal::converse(&format!("{PROGRAM} init {arguments}"), 100, dialogue, |script| {
        script.current_dir(directory);
    })
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn questions_are_answered_on_a_terminal() {
    require!(Script);
    let directory = directory();
    let recording = converse(
        &directory.path(),
        "",
        &[
            ("Name of the service [checkout]: ", "orders\n"),
            ("Destinations [otlp]: ", "otlp, prometheus\n"),
            ("(http/protobuf, grpc, http/json) [http/protobuf]: ", "grpc\n"),
            ("Endpoint [http://localhost:4317]: ", "http://collector:4317\n"),
            ("Signals, separated by commas [traces,metrics,logs]: ", "traces,metrics\n"),
            ("(yes, no) [yes]: ", "\n"),
        ],
    );
    assert!(recording.status.success(), "{}", recording.output);
    let screen = recording.replay(24).screen().contents();
    assert!(screen.contains("prometheus  a page of metrics that Prometheus scrapes"), "{screen}");
    assert!(screen.ends_with("wrote autotelemetry.toml\nwrote autotelemetry.schema.json"), "{screen}");
    let text = fs::read_to_string(directory.path().join("autotelemetry.toml")).unwrap();
    assert!(text.starts_with("#:schema ./autotelemetry.schema.json\n"), "{text}");
    assert_eq!(
        settings(&directory.path(), "autotelemetry.toml"),
        "[service]\nname = \"orders\"\n\
         [otlp]\nprotocol = \"grpc\"\nendpoint = \"http://collector:4317\"\n\
         [metrics]\nexporters = [\"otlp\", \"prometheus\"]\n\
         [logs]\nexporters = []"
    );
    checks(&directory.path(), &[]);
    let schema = fs::read_to_string(directory.path().join("autotelemetry.schema.json")).unwrap();
    assert_eq!(schema, out(&command(&directory.path()).arg("schema").output().unwrap()));
}

#[test]
fn rejected_answers_are_asked_again_with_the_reason_of_the_library() {
    require!(Script);
    let directory = directory();
    let recording = converse(
        &directory.path(),
        "--schema=false",
        &[
            ("Name of the service", "${SHOP}\n"),
            ("  the variable SHOP is not set (set it, or write a default: ${SHOP:-…})", "\n"),
            ("Destinations", "jaeger\n"),
            ("  \"jaeger\" is none of console,otlp,prometheus\r\nDestinations", "OTLP\n"),
            ("Protocol", "tcp\n"),
            ("  \"tcp\" is not one of \"grpc\", \"http/protobuf\" and \"http/json\"\r\nProtocol", "\n"),
            ("Endpoint", "localhost:70000\n"),
            ("  \"localhost:70000\" is not a URL (write a URL such as \"http://localhost:4318\")", "\n"),
            ("Signals", ",\n"),
            ("  choose from traces,metrics,logs", "\n"),
        ],
    );
    assert!(recording.status.success(), "{}", recording.output);
    assert_eq!(recording.output.matches("one or several separated by commas").count(), 1);
    assert_eq!(names(&directory.path()), ["autotelemetry.toml"]);
    assert_eq!(
        settings(&directory.path(), "autotelemetry.toml"),
        "[service]\nname = \"checkout\"\n[otlp]\nendpoint = \"http://localhost:4318\""
    );
}

#[test]
fn end_of_input_and_interrupt_write_nothing() {
    require!(Script);
    for (keys, message) in [(CONTROL_D, "the input ended; nothing was written"), (CONTROL_C, "^C")] {
        let directory = directory();
        let recording =
            converse(&directory.path(), "", &[("Name of the service", "\n"), ("Destinations", keys)]);
        assert!(!recording.status.success());
        assert!(recording.output.contains(message), "{}", recording.output);
        assert_eq!(names(&directory.path()), [""; 0]);
    }
}

#[test]
fn flags_replace_the_questions() {
    require!(Script);
    let directory = directory();
    let arguments = "--service a --to console --signals traces --schema=false";
    let recording = converse(&directory.path(), arguments, &[]);
    assert_eq!(recording.output.trim_end(), "wrote autotelemetry.toml");
    let recording = converse(&directory.path(), "b.toml --yes", &[]);
    assert_eq!(recording.output.trim_end(), "wrote b.toml");
    let recording = converse(
        &directory.path(),
        "c.toml --template collector",
        &[("Name of the service [checkout]: ", "\n"), ("(yes, no) [yes]: ", "n\n")],
    );
    assert!(recording.output.ends_with("wrote c.toml\r\n"), "{}", recording.output);
}

#[test]
fn defaults_apply_without_a_terminal_and_nothing_is_overwritten() {
    let directory = directory();
    let ran = init(&directory.path(), &[]);
    assert_eq!((ran.status.code(), out(&ran).as_str()), (Some(0), "wrote autotelemetry.toml\n"));
    assert_eq!(
        settings(&directory.path(), "autotelemetry.toml"),
        "[service]\nname = \"checkout\"\n[otlp]\nendpoint = \"http://localhost:4318\""
    );
    checks(&directory.path(), &[]);

    let path = directory.path().join("autotelemetry.toml");
    fs::write(&path, "precious").unwrap();
    fs::write(directory.path().join("autotelemetry.schema.json"), "mine").unwrap();
    let ran = init(&directory.path(), &["--schema"]);
    assert_eq!(
        (ran.status.code(), out(&ran).as_str()),
        (Some(1), "autotelemetry.toml already exists and was not changed\n")
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    let ran = init(&directory.path(), &["other.toml", "--schema"]);
    assert_eq!((ran.status.code(), out(&ran).as_str()), (Some(0), "wrote other.toml\n"));
    assert_eq!(fs::read_to_string(directory.path().join("autotelemetry.schema.json")).unwrap(), "mine");
    let ran = init(&directory.path(), &["nowhere/a.toml"]);
    assert_eq!(ran.status.code(), Some(1));
    assert!(out(&ran).starts_with("cannot write nowhere/a.toml: "), "{}", out(&ran));
}

#[test]
fn both_kinds_of_files_have_the_same_exporters() {
    let cases: [(&[&str], [&[&str]; 3]); 6] = [
        (&["--to", "console"], [&["console"], &["console"], &["console"]]),
        (&["--to", "otlp", "--protocol", "http/json"], [&["otlp"], &["otlp"], &["console", "otlp"]]),
        (&["--to", "prometheus"], [&[], &["prometheus"], &["console"]]),
        (&["--to", "prometheus", "--signals", "metrics"], [&[], &["prometheus"], &[]]),
        (
            &["--to", "console,otlp,prometheus", "--protocol", "grpc"],
            [&["console", "otlp"], &["console", "otlp", "prometheus"], &["console", "otlp"]],
        ),
        (&["--to", "otlp", "--signals", "traces,logs"], [&["otlp"], &[], &["console", "otlp"]]),
    ];
    for (arguments, expected) in cases {
        for file in ["a.toml", "a.yaml"] {
            let directory = directory();
            let service = "a \"b\\c\" # 'd' \u{7f} é";
            let arguments = [&[file, "--service", service], arguments].concat();
            let ran = init(&directory.path(), &arguments);
            assert!(ran.status.success(), "{arguments:?}: {}", err(&ran));
            checks(&directory.path(), &[file]);
            let found = exporters(&directory.path(), file);
            if file == "a.toml" {
                assert_eq!(found, expected.map(Value::from), "{arguments:?}");
            } else {
                let counts = found.map(|names| names.as_array().unwrap().len());
                assert_eq!(counts, expected.map(<[_]>::len), "{arguments:?}");
            }
        }
    }
}

#[test]
fn each_template_passes_the_check_with_each_profile() {
    for (template, profiles) in [
        ("kubernetes", &[][..]),
        ("collector", &[]),
        ("prometheus", &[]),
        ("development", &["development", "production"]),
    ] {
        let directory = directory();
        let ran = init(&directory.path(), &["--template", template, "--service", "a\"b"]);
        assert!(ran.status.success(), "{}", err(&ran));
        checks(&directory.path(), &[]);
        for profile in profiles {
            checks(&directory.path(), &["--profile", profile]);
        }
        assert!(settings(&directory.path(), "autotelemetry.toml").contains("name = \"a\\\"b\"\n"));
    }
}

#[test]
fn wrong_flags_are_wrong_usage() {
    let directory = directory();
    for (arguments, message) in [
        (&["--to", "jaeger"][..], "invalid value 'jaeger'"),
        (&["--endpoint", "ftp://a"], "error: --endpoint: the scheme \"ftp\" is not supported"),
        (&["--declarative", "--endpoint", "a:b"], "error: --endpoint: \"a:b\" is not a URL"),
        (&["--protocol", "tcp"], "error: --protocol: \"tcp\" is not one of"),
        (&["--service", ""], "error: --service: "),
        (&["--to", "console", "--endpoint", "http://a"], "--endpoint need the destination otlp"),
        (&["--to", "prometheus", "--signals", "traces,metrics"], "traces have no destination"),
        (&["--to", "prometheus", "--signals", "logs"], "add metrics"),
        (&["--template", "collector", "--to", "otlp"], "cannot be used with"),
        (&["--template", "collector", "a.yaml"], "not for a declarative file"),
        (&["--declarative", "a.toml"], "has the extension .yaml or .yml"),
    ] {
        let ran = init(&directory.path(), arguments);
        assert_eq!(ran.status.code(), Some(2), "{arguments:?}");
        assert!(err(&ran).contains(message), "{arguments:?}: {}", err(&ran));
    }
    assert_eq!(names(&directory.path()), [""; 0]);
    // A warning does not reject an answer.
    let ran = init(&directory.path(), &["--endpoint", "http://a:4317"]);
    assert!(ran.status.success() && out(&ran).contains("warning: "), "{}", out(&ran));
}
