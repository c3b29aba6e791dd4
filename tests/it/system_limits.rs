//! Limits of the operating system: threads, file descriptors, standard streams. Telemetry starts or
//! returns an error, and never panics or hangs.
#![cfg(target_os = "linux")]

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use autotelemetry::{ObservabilityTools, prelude::*};
use test_support::{TIMEOUT, mock_collector::MockCollector, process};

/// Returns a command for the test function `name` in this module, as a user that limits apply to.
fn unprivileged(name: &str, directory: &Path) -> Command {
    fs::set_permissions(directory, fs::Permissions::from_mode(0o777)).unwrap();
    let function = process::function(module_path!(), name);
    // The directory of the build may be closed to other users.
    let program = directory.join("program");
    if fs::hard_link(function.get_program(), &program).is_err() {
        fs::copy(function.get_program(), &program).unwrap();
    }
    let is_root = fs::metadata("/proc/self").is_ok_and(|meta| meta.uid() == 0);
    let mut command = process::clean(if is_root { "setpriv".into() } else { program.clone() });
    if is_root {
        // Other tests have no threads of this user.
        let id = 20_000 + std::process::id() % 20_000 * 2 + u32::from(name == "child_runs_into_the_limit");
        command.args([&format!("--reuid={id}"), &format!("--regid={id}"), "--clear-groups"]).arg(&program);
    }
    command.args(function.get_args()).current_dir(directory).env("OTEL_SERVICE_NAME", "limited");
    command
}

