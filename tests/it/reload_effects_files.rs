//! The effect of a reload on files: those of `file` and of `otlp_file`, for each key of both.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use autotelemetry::prelude::*;

use crate::reload::Service;

/// An exporter that writes files, and the parts of the names of its files for log records.
struct Files {
    exporter: &'static str,
    suffix: &'static str,
    extension: &'static str,
}

const ALL: [Files; 2] = [
    Files { exporter: "file", suffix: "", extension: "log" },
    Files { exporter: "otlp_file", suffix: "-logs", extension: "jsonl" },
];

impl Files {
    /// Returns a file of configuration with these keys in the table of the exporter.
    fn with(&self, keys: &str) -> String {
        let table = self.exporter;
        format!(
            "logs = {{ exporters = [\"{table}\"], batch = {{ max_queue_size = 10000 }} }}\n\
             traces.exporters = []\nmetrics.exporters = []\n{table} = {{ {keys} }}"
        )
    }

    /// Returns the name of a file with this prefix and the part before the extension.
    fn name(&self, prefix: &str, middle: &str) -> String {
        format!("{prefix}{}{middle}.{}", self.suffix, self.extension)
    }
}

fn log(service: &Service, message: &str) {
    service.tools.logger("shop").info(message.to_owned(), &[]);
    service.tools.force_flush().unwrap();
}

/// Logs about 300 kB, in batches that fit into a file of 64 kB.
fn log_much(service: &Service) {
    for _ in 0..30 {
        for _ in 0..10 {
            service.tools.logger("shop").info("x".repeat(1000), &[]);
        }
        service.tools.force_flush().unwrap();
    }
}

/// Returns the names of all files.
fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn read(directory: &Path, name: &str) -> String {
    fs::read_to_string(directory.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Old files leave on another thread.
fn wait_for_files(directory: &Path, enough: impl Fn(&[String]) -> bool) -> Vec<String> {
    let deadline = Instant::now() + test_support::TIMEOUT;
    loop {
        let names = names(directory);
        if enough(&names) {
            return names;
        }
        assert!(Instant::now() < deadline, "{names:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn directory_prefix_and_rotation_follow() {
    for files in ALL {
        let parent = tempfile::tempdir().unwrap();
        let (first, second) = (parent.path().join("first"), parent.path().join("second"));
        let with = |directory: &Path, keys: &str| files.with(&format!("directory = {directory:?}{keys}"));
        let service = Service::start(&with(&first, ", rotation = \"never\""));
        log(&service, "one");
        assert_eq!(names(&first), [files.name("shop", "")]);
        service.reload(&with(&second, ", rotation = \"never\""));
        log(&service, "two");
        assert!(read(&second, &files.name("shop", "")).contains("two"));
        service.reload(&with(&second, ", rotation = \"never\", prefix = \"cart\""));
        log(&service, "three");
        assert!(read(&second, &files.name("cart", "")).contains("three"));
        assert!(!read(&second, &files.name("shop", "")).contains("three"));
        for (rotation, format) in [("daily", "%Y-%m-%d"), ("hourly", "%Y-%m-%d-%H")] {
            service.reload(&with(&second, &format!(", rotation = \"{rotation}\", prefix = \"{rotation}\"")));
            let before = jiff::Timestamp::now();
            log(&service, "four");
            let after = jiff::Timestamp::now();
            let is_there = [before, after].iter().any(|time| {
                let name = files.name(rotation, &format!(".{}", time.strftime(format)));
                second.join(name).exists()
            });
            assert!(is_there, "{:?}", names(&second));
        }
        assert_eq!(names(&first).len(), 1);
        assert!(!read(&first, &files.name("shop", "")).contains("two"));
    }
}

#[test]
fn limits_of_files_follow() {
    for files in ALL {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        let with = |keys: &str| {
            files.with(&format!("directory = {directory:?}, rotation = \"never\", max_files = 0{keys}"))
        };
        let service = Service::start(&with(""));
        log_much(&service);
        assert_eq!(names(directory), [files.name("shop", "")]);
        let size = |name: &String| fs::metadata(directory.join(name)).unwrap().len();
        assert!(size(&files.name("shop", "")) > 300_000);
        service.reload(&with(", max_size = \"64kB\""));
        log_much(&service);
        let all = names(directory);
        assert!(all.len() >= 5, "{all:?}");
        assert_eq!(all.iter().filter(|name| size(name) > 64_000).count(), 1, "{all:?}");
        service.reload(&with(", max_size = \"64kB\", max_total_size = \"150kB\""));
        log_much(&service);
        wait_for_files(directory, |names| names.iter().map(size).sum::<u64>() <= 150_000);
        service.reload(&with(", max_size = \"64kB\""));
        log_much(&service);
        wait_for_files(directory, |names| names.len() >= 5);
        service.reload(&with(", max_size = \"64kB\"").replace("max_files = 0", "max_files = 2"));
        log_much(&service);
        wait_for_files(directory, |names| names.len() == 2);
    }
}

#[test]
fn format_follows() {
    let [files, _] = ALL;
    let directory = tempfile::tempdir().unwrap();
    let with = |format: &str| {
        let directory = directory.path();
        files.with(&format!("directory = {directory:?}, rotation = \"never\", format = \"{format}\""))
    };
    let service = Service::start(&with("json"));
    log(&service, "one");
    service.reload(&with("text"));
    log(&service, "two");
    service.reload(&with("json"));
    log(&service, "three");
    let text = read(directory.path(), "shop.log");
    let is_json: Vec<_> = text.lines().map(|line| line.starts_with('{')).collect();
    assert_eq!(is_json, [true, false, true], "{text}");
}

/// From standard output, which a test of child processes reads, to files.
#[test]
fn lines_of_all_signals_go_to_new_files() {
    let directory = tempfile::tempdir().unwrap();
    let with = |to: &str| {
        format!(
            "traces.exporters = [\"otlp_file\"]\nlogs.exporters = [\"otlp_file\"]\n\
             metrics = {{ exporters = [\"otlp_file\"], interval = \"1h\" }}\n\
             otlp_file = {{ directory = {:?}, rotation = \"never\" }}",
            directory.path().join(to)
        )
    };
    let service = Service::start(&with("first"));
    let counter = service.tools.meter("shop").u64_counter("orders").build();
    for name in ["first", "second"] {
        service.reload(&with(name));
        counter.add(1, &[]);
        service.tools.tracer("shop").start(name).end();
        log(&service, name);
        let (first, all) = (directory.path().join("first"), directory.path().join(name));
        let lines =
            |directory: &Path, signal: &str| read(directory, &format!("shop-{signal}.jsonl")).lines().count();
        for signal in ["traces", "metrics", "logs"] {
            assert_eq!((lines(&first, signal), lines(&all, signal)), (1, 1), "{signal} {name}");
        }
    }
}
