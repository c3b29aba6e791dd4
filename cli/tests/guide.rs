//! The output in the chapter of the guide about checks.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{fs, path::Path};

use test_support::{golden, process};

const BROKEN: &str = r#"[service]
name = "checkout"

[otlp]
endpiont = "http://collector:4318"
headers = { authorization = ["Bearer 6f1c2a"] }

[traces]
sampler = "traceidratio"
sampler_arg = 1.5
"#;

const GOOD: &str = r#"profile = "production"

[service]
name = "checkout"

[otlp]
endpoint = "http://collector:4318"
timeout = "5s"

[file]
directory = "/var/log/checkout"

[profiles.production.otlp]
timeout = "3s"
"#;

fn output(text: &str, (name, value): (&str, &str), command: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("autotelemetry.toml"), text).unwrap();
    let mut program = process::clean(env!("CARGO_BIN_EXE_autotelemetry").into());
    let output = program.current_dir(directory.path()).arg(command).env(name, value).output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    let is_searched = |line: &&str| line.starts_with("  not used: ");
    let out: String = out.split_inclusive('\n').filter(|line| !is_searched(line)).collect();
    format!("\n```text\n$ {name}={value} autotelemetry {command}\n{out}```\n\n")
}

#[test]
fn chapter_about_checks_shows_current_output() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src/checking.md");
    let mut chapter = fs::read_to_string(&path).unwrap();
    for (command, text, variable) in [
        ("check", BROKEN, ("OTEL_BSP_SCHEDULE_DELAY", "soon")),
        ("explain", GOOD, ("OTEL_EXPORTER_OTLP_TIMEOUT", "2000")),
    ] {
        let begin = format!("<!-- {command}: generated -->\n");
        let (before, rest) = chapter.split_once(&begin).unwrap();
        let (_, after) = rest.split_once("<!-- end -->").unwrap();
        chapter = format!("{before}{begin}{}<!-- end -->{after}", output(text, variable, command));
    }
    golden::assert_current(&path, &chapter);
}
