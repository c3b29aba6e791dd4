//! Checks of what a failed export reports, counts and retries.

use std::{
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

use crate::{
    child::{Child, Stats},
    hostile::{Security, ca_file},
    hostile_grpc,
};

/// Starts a child that exports spans to `url` within 20 ms, and gives up a request after 600 ms.
pub fn child(url: &str, protocol: &str, more: &[(&str, &str)]) -> Child {
    let mut variables = vec![
        ("OTEL_EXPORTER_OTLP_ENDPOINT", url),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "600"),
        ("OTEL_BSP_SCHEDULE_DELAY", "20"),
        ("OTEL_LOGS_EXPORTER", "none"),
        ("OTEL_METRICS_EXPORTER", "none"),
        ("AUTOTEL_SHUTDOWN_TIMEOUT", "1s"),
    ];
    variables.extend(more);
    Child::start(&variables)
}

/// All that a program and its operator see of an export and the shutdown after it.
#[derive(Debug)]
pub struct Observed {
    pub stderr: String,
    pub stats: Stats,
    /// The result of the shutdown.
    pub shutdown: String,
    /// The largest memory of the process, beyond that of an ordinary export.
    pub memory: u64,
}

impl Observed {
    /// Returns all texts.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}", self.stderr, self.stats.last_error(), self.shutdown)
    }

    /// Asserts how many of the ten items were exported, and how many failed.
    pub fn assert_counts(&self, exported: u64, failed: u64) {
        let counts = (self.stats.get("emitted"), self.stats.get("exported"), self.stats.get("failed"));
        assert_eq!(counts, (10, exported, failed), "{self:#?}");
        assert!(self.stats.adds_up() && self.stats.get("queued") == 0, "{self:#?}");
        assert_eq!(self.shutdown == "Ok(())", failed == 0, "{self:#?}");
    }

    /// Asserts that the process needed little memory.
    pub fn assert_memory(&self, mebibytes: u64) {
        assert!(self.memory <= mebibytes << 20, "{} KiB: {self:#?}", self.memory >> 10);
    }
}

/// The time for an outcome before the shutdown, which ends all retries. It is longer than the
/// timeout of an export.
const OUTCOME_TIMEOUT: Duration = Duration::from_millis(2500);

/// Exports ten spans to `url`, waits for the outcome of the export, shuts down, and returns what is
/// seen of it.
pub fn observe(url: &str, protocol: &str, more: &[(&str, &str)]) -> Observed {
    /// The largest memory of an ordinary export; most of it is the code of the program.
    static ORDINARY: OnceLock<u64> = OnceLock::new();
    let ordinary = ORDINARY.get_or_init(|| {
        let server =
            hostile_grpc::serve(Security::Tls, |h2, stream| h2.respond(stream, &[], &[("grpc-status", "0")]));
        export(&server.url(), "grpc", &[]).memory
    });
    let observed = export(url, protocol, more);
    Observed { memory: observed.memory.saturating_sub(*ordinary), ..observed }
}

fn export(url: &str, protocol: &str, more: &[(&str, &str)]) -> Observed {
    let ca_file = ca_file();
    let mut variables = vec![
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "2000"),
        ("AUTOTEL_SHUTDOWN_TIMEOUT", "10s"),
        // All spans are in one batch, however slowly they are emitted.
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "10"),
        ("OTEL_BSP_SCHEDULE_DELAY", "1000"),
    ];
    if url.starts_with("https") {
        variables.push(("OTEL_EXPORTER_OTLP_CERTIFICATE", &ca_file));
    }
    variables.extend(more);
    let mut child = child(url, protocol, &variables);
    child.call("emit 10");
    let deadline = Instant::now() + OUTCOME_TIMEOUT;
    while child.stats("traces").get("queued") > 0 && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(5));
    }
    let shutdown = child.call("shutdown");
    let stats = child.stats("traces");
    let memory = peak_memory(child.id());
    Observed { stderr: child.exit(), stats, shutdown, memory }
}

/// Returns the largest memory of a process in bytes; 0 on systems that do not count it.
fn peak_memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    let kibibytes = line.split_whitespace().find_map(|word| word.parse::<u64>().ok());
    kibibytes.unwrap_or_default() << 10
}

/// The outcome of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The spans stay queued.
    Wait,
    /// The spans are lost at once.
    Lost,
}

/// Exports ten spans to `url` and asserts the outcome.
///
/// The first line on standard error is `line`, with the host and port in place of `{}`. The last
/// error of the statistics begins with `reason`.
pub fn check(url: &str, protocol: &str, outcome: Outcome, line: &str, reason: &str) {
    let place = url.split("://").nth(1).unwrap();
    let ending =
        if outcome == Outcome::Wait { ", will keep trying; 10 spans waiting" } else { "; 10 spans lost" };
    let line = format!("autotelemetry: {}{ending}\n", line.replace("{}", place));
    let mut child = child(url, protocol, &[]);
    child.call("emit 10");
    let stderr = child.wait_stderr(&line);
    println!("{protocol}: {stderr}");
    let (failed, queued) = if outcome == Outcome::Wait { (0, 10) } else { (10, 0) };
    let stats = child.wait_stats("traces", |stats| stats.get("queued") == queued);
    assert_eq!(stats.get("failed"), failed, "{stats:?}");
    let result = child.call("shutdown");
    let stats = child.stats("traces");
    assert!(stats.adds_up() && stats.get("failed") == 10 && stats.get("queued") == 0, "{stats:?}");
    assert!(stats.last_error().starts_with(reason), "{stats:?}");
    assert!(result.contains("10 of 10 lost") && result.contains(reason), "{result}");
    let stderr = child.wait_stderr("shutdown: lost 10 of 10 spans for ");
    assert!(stderr.matches("shutdown: lost").count() == 1 && stderr.lines().count() <= 3, "{stderr}");
}
