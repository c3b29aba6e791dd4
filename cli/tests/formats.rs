//! The formats of `check`, and the text of `explain`.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{fs, path::Path};

use serde_json::{Value, json};
use test_support::process;

/// A file with a problem on a line, one of a variable, and one without a place.
const FILE: &str = "[otlp]\nheaders = { authorization = \"hunter2\" }\ntimeout = 5\n";
const VARIABLES: [(&str, &str); 2] = [("OTEL_BSP_SCHEDULE_DELAY", "so,on:\n%"), ("OTEL_SERVICE_NAME", "")];

fn run_with(text: &str, variables: &[(&str, &str)], arguments: &[&str]) -> (i32, String) {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("autotelemetry.toml"), text).unwrap();
    run_in(directory.path(), variables, arguments)
}

fn run_in(directory: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> (i32, String) {
    let mut command = process::clean(env!("CARGO_BIN_EXE_autotelemetry").into());
    let output =
        command.current_dir(directory).args(arguments).envs(variables.iter().copied()).output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(!out.contains("hunter2"), "{out}");
    (output.status.code().unwrap(), out)
}

fn check(format: &str) -> String {
    let (code, out) = run_with(FILE, &VARIABLES, &["check", "--format", format]);
    assert_eq!(code, 1, "{out}");
    out
}

#[test]
fn json_has_one_object_with_all_problems() {
    let checked: Value = serde_json::from_str(&check("json")).unwrap();
    let delay = r#""so,on:\n%" is not a whole number of milliseconds, ignored"#;
    assert_eq!(
        checked,
        json!({
            "file": "autotelemetry.toml",
            "ok": false,
            "errors": 2,
            "warnings": 1,
            "problems": [
                {
                    "severity": "error",
                    "key": "otlp.timeout",
                    "message": "expected a duration such as \"10s\", found an integer",
                    "help": "write a number with a unit, for example \"5s\" (ms, s, m or h)",
                    "origin": {
                        "kind": "file",
                        "path": "autotelemetry.toml",
                        "line": 3,
                        "column": 11,
                        "end_column": 12,
                        "profile": null,
                    },
                    "excerpt": { "text": "timeout = 5", "column": 11, "end_column": 12 },
                },
                {
                    "severity": "error",
                    "key": "service.name",
                    "message": "is required but not set",
                    "help": "write `name = \"…\"` in [service], or set OTEL_SERVICE_NAME",
                    "origin": null,
                    "excerpt": null,
                },
                {
                    "severity": "warning",
                    "key": null,
                    "message": delay,
                    "help": null,
                    "origin": { "kind": "variable", "name": "OTEL_BSP_SCHEDULE_DELAY" },
                    "excerpt": { "text": "OTEL_BSP_SCHEDULE_DELAY=…", "column": 1, "end_column": 24 },
                },
            ],
        })
    );
    let (code, out) = run_with("[service]\nname = \"x\"\n", &[], &["check", "--format", "json"]);
    let checked: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (code, checked),
        (0, json!({ "file": "autotelemetry.toml", "ok": true, "errors": 0, "warnings": 0, "problems": [] }))
    );
}

#[test]
fn strict_makes_warnings_errors_in_all_formats() {
    for (format, word) in [
        ("text", "error: \"so,on"),
        ("short", "error: OTEL_BSP_SCHEDULE_DELAY"),
        ("json", "\"errors\": 3"),
        ("github", "::error file=autotelemetry.toml,title=telemetry configuration::OTEL_BSP"),
    ] {
        let (_, out) = run_with(FILE, &VARIABLES, &["check", "--strict", "--format", format]);
        assert!(out.contains(word), "{out}");
    }
    let (_, out) = run_with(FILE, &VARIABLES, &["check", "--strict", "--format", "sarif"]);
    assert!(!out.contains("\"warning\""), "{out}");
}

