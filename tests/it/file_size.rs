//! Rotation of log files by size, and the limit of all files together.

use std::{fs, path::Path, process::Stdio};

use autotelemetry::{Builder, ObservabilityTools, error::Origin, prelude::*};
use serde_json::Value;
use test_support::{builder, process, with_file};

const MAX_SIZE: u64 = 64_000;

fn to_files(directory: &Path) -> Builder {
    builder()
        .service_name("shop")
        .set("logs.exporters", "file")
        .set("file.directory", directory.display())
        .set("file.rotation", "never")
        .set("file.max_files", 0)
}

/// Returns the names of all files, the oldest first.
fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn size(directory: &Path, name: &str) -> u64 {
    fs::metadata(directory.join(name)).unwrap().len()
}

/// Returns the messages of all files, in the order of their names.
fn messages(directory: &Path) -> Vec<String> {
    let message = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["message"].as_str().unwrap().to_owned()
    };
    let text = |name: &String| fs::read_to_string(directory.join(name)).unwrap();
    names(directory).iter().flat_map(|name| text(name).lines().map(message).collect::<Vec<_>>()).collect()
}

/// Logs numbers, each in a line of about 150 bytes. Returns how many were exported.
fn log(builder: Builder, numbers: std::ops::Range<u32>) -> u64 {
    let tools = builder.build().unwrap();
    let logger = tools.logger("shop");
    for number in numbers {
        logger.info(number.to_string(), &[KeyValue::new("padding", "x".repeat(40))]);
    }
    tools.shutdown().unwrap();
    tools.stats().exporters()[0].exported()
}

fn numbers(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

#[test]
fn full_files_get_numbers_and_keep_whole_lines() {
    for rotation in ["never", "daily"] {
        let directory = tempfile::tempdir().unwrap();
        let builder = to_files(directory.path()).set("file.rotation", rotation).set("file.max_size", "64kB");
        log(builder, 0..2000);
        let names = names(directory.path());
        assert!(names.len() > 3, "{names:?}");
        assert!(names[0].ends_with(".000001.log") && names[1].ends_with(".000002.log"), "{names:?}");
        let current = names.last().unwrap();
        assert_eq!(current.matches('.').count(), if rotation == "never" { 1 } else { 2 }, "{current}");
        for name in &names {
            assert!(size(directory.path(), name) <= MAX_SIZE, "{name}");
        }
        // The next line would not have fit.
        assert!(size(directory.path(), &names[0]) > MAX_SIZE - 300);
        assert_eq!(messages(directory.path()), numbers(0..2000));
    }
}

#[test]
fn restart_continues_the_current_file_and_its_numbers() {
    let directory = tempfile::tempdir().unwrap();
    let builder = || to_files(directory.path()).set("file.max_size", "64kB");
    for start in [0, 300, 600, 900] {
        log(builder(), start..start + 300);
    }
    let names = names(directory.path());
    assert_eq!(names.last().unwrap(), "shop.log");
    assert!(names.iter().all(|name| size(directory.path(), name) <= MAX_SIZE));
    assert!(size(directory.path(), &names[0]) > MAX_SIZE - 300);
    assert_eq!(messages(directory.path()), numbers(0..1200));
}

#[test]
fn line_above_the_size_has_a_file_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let tools = to_files(directory.path()).set("file.max_size", "64kB").build().unwrap();
    let logger = tools.logger("shop");
    let large = "x".repeat(100_000);
    for message in ["before", &large, "after"] {
        logger.info(message.to_owned(), &[]);
    }
    tools.shutdown().unwrap();
    assert_eq!(names(directory.path()), ["shop.000001.log", "shop.000002.log", "shop.log"]);
    assert_eq!(messages(directory.path()), ["before", &large, "after"]);
}

#[test]
fn oldest_files_leave_when_all_together_are_too_large() {
    let directory = tempfile::tempdir().unwrap();
    let stranger = "shop.20261128.log";
    fs::write(directory.path().join(stranger), "").unwrap();
    // A file has an eighth of the size by default, but at least 64 kB.
    let builder = || to_files(directory.path()).set("file.max_total_size", "200kB");
    let explained = builder().explain();
    let (_, value, origin) = explained.values().find(|(key, ..)| *key == "file.max_size").unwrap();
    assert_eq!((value.as_str(), matches!(origin, Origin::Code(_))), ("\"64kB\"", true), "{origin}");
    for start in [0, 2000, 4000] {
        log(builder(), start..start + 2000);
        let names = names(directory.path());
        let total: u64 = names.iter().map(|name| size(directory.path(), name)).sum();
        assert!((100_000..=200_000).contains(&total), "{total}: {names:?}");
        assert!(names.contains(&stranger.to_owned()));
    }
    fs::remove_file(directory.path().join(stranger)).unwrap();
    let kept = messages(directory.path());
    assert_eq!(kept, numbers(6000 - u32::try_from(kept.len()).unwrap()..6000));
}

