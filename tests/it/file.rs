//! The file exporter: names, rotation, and failures of files and disks.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use autotelemetry::{Builder, ObservabilityTools, Signal, prelude::*};
use serde_json::Value;
use test_support::{TIMEOUT, builder, process, with_file};

fn to_files(directory: &Path) -> Builder {
    builder()
        .service_name("shop")
        .set("logs.exporters", "file")
        .set("file.directory", directory.display())
        .set("file.rotation", "never")
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Parses the lines of a file.
fn json(path: &Path) -> Vec<Value> {
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Waits until `condition` holds.
fn wait(is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + TIMEOUT;
    while !is_so() {
        assert!(Instant::now() < deadline, "not reached in time");
        thread::sleep(Duration::from_millis(5));
    }
}

fn has(path: &Path, text: &str) -> bool {
    fs::read_to_string(path).is_ok_and(|all| all.contains(text))
}

#[test]
fn missing_directory_is_created_with_dated_files() {
    let directory = tempfile::tempdir().unwrap();
    let logs = directory.path().join("deep/logs");
    for rotation in ["minutely", "hourly", "daily", "weekly", "never"] {
        let directory = logs.join(rotation);
        let tools = to_files(&directory).set("file.rotation", rotation).build().unwrap();
        tools.logger("shop").info("hello", &[]);
        tools.shutdown().unwrap();
        let [name] = names(&directory).try_into().unwrap();
        let date = name.strip_prefix("shop").unwrap().strip_suffix(".log").unwrap();
        let digits = date.chars().filter(char::is_ascii_digit).count();
        let expected = match rotation {
            "minutely" => 12,
            "hourly" => 10,
            "never" => 0,
            _ => 8,
        };
        assert_eq!(digits, expected, "{name}");
        assert_eq!(json(&directory.join(name))[0]["message"], "hello");
    }
    let text = logs.join("text");
    let tools = to_files(&text).set("file.format", "text").set("file.prefix", "other").build().unwrap();
    tools.logger("shop").info("hello", &[KeyValue::new("key", "value")]);
    drop(tools);
    let line = fs::read_to_string(text.join("other.log")).unwrap();
    assert!(line.ends_with("Z  INFO shop: hello key=value\n"), "{line}");
}

#[test]
fn retention_removes_only_own_old_files() {
    let directory = tempfile::tempdir().unwrap();
    let others =
        ["shop-api.2020-01-01.log", "shop.2020-01-01.log.gz", "shop.log", "shop.2020-01-01-07.log", "x"];
    for name in others {
        fs::write(directory.path().join(name), "").unwrap();
    }
    for day in 1..=9 {
        fs::write(directory.path().join(format!("shop.2020-01-0{day}.log")), "").unwrap();
    }
    let build = |max_files: u32| {
        drop(
            to_files(directory.path()).set("file.rotation", "daily").set("file.max_files", max_files).build(),
        );
        let is_own = |name: &String| !others.contains(&name.as_str());
        names(directory.path()).into_iter().filter(is_own).collect::<Vec<_>>()
    };
    assert_eq!(build(0).len(), 10, "0 keeps all");
    assert_eq!(build(4)[..3], ["shop.2020-01-07.log", "shop.2020-01-08.log", "shop.2020-01-09.log"]);
    assert_eq!(build(4).len(), 4, "a restart removes nothing");
    assert_eq!(build(1).len(), 1);
    assert_eq!(names(directory.path()).len(), 1 + others.len());
}

#[test]
fn future_dated_files_do_not_replace_the_current_file() {
    let directory = tempfile::tempdir().unwrap();
    for day in 1..=9 {
        fs::write(directory.path().join(format!("shop.2931-01-0{day}.log")), "").unwrap();
    }
    let tools =
        to_files(directory.path()).set("file.rotation", "daily").set("file.max_files", 3).build().unwrap();
    tools.logger("shop").info("hello", &[]);
    tools.shutdown().unwrap();
    let names = names(directory.path());
    assert_eq!(names.len(), 3);
    assert_eq!(json(&directory.path().join(&names[0]))[0]["message"], "hello");
}

#[test]
fn unfinished_line_of_an_earlier_process_is_terminated() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("shop.log");
    fs::write(&file, "{\"half\":").unwrap();
    let tools = to_files(directory.path()).build().unwrap();
    tools.logger("shop").info("whole", &[]);
    tools.shutdown().unwrap();
    let text = fs::read_to_string(&file).unwrap();
    let (half, whole) = text.split_once('\n').unwrap();
    assert_eq!(half, "{\"half\":");
    assert!(whole.starts_with("{\"timestamp\":") && whole.ends_with("}\n"), "{whole}");
}

#[test]
fn unusable_directory_is_an_error_with_its_origin() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a file");
    fs::write(&file, "").unwrap();
    let text = format!(
        "[service]\nname = \"x\"\n[logs]\nexporters = [\"file\"]\n[file]\ndirectory = \"{}/logs\"\n",
        file.display()
    );
    let (builder, _directory) = with_file(&text, &[]);
    let error = builder.build().unwrap_err().to_string();
    assert!(error.contains("autotelemetry.toml:6:13: file.directory: cannot write to"), "{error}");
    assert!(error.contains("Not a directory"), "{error}");
}

