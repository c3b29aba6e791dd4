//! The commands, as an operator and a pipeline use them.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{fs, process::Command};

use serde_json::Value;
use test_support::{process, programs::Program, require};

/// Returns the command line without the variables of the process that runs the tests.
fn command() -> Command {
    process::clean(env!("CARGO_BIN_EXE_autotelemetry").into())
}

struct Outcome {
    code: i32,
    out: String,
    err: String,
}

fn run(directory: &std::path::Path, arguments: &[&str], variables: &[(&str, &str)]) -> Outcome {
    let mut command = command();
    let output =
        command.current_dir(directory).args(arguments).envs(variables.iter().copied()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Outcome { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

fn directory_with(text: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("autotelemetry.toml"), text).unwrap();
    directory
}

#[test]
fn check_lists_the_problems_of_the_file_it_finds() {
    let good = directory_with("[service]\nname = \"x\"\n");
    let ran = run(good.path(), &["check"], &[]);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "ok: autotelemetry.toml\n", ""));

    let bad = directory_with("[service]\nnmae = \"x\"\n");
    let ran = run(bad.path(), &["check"], &[]);
    assert_eq!(ran.code, 1);
    assert_eq!(
        ran.out,
        r#"error: unknown key
 --> autotelemetry.toml:2:1
  |
2 | nmae = …
  | ^^^^ service.nmae
  |
  = help: did you mean `name`?

error: service.name: is required but not set
 |
 = help: write `name = "…"` in [service], or set OTEL_SERVICE_NAME

2 problems
"#
    );
    let ran = run(bad.path(), &["check", "--format", "short"], &[]);
    assert_eq!(
        ran.out,
        "error: autotelemetry.toml:2:1: service.nmae: unknown key\n    help: did you mean `name`?\n\
         error: service.name: is required but not set\n    help: write `name = \"…\"` in [service], or set OTEL_SERVICE_NAME\n\
         2 problems\n"
    );
    let ran = run(bad.path(), &["check"], &[("OTEL_SERVICE_NAME", "x")]);
    assert!(ran.out.ends_with("1 problem\n"), "the environment counts: {}", ran.out);
}

#[test]
fn check_strict_turns_warnings_into_problems() {
    let directory = directory_with("[service]\nname = \"x\"\n");
    let variables = [("OTEL_BSP_SCHEDULE_DELAY", "soon")];
    let ran = run(directory.path(), &["check"], &variables);
    assert_eq!(ran.code, 0);
    assert!(ran.out.starts_with("warning: \"soon\" is not"), "{}", ran.out);
    assert!(ran.out.contains("OTEL_BSP_SCHEDULE_DELAY=soon\n"), "{}", ran.out);
    let ran = run(directory.path(), &["check", "--strict"], &variables);
    assert_eq!(ran.code, 1);
    assert!(ran.out.starts_with("error: ") && ran.out.ends_with("1 problem\n"), "{}", ran.out);
}

#[test]
fn arguments_override_variables() {
    let directory = directory_with("[service]\nname = \"a\"\n[profiles.one]\n[profiles.two]\n");
    fs::write(directory.path().join("b.toml"), "[service]\nname = \"b\"\n[profiles.two]\n").unwrap();
    let variables = [("AUTOTEL_CONFIG", "autotelemetry.toml"), ("AUTOTEL_PROFILE", "one")];
    let arguments = ["explain", "b.toml", "--profile", "two", "--format", "json"];
    let ran = run(directory.path(), &arguments, &variables);
    assert_eq!(ran.code, 0, "{}", ran.out);
    let explained: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&explained["file"], &explained["profile"]), (&"b.toml".into(), &"two".into()));
    assert_eq!(explained["values"]["service.name"]["value"], "b");
    assert_eq!(explained["values"]["service.environment"]["at"], "AUTOTEL_PROFILE");
}

