//! A corpus of invalid files: `tests/fixtures/invalid/NAME.toml` has the problems that `NAME.txt`
//! records.
//!
//! Lines `# env: NAME=value` at the head of a file are its environment.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use test_support::{golden, with_file};

/// Takes the place of secrets. No output may contain it.
const CANARY: &str = "s3cr3t-canary";

fn corpus() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/invalid");
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|it| it == "toml")).collect();
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
fn problems(text: &str) -> String {
    let environment: Vec<(&str, &str)> =
        text.lines().map_while(|line| line.strip_prefix("# env: ")?.split_once('=')).collect();
    let (builder, directory) = with_file(text, &environment);
    let explained = builder.explain();
    let errors = explained.errors().iter().map(|problem| format!("error: {problem}\n"));
    let warnings = explained.warnings().iter().map(|problem| format!("warning: {problem}\n"));
    let problems: String = errors.chain(warnings).collect();
    assert!(
        !explained.to_json().contains(CANARY) && !explained.to_string().contains(CANARY),
        "a secret:\n{explained}"
    );
    assert!(!report(&explained).contains(CANARY), "a secret:\n{}", report(&explained));

    // Building reports the same errors, and no secret either.
    let (builder, _directory) = with_file(text, &environment);
    match builder.set("console.stream", "stderr").build() {
        Ok(tools) => assert!(explained.errors().is_empty() && !format!("{tools:?}").contains(CANARY)),
        Err(error) => {
            assert_eq!(error.problems().len(), explained.errors().len());
            assert!(!format!("{error} {error:?} {:?}", error.kind()).contains(CANARY), "a secret: {error}");
        }
    }
    problems.replace(&format!("{}/", directory.path().display()), "")
}

#[test]
fn invalid_files_match_their_recorded_problems() {
    let mut stale = Vec::new();
    let files = corpus();
    for path in &files {
        let problems = problems(&fs::read_to_string(path).unwrap());
        assert!(!problems.is_empty(), "{} is valid", path.display());
        stale.extend(golden::difference(&path.with_extension("txt"), &problems));
    }
    assert!(stale.is_empty(), "{}\nrun: {}", stale.concat(), golden::update_command());
    assert!(files.len() >= 60, "there are {} files", files.len());
}

/// A message names more than the fact that something is invalid.
#[test]
fn messages_name_more_than_invalidity() {
    let mut messages: BTreeMap<String, PathBuf> = BTreeMap::new();
    for path in corpus() {
        for line in problems(&fs::read_to_string(&path).unwrap()).lines() {
            let line = line.to_lowercase();
            assert!(
                !line.contains("invalid value") && !line.contains("invalid type"),
                "{}: {line}",
                path.display()
            );
            messages.insert(line, path.clone());
        }
    }
    assert!(messages.len() > 100, "there are {} different lines", messages.len());
}