#[test]
fn moved_or_removed_file_is_recreated() {
    let directory = tempfile::tempdir().unwrap();
    let logs = directory.path().join("logs");
    let tools = to_files(&logs).build().unwrap();
    let logger = tools.logger("shop");
    let current = logs.join("shop.log");
    logger.info("one", &[]);
    wait(|| has(&current, "one"));
    // Renamed, as by logrotate.
    fs::rename(&current, logs.join("shop.log.1")).unwrap();
    logger.info("two", &[]);
    wait(|| has(&current, "two"));
    // Noticed even if nothing is written.
    fs::rename(&current, logs.join("shop.log.2")).unwrap();
    wait(|| current.exists());
    // Removed, with its directory.
    fs::remove_dir_all(&logs).unwrap();
    logger.info("three", &[]);
    wait(|| has(&current, "three"));
    tools.shutdown().unwrap();
    assert_eq!(tools.stats().exporters()[0].exported(), 3);
}

#[test]
fn failed_writes_are_counted_and_reported() {
    let directory = tempfile::tempdir().unwrap();
    let logs = directory.path().join("logs");
    let tools = to_files(&logs).set("diagnostics.level", "off").build().unwrap();
    let logger = tools.logger("shop");
    logger.info("before", &[]);
    wait(|| has(&logs.join("shop.log"), "before"));
    // A file takes the place of the directory.
    fs::remove_dir_all(&logs).unwrap();
    fs::write(&logs, "").unwrap();
    logger.info("lost", &[]);
    let stats = || tools.stats().exporter(Signal::Logs, "file").unwrap().clone();
    wait(|| stats().failed() == 1);
    assert!(stats().last_error().unwrap().contains("Not a directory"));
    let error = tools.force_flush().unwrap_err().to_string();
    assert!(error.contains("logs: 1 of 2 lost (files in ") && error.contains("Not a directory"), "{error}");
    fs::remove_file(&logs).unwrap();
    logger.info("after", &[]);
    tools.shutdown().unwrap();
    let lines = json(&logs.join("shop.log"));
    assert_eq!(test_support::line_buffer::member(&lines, "message"), ["1 line dropped", "after"]);
    assert_eq!((&lines[0]["attributes"]["dropped"], &lines[0]["level"]), (&1.into(), &"WARN".into()));
    let stats = stats();
    assert_eq!((stats.emitted(), stats.exported(), stats.failed(), stats.queued()), (3, 2, 1, 0));
}

/// Logs each line that it reads, prints when it has done so, and prints the statistics at the end.
#[test]
#[ignore = "child process of other tests"]
fn child_logs_stdin() {
    let tools = ObservabilityTools::builder().build().unwrap();
    let logger = tools.logger("shop");
    for line in std::io::stdin().lines() {
        logger.info(line.unwrap(), &[]);
        let _ = tools.force_flush();
        println!("DONE");
    }
    let result = tools.shutdown().map_err(|error| error.to_string());
    let stats = tools.stats().exporter(Signal::Logs, "file").unwrap().clone();
    eprintln!("STATS {} {} {} {result:?}", stats.emitted(), stats.exported(), stats.failed());
}

struct Logging {
    child: Child,
    output: BufReader<ChildStdout>,
    file: PathBuf,
}

impl Logging {
    /// Starts the child through a shell that runs `before` first.
    fn start(directory: &Path, before: &str) -> Self {
        let inner = process::function(module_path!(), "child_logs_stdin");
        let mut command = process::after(before, &inner);
        command
            .env("OTEL_SERVICE_NAME", "shop")
            .env("OTEL_LOGS_EXPORTER", "file")
            .env("AUTOTEL_FILE__DIRECTORY", directory)
            .env("AUTOTEL_FILE__ROTATION", "never")
            .current_dir(directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, output, file: directory.join("shop.log") }
    }