#[test]
fn profile_that_does_not_exist_is_a_problem_and_an_empty_one_wrong_usage() {
    let directory = directory_with("[service]\nname = \"a\"\n[profiles.production]\n");
    let ran = run(
        directory.path(),
        &["check", "--format", "short", "--profile", "prodction"],
        &[("AUTOTEL_PROFILE", "production")],
    );
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (
            1,
            "error: AUTOTEL_PROFILE: there is no profile \"prodction\"\n    help: did you mean \"production\"?\n\
             1 problem\n"
        )
    );
    let ran = run(directory.path(), &["check", "--profile", " "], &[]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("the name of a profile cannot be empty"), "{}", ran.err);
}

#[test]
fn check_reads_tls_files_and_explain_does_not() {
    let directory = directory_with(
        "[service]\nname = \"x\"\n[otlp]\nendpoint = \"https://127.0.0.1:1\"\n[otlp.tls]\nca_file = \"ca.pem\"\n",
    );
    let ran = run(directory.path(), &["check", "--format", "short"], &[]);
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (
            1,
            "error: autotelemetry.toml:6:11: otlp.tls.ca_file: cannot use ca.pem: No such file or directory (os error 2)\n\
             1 problem\n"
        )
    );
    assert_eq!(run(directory.path(), &["explain"], &[]).code, 0);
}

#[test]
fn explain_shows_values_and_problems_without_secrets() {
    let directory = directory_with("[otlp]\nheaders = { authorization = \"hunter2\" }\n");
    let ran = run(directory.path(), &["explain"], &[]);
    assert_eq!(ran.code, 1);
    let line = ran.out.lines().find(|line| line.starts_with("  headers.authorization")).unwrap();
    assert!(line.contains("\"***\"") && line.ends_with("autotelemetry.toml:2:29"), "{line}");
    assert!(ran.out.contains("errors:\n  service.name: is required"), "{}", ran.out);
    assert!(!ran.out.contains("hunter2"));
}

#[test]
fn missing_file_exits_with_1_and_wrong_usage_with_2() {
    let directory = tempfile::tempdir().unwrap();
    let ran = run(directory.path(), &["check", "nowhere.toml"], &[]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.starts_with("error: cannot read nowhere.toml: "), "{}", ran.out);
    for arguments in [&["chekc"][..], &["check", "--loud"], &["explain", "--format", "xml"], &[]] {
        let ran = run(directory.path(), arguments, &[]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{arguments:?}");
        assert!(!ran.err.is_empty());
    }
}

#[test]
fn declarative_file_is_written_checked_and_explained() {
    let directory = tempfile::tempdir().unwrap();
    let ran = run(directory.path(), &["init", "--declarative"], &[]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "wrote otel.yaml\n"));
    let by_variable = [("OTEL_CONFIG_FILE", "otel.yaml")];
    assert_eq!(run(directory.path(), &["check", "--strict"], &by_variable).out, "ok: otel.yaml\n");
    let explained = run(directory.path(), &["explain", "otel.yaml"], &[("OTEL_CONFIG_FILE", "missing.yaml")]);
    assert_eq!(explained.code, 0, "{}", explained.out);
    assert!(
        explained.out.starts_with("declarative configuration (file_format 1.1): otel.yaml; "),
        "{}",
        explained.out
    );
    for arguments in [&["check", "otel.yaml", "--profile", "a"][..], &["explain", "--profile", "a"]] {
        let ran = run(directory.path(), arguments, &by_variable);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{arguments:?}");
    }
    fs::write(directory.path().join("otel.yaml"), "file_format: \"1.1\"\ntracer_provider: {}\n").unwrap();
    let ran = run(directory.path(), &["check"], &by_variable);
    assert!(
        ran.code == 1 && ran.out.starts_with("error: requires `processors`\n --> otel.yaml:2:1\n"),
        "{}",
        ran.out
    );
}

#[test]
#[cfg(target_os = "linux")]
fn unreadable_file_and_full_output_are_reported() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("autotelemetry.toml")).unwrap();
    let ran = run(directory.path(), &["check"], &[("OTEL_SERVICE_NAME", "x")]);
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (1, "error: autotelemetry.toml is not a regular file\n\n1 problem\n")
    );
    fs::remove_dir(directory.path().join("autotelemetry.toml")).unwrap();
    std::os::unix::fs::symlink("/nowhere", directory.path().join("autotelemetry.toml")).unwrap();
    let ran = run(directory.path(), &["check"], &[("OTEL_SERVICE_NAME", "x")]);
    assert!(ran.code == 1 && ran.out.starts_with("error: cannot read autotelemetry.toml: "), "{}", ran.out);

    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = command().arg("schema").stdout(full).stderr(std::process::Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("cannot write the output: "));
}