#[test]
fn github_commands_are_escaped() {
    assert_eq!(
        check("github"),
        "::error file=autotelemetry.toml,line=3,col=11,endColumn=12,title=otlp.timeout::expected a duration such as \"10s\", found an integer%0Ahelp: write a number with a unit, for example \"5s\" (ms, s, m or h)\n\
         ::error file=autotelemetry.toml,title=service.name::is required but not set%0Ahelp: write `name = \"…\"` in [service], or set OTEL_SERVICE_NAME\n\
         ::warning file=autotelemetry.toml,title=telemetry configuration::OTEL_BSP_SCHEDULE_DELAY: \"so,on:\\n%25\" is not a whole number of milliseconds, ignored\n"
    );
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a:b, 100%.toml"), "x\ny=1").unwrap();
    let (_, out) = run_in(directory.path(), &[], &["check", "a:b, 100%.toml", "--format", "github"]);
    assert!(out.starts_with("::error file=a%3Ab%2C 100%25.toml,line=1,col="), "{out}");
}

/// Checks the rules of the schema of SARIF 2.1.0 that concern the log.
#[test]
fn sarif_follows_the_schema() {
    let log: Value = serde_json::from_str(&check("sarif")).unwrap();
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().unwrap().ends_with("/sarif-schema-2.1.0.json"));
    let [run] = log["runs"].as_array().unwrap().as_slice() else { panic!("{log}") };
    let driver = &run["tool"]["driver"];
    assert_eq!(
        (&driver["name"], &driver["rules"][0]["id"]),
        (&"autotelemetry".into(), &"invalid-configuration".into())
    );
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 3);
    for result in results {
        let keys: Vec<_> = result.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["ruleId", "ruleIndex", "level", "message", "locations"]);
        let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(driver["rules"][rule]["id"], result["ruleId"]);
        assert!(["error", "warning"].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let [location] = result["locations"].as_array().unwrap().as_slice() else { panic!("{result}") };
        let physical = &location["physicalLocation"];
        assert_eq!(physical["artifactLocation"]["uri"], "autotelemetry.toml");
        assert!(physical["region"]["startLine"].as_u64().unwrap() >= 1);
    }
    assert_eq!(
        results[0]["locations"][0]["physicalLocation"]["region"],
        json!({ "startLine": 3, "startColumn": 11, "endColumn": 12 })
    );
    let variable = json!([{ "fullyQualifiedName": "OTEL_BSP_SCHEDULE_DELAY", "kind": "variable" }]);
    assert_eq!(results[2]["locations"][0]["logicalLocations"], variable);

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a b%ä.toml");
    fs::write(&path, "x\n").unwrap();
    let (_, out) = run_in(directory.path(), &[], &["check", path.to_str().unwrap(), "--format", "sarif"]);
    let log: Value = serde_json::from_str(&out).unwrap();
    let location = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    let uri = location["artifactLocation"]["uri"].as_str().unwrap();
    assert!(uri.starts_with("file:///") && uri.ends_with("/a%20b%25%C3%A4.toml"), "{uri}");
    let (_, out) = run_in(tempfile::tempdir().unwrap().path(), &[], &["check", "--format", "sarif"]);
    let log: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(log["runs"][0]["results"][0]["locations"], json!([]));
}

const EXPLAINED: &str = r#"profile = "production"

[service]
name = "checkout"

[otlp]
endpoint = "http://collector:4318"
timeout = "5s"
headers = { authorization = "hunter2" }

[otlp.metrics]
compression = "gzip"

[file]
directory = "logs"

[exporters.vendor]
endpoint = "https://vendor:4318"

[metrics]
exporters = ["console"]

[profiles.production.otlp]
timeout = "6s"
headers = { authorization = "hunter2" }
"#;