    /// Sends a line to log, without a check of the result.
    fn say(&mut self, line: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{line}").unwrap();
        let mut answer = String::new();
        while !answer.ends_with("DONE\n") {
            assert!(self.output.read_line(&mut answer).unwrap() > 0, "{answer}");
        }
    }

    /// Returns the standard error of the child, up to its end.
    fn end(mut self) -> String {
        drop(self.child.stdin.take());
        let output = self.child.wait_with_output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{err}");
        err
    }
}

#[test]
fn log_file_rotated_with_create_is_reopened_without_a_signal() {
    let directory = tempfile::tempdir().unwrap();
    let mut program = Logging::start(directory.path(), "");
    program.say("one");
    // As logrotate does with `create`: the file is moved, and an empty one takes its place.
    let rotated = directory.path().join("shop.log.1");
    fs::rename(&program.file, &rotated).unwrap();
    fs::write(&program.file, "").unwrap();
    program.say("two");
    assert_eq!(test_support::line_buffer::member(&json(&rotated), "message"), ["one"]);
    assert_eq!(test_support::line_buffer::member(&json(&program.file), "message"), ["two"]);
    let err = program.end();
    assert!(err.contains("STATS 2 2 0 Ok(())"), "{err}");
}

#[test]
fn log_file_rotated_with_copytruncate_continues_at_its_start() {
    let directory = tempfile::tempdir().unwrap();
    let mut program = Logging::start(directory.path(), "");
    program.say("one");
    // As logrotate does with `copytruncate`: the file is copied and emptied.
    let rotated = directory.path().join("shop.log.1");
    fs::copy(&program.file, &rotated).unwrap();
    fs::File::options().write(true).open(&program.file).unwrap().set_len(0).unwrap();
    program.say("two");
    assert_eq!(test_support::line_buffer::member(&json(&rotated), "message"), ["one"]);
    assert_eq!(test_support::line_buffer::member(&json(&program.file), "message"), ["two"]);
    let err = program.end();
    assert!(err.contains("STATS 2 2 0 Ok(())"), "{err}");
}

#[test]
#[cfg(target_os = "linux")]
fn hangup_signal_has_no_handler_while_a_log_file_is_open() {
    let directory = tempfile::tempdir().unwrap();
    let tools = to_files(directory.path()).build().unwrap();
    tools.logger("shop").info("hello", &[]);
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
    let caught = u64::from_str_radix(caught.trim(), 16).unwrap();
    assert_eq!(caught & 1, 0, "the lowest bit is SIGHUP: {caught:x}");
}

#[test]
#[cfg(unix)]
fn full_disk_leaves_whole_lines() {
    let directory = tempfile::tempdir().unwrap();
    // Files of this process end at 4096 bytes, in the middle of a line.
    let mut program = Logging::start(directory.path(), "trap '' XFSZ; ulimit -f 8;");
    for number in 0..100 {
        program.say(&format!("number {number}"));
    }
    // Room becomes available.
    fs::rename(&program.file, directory.path().join("full")).unwrap();
    program.say("room again");
    let file = program.file.clone();
    let err = program.end();
    let (full, after) = (json(&directory.path().join("full")), json(&file));
    let dropped: u64 = after.iter().filter_map(|line| line["attributes"]["dropped"].as_u64()).sum();
    let written = full.len() + after.len() - usize::from(dropped > 0);
    assert_eq!(written + usize::try_from(dropped).unwrap(), 101, "{err}");
    assert!(dropped > 0 && err.contains(&format!("STATS 101 {written} {dropped} ")), "{err}");
    assert!(err.contains("File too large"), "{err}");
}

/// A pipe in the place of the file would block the thread that opens it.
#[test]
#[cfg(unix)]
fn pipe_in_place_of_the_log_file_is_refused_and_counted() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("shop.log");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let error = to_files(directory.path()).build().unwrap_err().to_string();
    assert!(error.contains("shop.log is not a regular file"), "{error}");

    fs::remove_file(&path).unwrap();
    let mut program = Logging::start(directory.path(), "");
    program.say("one");
    fs::rename(&path, directory.path().join("moved")).unwrap();
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    program.say("lost");
    fs::remove_file(&path).unwrap();
    program.say("three");
    let err = program.end();
    assert!(err.contains("STATS 3 2 1 "), "{err}");
    assert!(err.contains("shop.log is not a regular file"), "{err}");
}