/// Forbids this process to start further threads.
fn forbid_threads() {
    let limit = rustix::process::Rlimit { current: Some(1), maximum: Some(1) };
    rustix::process::setrlimit(rustix::process::Resource::Nproc, limit).unwrap();
    assert!(thread::Builder::new().spawn(|| ()).is_err(), "the limit has no effect");
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Builds tools for each list of exporters, and prints the result.
#[test]
#[ignore = "child process of other tests"]
fn child_builds_without_threads() {
    forbid_threads();
    for (key, exporters) in
        [("traces.exporters", "otlp"), ("metrics.exporters", "prometheus"), ("metrics.exporters", "console")]
    {
        let builder = ObservabilityTools::builder().set(key, exporters).set("prometheus.port", 0);
        let error = builder.build().map(drop).unwrap_err();
        eprintln!("{exporters}: {error}");
    }
    // Lines need no thread.
    let tools = ObservabilityTools::builder()
        .set("logs.exporters", "file,console")
        .set("console.stream", "stderr")
        .set("file.directory", "logs")
        .set("file.rotation", "never")
        .build()
        .unwrap();
    for number in 0..100 {
        tools.logger("limited").info("line", &[KeyValue::new("n", number)]);
    }
    let start = Instant::now();
    tools.shutdown().unwrap();
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

#[test]
fn build_without_threads_is_an_error_or_works_on_the_calling_thread() {
    let directory = tempfile::tempdir().unwrap();
    let output = unprivileged("child_builds_without_threads", directory.path()).output().unwrap();
    let err = stderr(&output);
    assert!(output.status.success(), "{err}");
    assert_eq!(err.matches("\"level\":\"INFO\"").count(), 100, "{err}");
    for exporter in ["otlp", "prometheus"] {
        let line = err.lines().find(|line| line.starts_with(&format!("{exporter}: "))).unwrap();
        assert!(line.contains("cannot start the background thread"), "{line}");
    }
    assert!(err.contains("console: cannot start telemetry: cannot start the thread for metrics"), "{err}");
    assert!(!err.contains("panicked"), "{err}");
    let lines = fs::read_to_string(directory.path().join("logs/limited.log")).unwrap();
    assert_eq!(lines.lines().count(), 100);
}

/// Builds tools, then waits for the limit before it uses them.
#[test]
#[ignore = "child process of other tests"]
fn child_runs_into_the_limit() {
    let tools = ObservabilityTools::builder().build().unwrap();
    let meter = tools.meter("limited");
    let _gauge =
        meter.u64_observable_gauge("observed").with_callback(|observer| observer.observe(7, &[])).build();
    eprintln!("READY {}", tools.prometheus_address().unwrap());
    let mut input = BufReader::new(std::io::stdin());
    let mut line = String::new();
    input.read_line(&mut line).unwrap();
    forbid_threads();
    drop(tools.tracer("limited").start_as_current_span("work"));
    tools.logger("limited").info("hello", &[]);
    eprintln!("EMITTED");
    input.read_line(&mut line).unwrap();
    eprintln!("RESULT {:?}", tools.shutdown());
}

#[test]
fn thread_limit_after_the_start_costs_nothing() {
    let mock = MockCollector::start();
    let directory = tempfile::tempdir().unwrap();
    let mut command = unprivileged("child_runs_into_the_limit", directory.path());
    // A name, so that a lookup needs a thread.
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", mock.url().replace("127.0.0.1", "localhost"));
    command.env("OTEL_METRICS_EXPORTER", "otlp,prometheus").env("OTEL_EXPORTER_PROMETHEUS_PORT", "0");
    command.env("OTEL_LOGS_EXPORTER", "file,otlp").env("AUTOTEL_FILE__DIRECTORY", "logs");
    command.stdin(Stdio::piped()).stderr(Stdio::piped()).stdout(Stdio::null());
    let mut child = process::Process::spawn(&mut command);
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut wait_for = |word: &str| {
        let mut line = String::new();
        while !line.starts_with(word) {
            line.clear();
            assert!(lines.read_line(&mut line).unwrap() > 0, "{word}");
            assert!(!line.contains("panicked"), "{line}");
        }
        line
    };
    let ready = wait_for("READY ");
    let address = ready.trim().strip_prefix("READY ").unwrap();
    let mut input = child.stdin.take().unwrap();
    writeln!(input, "go").unwrap();
    wait_for("EMITTED");

    let mut scrape = TcpStream::connect(address).unwrap();
    scrape.set_read_timeout(Some(TIMEOUT)).unwrap();
    scrape.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut page = String::new();
    scrape.read_to_string(&mut page).unwrap();
    assert!(page.contains("\nobserved") && page.contains(" 7\n"), "{page}");

    writeln!(input, "shut down").unwrap();
    assert_eq!(wait_for("RESULT").trim(), "RESULT Ok(())");
    assert!(child.wait().unwrap().success());
    assert_eq!((mock.spans().len(), mock.logs().len()), (1, 1));
}

/// Builds tools for all exporters with whatever descriptors there are, emits, and shuts down.
#[test]
#[ignore = "child process of other tests"]
fn child_lacks_descriptors() {
    match ObservabilityTools::builder().build() {
        Ok(tools) => {
            drop(tools.tracer("limited").start_as_current_span("work"));
            tools.logger("limited").info("hello", &[]);
            tools.meter("limited").u64_counter("things").build().add(1, &[]);
            let start = Instant::now();
            let result = tools.shutdown();
            assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
            eprintln!("RESULT {result:?}");
        }
        Err(error) => eprintln!("RESULT {error}"),
    }
}

#[test]
fn few_file_descriptors_give_a_clear_error_or_work() {
    let mock = MockCollector::start();
    let directory = tempfile::tempdir().unwrap();
    let mut results = Vec::new();
    for descriptors in 4..=20 {
        let before = format!("ulimit -n {descriptors};");
        let mut command =
            process::after(&before, &process::function(module_path!(), "child_lacks_descriptors"));
        command.env("OTEL_SERVICE_NAME", "limited").env("OTEL_EXPORTER_OTLP_ENDPOINT", mock.url());
        command.env("OTEL_METRICS_EXPORTER", "otlp,prometheus").env("OTEL_EXPORTER_PROMETHEUS_PORT", "0");
        command.env("OTEL_EXPORTER_PROMETHEUS_HOST", "127.0.0.1");
        command.env("OTEL_LOGS_EXPORTER", "file,otlp").env("AUTOTEL_FILE__DIRECTORY", "logs");
        command.env("AUTOTEL_SHUTDOWN_TIMEOUT", "2s").current_dir(directory.path());
        let output = command.output().unwrap();
        let err = stderr(&output);
        assert!(output.status.success() && !err.contains("panicked"), "{descriptors}: {err}");
        let result = err.lines().find_map(|line| line.strip_prefix("RESULT ")).unwrap().to_owned();
        assert!(result == "Ok(())" || err.contains("Too many open files"), "{descriptors}: {err}");
        results.push(result);
    }
    assert_ne!(results.first().unwrap(), "Ok(())", "{results:?}");
    assert_eq!(results.last().unwrap(), "Ok(())", "{results:?}");
}

#[test]
fn closed_standard_streams_are_tolerated() {
    for closed in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"] {
        let directory = tempfile::tempdir().unwrap();
        let before = format!("exec {closed};");
        let mut command =
            process::after(&before, &process::function(module_path!(), "child_lacks_descriptors"));
        command.env("OTEL_SERVICE_NAME", "limited").current_dir(directory.path());
        for signal in ["TRACES", "METRICS"] {
            command.env(format!("OTEL_{signal}_EXPORTER"), "console");
        }
        command.env("OTEL_LOGS_EXPORTER", "console,file").env("AUTOTEL_FILE__DIRECTORY", "logs");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{closed}: {}", stderr(&output));
        let files: Vec<_> = fs::read_dir(directory.path().join("logs")).unwrap().collect();
        assert_eq!(files.len(), 1, "{closed}");
    }
}

#[test]
fn full_device_on_standard_output_is_counted() {
    let mut command = process::example("quickstart");
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output = command.stdout(full).output().unwrap();
    let err = stderr(&output);
    assert!(err.contains(" for standard output lost: No space left on device"), "{err}");
    assert!(err.contains("shutdown: lost "), "{err}");
}

#[test]
fn read_only_directory_of_log_files_is_an_error_with_its_key() {
    // Not even a privileged user can write below `/proc`.
    let error = test_support::builder()
        .service_name("limited")
        .set("logs.exporters", "file")
        .set("file.directory", "/proc/logs")
        .build()
        .unwrap_err()
        .to_string();
    assert!(error.contains("file.directory") && error.contains("cannot write to \"/proc/logs\""), "{error}");
}