#[test]
fn explain_shows_what_is_set_and_what_it_overrides() {
    let variables = [("OTEL_EXPORTER_OTLP_TIMEOUT", "3000")];
    let (code, out) = run_with(EXPLAINED, &variables, &["explain"]);
    assert_eq!(code, 0);
    let (shown, rest) = out.split_once("\nwarnings:\n").unwrap();
    let is_searched = |line: &&str| line.starts_with("  not used: ");
    let shown: Vec<_> = shown.split_inclusive('\n').filter(|line| !is_searched(line)).collect();
    assert_eq!(
        shown.concat(),
        r#"file: autotelemetry.toml
profile: production

  profile  "production"  autotelemetry.toml:1:11

[exporters.vendor]  unused: no signal lists this exporter
  endpoint          "https://vendor:4318"             autotelemetry.toml:18:12
  logs.endpoint     "https://vendor:4318/v1/logs"     autotelemetry.toml:18:12
  metrics.endpoint  "https://vendor:4318/v1/metrics"  autotelemetry.toml:18:12
  traces.endpoint   "https://vendor:4318/v1/traces"   autotelemetry.toml:18:12

[file]  unused: no signal lists this exporter
  directory  "logs"  autotelemetry.toml:15:13

[metrics]
  exporters  ["console"]  autotelemetry.toml:21:13

[otlp]  unused: metrics, which does not list this exporter
  endpoint               "http://collector:4318"             autotelemetry.toml:7:12
  headers.authorization  "***"                               autotelemetry.toml:25:29 (profile production)
                                                             was "***" at autotelemetry.toml:9:29
  logs.endpoint          "http://collector:4318/v1/logs"     autotelemetry.toml:7:12
  metrics.compression    "gzip"                              autotelemetry.toml:12:15
  metrics.endpoint       "http://collector:4318/v1/metrics"  autotelemetry.toml:7:12
  timeout                "3s"                                OTEL_EXPORTER_OTLP_TIMEOUT
                                                             was "6s" at autotelemetry.toml:24:11 (profile production)
                                                             was "5s" at autotelemetry.toml:8:11
  traces.endpoint        "http://collector:4318/v1/traces"   autotelemetry.toml:7:12

[service]
  environment  "production"  autotelemetry.toml:1:11
  name         "checkout"    autotelemetry.toml:4:8
"#
    );
    assert!(rest.ends_with(" other keys have their default values; --all shows them\n"), "{rest}");
    let (_, all) = run_with(EXPLAINED, &variables, &["explain", "--all"]);
    assert!(all.contains("\n[traces]\n") && all.contains("  logs.timeout "), "{all}");
}

#[test]
fn explain_in_json_has_overridden_values_and_unused_tables() {
    let variables = [("OTEL_EXPORTER_OTLP_TIMEOUT", "3000")];
    let (_, out) = run_with(EXPLAINED, &variables, &["explain", "--format", "json"]);
    let explained: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        explained["values"]["otlp.timeout"],
        json!({
            "value": "3s",
            "origin": "env",
            "at": "OTEL_EXPORTER_OTLP_TIMEOUT",
            "overridden": [
                { "value": "6s", "origin": "file", "at": "autotelemetry.toml:24:11" },
                { "value": "5s", "origin": "file", "at": "autotelemetry.toml:8:11" },
            ],
        })
    );
    assert_eq!(explained["unused_tables"], json!(["exporters.vendor", "file", "otlp.metrics"]));
}

#[test]
fn explain_wraps_and_colors_for_a_terminal() {
    test_support::require!(Script);
    let directory = tempfile::tempdir().unwrap();
    let level = "level = \"info,hyper=warn,tokio_util=warn,sqlx=debug,a_long_module::other=trace\"\n";
    fs::write(directory.path().join("autotelemetry.toml"), format!("{EXPLAINED}[logs]\n{level}")).unwrap();
    // A terminal without rows counts as none.
    let line = format!("stty rows 24 && {} explain", env!("CARGO_BIN_EXE_autotelemetry"));
    let recording = test_support::terminal::record(&line, 60, |script| {
        script.current_dir(directory.path()).env("NO_COLOR", "");
    });
    let text = recording.output;
    assert!(text.contains("\u{1b}[36mautotelemetry.toml:7:12\u{1b}[0m"), "{text}");
    let mut plain = text;
    while let Some(start) = plain.find("\u{1b}[") {
        let end = plain[start..].find('m').unwrap();
        plain.replace_range(start..=start + end, "");
    }
    let (values, _) = plain.split_once("\r\nwarnings:").unwrap();
    let long: Vec<_> = values.lines().filter(|line| line.trim_end().chars().count() > 60).collect();
    assert!(long.is_empty(), "{long:?}");
}