#[test]
fn numbered_files_count_and_age_by_date_and_number() {
    let directory = tempfile::tempdir().unwrap();
    for name in [
        "shop.2020-01-01.000001.log",
        "shop.2020-01-01.000002.log",
        "shop.2020-01-01.1000000.log",
        "shop.2020-01-01.log",
        "shop.2020-01-02.log",
    ] {
        fs::write(directory.path().join(name), "").unwrap();
    }
    // A directory is not a file, and cannot be removed as one.
    fs::create_dir(directory.path().join("shop.2020-01-03.log")).unwrap();
    let builder = to_files(directory.path()).set("file.rotation", "daily").set("file.max_files", 4);
    log(builder.set("file.max_size", "64kB"), 0..1);
    assert_eq!(
        names(directory.path())[..4],
        ["shop.2020-01-01.1000000.log", "shop.2020-01-01.log", "shop.2020-01-02.log", "shop.2020-01-03.log"]
    );
    assert_eq!(names(directory.path()).len(), 5);
}

#[test]
fn file_that_cannot_be_moved_is_continued() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("shop.9999999.log"), "").unwrap();
    let builder = to_files(directory.path()).set("file.max_size", "64kB").set("diagnostics.level", "off");
    assert_eq!(log(builder, 0..1000), 1000);
    assert_eq!(names(directory.path()), ["shop.9999999.log", "shop.log"]);
    assert_eq!(messages(directory.path()), numbers(0..1000));
}

/// Logs lines with the name of the process and a number.
#[test]
#[ignore = "child process of other tests"]
fn child_fills_shared_files() {
    let tools = ObservabilityTools::builder().build().unwrap();
    let logger = tools.logger("shop");
    for number in 0..3000 {
        logger.info(format!("{} {number}", std::process::id()), &[]);
        if number % 100 == 0 {
            tools.force_flush().unwrap();
        }
    }
    tools.shutdown().unwrap();
}

#[test]
fn processes_that_share_files_lose_no_line() {
    let directory = tempfile::tempdir().unwrap();
    let start = || {
        process::function(module_path!(), "child_fills_shared_files")
            .env("OTEL_SERVICE_NAME", "shop")
            .env("OTEL_LOGS_EXPORTER", "file")
            .env("AUTOTEL_FILE__DIRECTORY", directory.path())
            .env("AUTOTEL_FILE__ROTATION", "never")
            .env("AUTOTEL_FILE__MAX_SIZE", "64kB")
            .env("AUTOTEL_FILE__MAX_FILES", "0")
            .current_dir(directory.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    };
    let mut children: Vec<_> = (0..3).map(|_| start()).collect();
    let mut expected: Vec<String> = Vec::new();
    for child in &mut children {
        assert!(child.wait().unwrap().success());
        expected.extend((0..3000).map(|number| format!("{} {number}", child.id())));
    }
    let mut messages = messages(directory.path());
    messages.sort();
    expected.sort();
    assert!(messages == expected, "{} of {} lines", messages.len(), expected.len());
    assert!(names(directory.path()).len() > 5);
}

#[test]
fn file_above_the_size_of_all_files_is_an_error() {
    let text = "[service]\nname = \"x\"\n[file]\nmax_size = \"2MB\"\nmax_total_size = \"1MB\"\n";
    let (builder, _directory) = with_file(text, &[]);
    let error = builder.build().unwrap_err().to_string();
    assert!(error.contains("autotelemetry.toml:4:12: file.max_size: a file of \"2MB\" exceeds"), "{error}");
    let (builder, _directory) = with_file("[file]\nmax_size = \"63kB\"\n", &[]);
    let error = builder.build().unwrap_err().to_string();
    assert!(error.contains("\"63kB\" is not between \"64kB\" and \"1024GiB\""), "{error}");
}