#[test]
fn colors_are_for_terminals() {
    require!(Script);
    let directory = directory_with("[service]\nnmae = \"x\"\n");
    assert!(!run(directory.path(), &["check"], &[]).out.contains('\u{1b}'), "a pipe is no terminal");
    let on_terminal = |no_color: &str| {
        let mut script = Program::Script.command();
        script.args(["-qec", &format!("{} check", env!("CARGO_BIN_EXE_autotelemetry")), "/dev/null"]);
        let output = script.current_dir(directory.path()).env("NO_COLOR", no_color).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(
        on_terminal("").contains("\u{1b}[91merror\u{1b}[0m\u{1b}[1m: unknown key"),
        "{}",
        on_terminal("")
    );
    assert!(!on_terminal("1").contains('\u{1b}'));
}

#[test]
fn diff_shows_what_a_reload_would_change() {
    let directory = directory_with(
        "[service]\nname = \"x\"\n[logs]\nlevel = \"info\"\n[otlp]\nheaders = { token = \"canary-old\" }\n",
    );
    let new = directory.path().join("new.toml");
    let diff = |text: &str, arguments: &[&str]| {
        fs::write(&new, text).unwrap();
        let arguments = [&["explain", "--diff", "autotelemetry.toml", "new.toml"], arguments].concat();
        run(directory.path(), &arguments, &[])
    };
    let text = "[service]\nname = \"x\"\nversion = \"2\"\n[logs]\nlevel = \"debug\"\n[otlp]\nheaders = { token = \"canary-new\" }\n";
    let ran = diff(text, &[]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert_eq!(
        ran.out,
        "at once:\n  logs.level \"info\" → \"debug\" (line 5)\n  otlp.headers.token (secret)\n\
         after a restart:\n  service.version - → \"2\" (line 3)\n"
    );
    let json: Value = serde_json::from_str(&diff(text, &["--format", "json"]).out).unwrap();
    let restart = |change: &Value| (change["key"].clone(), change["needs_restart"].clone());
    let changes: Vec<_> = json["changes"].as_array().unwrap().iter().map(restart).collect();
    assert_eq!(
        changes,
        [("logs.level", false), ("otlp.headers.token", false), ("service.version", true)]
            .map(|(key, restart)| (key.into(), restart.into()))
    );
    assert!(!json.to_string().contains("canary"));
    let same = fs::read_to_string(directory.path().join("autotelemetry.toml")).unwrap();
    assert_eq!(diff(&same, &[]).out, "nothing changes\n");
    let ran = diff("[service]\nname = \"x\"\n[logs]\nlevel = \"loud\"\n", &[]);
    assert!(ran.code == 1 && ran.out.contains("logs.level: \"loud\" is not one of"), "{}", ran.out);
    let ran = run(directory.path(), &["explain", "--diff", "autotelemetry.toml"], &[]);
    assert_eq!(ran.code, 2);

    fs::write(&new, text).unwrap();
    let check = |format: &str| {
        let arguments = ["check", "new.toml", "--replaces", "autotelemetry.toml", "--format", format];
        run(directory.path(), &arguments, &[])
    };
    let ran = check("short");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(
        ran.out.starts_with("ok: new.toml\nat once:\n  logs.level \"info\" → \"debug\" (line 5)\n"),
        "{}",
        ran.out
    );
    assert!(ran.out.ends_with("after a restart:\n  service.version - → \"2\" (line 3)\n"), "{}", ran.out);
    assert_eq!(check("json").code, 2);
}

#[test]
fn schema_and_completions_are_printed() {
    let directory = tempfile::tempdir().unwrap();
    let ran = run(directory.path(), &["schema"], &[]);
    let schema: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    for shell in ["bash", "zsh", "fish"] {
        let ran = run(directory.path(), &["completions", shell], &[]);
        assert!(ran.code == 0 && ran.out.contains("explain"), "{shell}");
    }
}
