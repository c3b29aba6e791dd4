//! A corpus of declarative files: `tests/fixtures/declarative/NAME.yaml` has the problems that
//! `NAME.txt` records.
//!
//! Lines `# env: NAME=value` at the head of a file are its environment.
#![cfg(feature = "declarative")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use test_support::{golden, with_env};

/// Takes the place of secrets. No output may contain it.
const CANARY: &str = "s3cr3t-canary";

fn corpus() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/declarative");
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|it| it == "yaml")).collect();
    files.sort();
    files
}

/// Returns the long form of all problems.
#[cfg(feature = "report")]
fn report(explained: &autotelemetry::explain::Explanation) -> String {
    explained.report().to_string()
}

#[cfg(not(feature = "report"))]
fn report(_: &autotelemetry::explain::Explanation) -> String {
    String::new()
}

/// Returns the problems of a file: the errors, then the warnings.
fn problems(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let environment: Vec<(&str, &str)> =
        text.lines().map_while(|line| line.strip_prefix("# env: ")?.split_once('=')).collect();
    let explained = with_env(&environment).config_file(path).explain();
    let errors = explained.errors().iter().map(|problem| format!("error: {problem}\n"));
    let warnings = explained.warnings().iter().map(|problem| format!("warning: {problem}\n"));
    let problems: String = errors.chain(warnings).collect();
    for output in [explained.to_json(), explained.to_string(), format!("{explained:?}"), report(&explained)] {
        assert!(!output.contains(CANARY), "a secret:\n{output}");
    }
    let directory = format!("{}/", path.parent().unwrap().display());
    let program = std::env::current_exe().unwrap();
    let program = program.file_name().unwrap().to_string_lossy().into_owned();
    problems.replace(&directory, "").replace(&program, "PROGRAM")
}

#[test]
fn files_match_their_recorded_problems() {
    let mut stale = Vec::new();
    let files = corpus();
    for path in &files {
        let problems = problems(path);
        assert!(!problems.is_empty(), "{} is valid", path.display());
        stale.extend(golden::difference(&path.with_extension("txt"), &problems));
    }
    assert!(stale.is_empty(), "{}\nrun: {}", stale.concat(), golden::update_command());
    assert!(files.len() >= 80, "{}", files.len());
}
