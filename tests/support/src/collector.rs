//! A real OpenTelemetry Collector that prints what it receives.

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::Path,
    process::Stdio,
    sync::{Arc, Condvar, Mutex},
    thread,
    time::Instant,
};

use crate::{
    TIMEOUT, http::request_bytes, mock_collector::MockCollector, port::free_port, process::Process,
    programs::Program,
};

pub struct Collector {
    process: Process,
    output: Arc<(Mutex<String>, Condvar)>,
    grpc: u16,
    http: u16,
    directory: tempfile::TempDir,
}

/// The exporter that prints everything.
const PRINT: &str = "debug: {verbosity: detailed}";

/// The exporters that print metrics, and only the number of spans and log records of each request.
///
/// Under load, to print each item would keep a core busy.
const COUNT: &str = "debug: {verbosity: basic}\n  debug/metrics: {verbosity: detailed}";

/// The last line of the output, appended when the process has ended.
const ENDED: &str = "the Collector has ended\n";

impl Collector {
    /// Starts a Collector that prints each item.
    pub fn start() -> Self {
        Self::start_with("", PRINT)
    }

    /// Starts a Collector that counts spans and log records, and prints metrics. See [`count`].
    pub fn start_counting() -> Self {
        Self::start_with("", COUNT)
    }

    /// Starts a Collector with the certificate and key in these files.
    pub fn start_tls(certificate: &Path, key: &Path) -> Self {
        let (certificate, key) = (certificate.display(), key.display());
        Self::start_with(&format!(", tls: {{cert_file: '{certificate}', key_file: '{key}'}}"), PRINT)
    }

    /// Starts a Collector that also requires client certificates of this authority.
    pub fn start_mtls(certificate: &Path, key: &Path, authority: &Path) -> Self {
        let (certificate, key, authority) = (certificate.display(), key.display(), authority.display());
        Self::start_with(
            &format!(
                ", tls: {{cert_file: '{certificate}', key_file: '{key}', client_ca_file: '{authority}'}}"
            ),
            PRINT,
        )
    }

    /// Starts a Collector that forwards to a mock collector, and accepts what the mock collector
    /// accepts.
    pub fn forwarding_to(mock: &MockCollector) -> Self {
        let exporter = format!(
            "otlp_grpc: {{endpoint: '{}', tls: {{insecure: true}}, sending_queue: {{enabled: false}}, retry_on_failure: \
             {{enabled: false}}}}",
            mock.url()
        );
        Self::start_with("", &exporter)
    }

    fn start_with(receiver: &str, exporter: &str) -> Self {
        let name = exporter.split(':').next().unwrap();
        let of_signal = |signal: &str| {
            let own = format!("{name}/{signal}");
            if exporter.contains(&own) { own } else { name.to_owned() }
        };
        // Without `sampling`, the Collector drops lines of its log that resemble many others.
        Self::start_with_config(&format!(
            "receivers:\n  otlp:\n    protocols:\n      grpc: {{endpoint: '127.0.0.1:${{env:OTLP_GRPC_PORT}}'{receiver}}}\n      http: {{endpoint: '127.0.0.1:${{env:OTLP_HTTP_PORT}}'{receiver}}}\n\
             exporters:\n  {exporter}\n\
             service:\n  telemetry: {{metrics: {{level: none}}, logs: {{sampling: {{enabled: false}}}}}}\n  pipelines:\n\
             {}",
            ["traces", "metrics", "logs"]
                .map(|signal| {
                    format!("    {signal}: {{receivers: [otlp], exporters: [{}]}}\n", of_signal(signal))
                })
                .concat()
        ))
    }

    /// Starts a Collector with this configuration, which reads its ports from the environment.
    pub fn start_with_config(text: &str) -> Self {
        // The Collector does not report the port that it is assigned for 0, so it gets a fixed one.
        for _ in 0..5 {
            if let Some(collector) = Self::try_start(text) {
                return collector;
            }
        }
        panic!("the Collector does not start");
    }

    fn try_start(text: &str) -> Option<Self> {
        let (grpc, http) = (free_port(), free_port());
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("collector.yaml"), text).unwrap();
        let output = Arc::<(Mutex<String>, Condvar)>::default();
        let process = run(directory.path(), (grpc, http), &output);
        let mut collector = Self { process, output, grpc, http, directory };
        collector.is_started().then_some(collector)
    }

    fn is_started(&mut self) -> bool {
        let started = self.wait(|text| text.contains("Everything is ready") || text.ends_with(ENDED));
        !started.ends_with(ENDED)
    }

    /// Ends the Collector at once.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Ends the Collector and returns its output.
    ///
    /// It prints an item before it accepts it, so the output has everything that it accepted.
    pub fn stop(mut self) -> String {
        self.kill();
        self.wait(|text| text.ends_with(ENDED))
    }

    /// Starts the Collector again on the same ports, with empty output.
    pub fn restart(&mut self) {
        for _ in 0..5 {
            self.kill();
            self.output = Arc::default();
            self.process = run(self.directory.path(), (self.grpc, self.http), &self.output);
            if self.is_started() {
                return;
            }
        }
        panic!("the Collector does not start again");
    }

    /// Pauses the process (`STOP`) or resumes it (`CONT`).
    pub fn signal(&self, name: &str) {
        self.process.signal(name);
    }

    /// Returns the endpoint for a protocol.
    pub fn url(&self, protocol: &str) -> String {
        format!("http://127.0.0.1:{}", if protocol == "grpc" { self.grpc } else { self.http })
    }

    pub fn address(&self, protocol: &str) -> SocketAddr {
        self.url(protocol).strip_prefix("http://").unwrap().parse().unwrap()
    }

    /// Sends a line of OTLP, as a log collector forwards it: the items of one signal as JSON.
    pub fn post(&self, signal: &str, line: &str) {
        let (host, length) = (self.address("http/json"), line.len());
        let (head, body) = request_bytes(
            host,
            &format!(
                "POST /v1/{signal} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n\
                 content-length: {length}\r\nconnection: close\r\n\r\n{line}"
            ),
        );
        assert!(head.starts_with("http/1.1 200"), "{head} {}", String::from_utf8_lossy(&body));
    }

    /// Waits until the output satisfies `enough`, and returns the output.
    pub fn wait(&self, enough: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + TIMEOUT;
        let mut text = self.output.0.lock().unwrap();
        while !(enough(&text) && is_complete(&text)) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "the Collector has not printed it in time, only:\n{text}");
            text = self.output.1.wait_timeout(text, left).unwrap().0;
        }
        text.clone()
    }
}

/// Returns whether the last batch is printed as a whole. It begins with the first resource of a
/// signal, and ends with the fields of the message.
fn is_complete(text: &str) -> bool {
    let begin =
        ["Spans", "Metrics", "Log"].iter().filter_map(|kind| text.rfind(&format!("\tResource{kind} #0")));
    begin.max().is_none_or(|begin| text[begin..].contains("{\"resource\": {")) || text.ends_with(ENDED)
}

/// Runs the Collector with the configuration in `directory`.
fn run(directory: &Path, (grpc, http): (u16, u16), output: &Arc<(Mutex<String>, Condvar)>) -> Process {
    let mut command = Program::Collector.command();
    command
        .arg("--config")
        .arg(directory.join("collector.yaml"))
        .env("OTLP_GRPC_PORT", grpc.to_string())
        .env("OTLP_HTTP_PORT", http.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut process = Process::spawn(&mut command);
    let shared = Arc::clone(output);
    let stderr = BufReader::new(process.stderr.take().unwrap());
    thread::spawn(move || {
        for line in stderr.lines().map_while(Result::ok) {
            let mut text = shared.0.lock().unwrap();
            text.push_str(&line);
            text.push('\n');
            shared.1.notify_all();
        }
        shared.0.lock().unwrap().push_str(ENDED);
        shared.1.notify_all();
    });
    process
}

/// Returns how many items of a kind, `spans` or `log records`, a counting Collector received.
pub fn count(output: &str, kind: &str) -> u64 {
    let before = format!("\"{kind}\": ");
    let numbers = output.split(&before).skip(1).map(|rest| rest.split(['}', ',']).next().unwrap());
    numbers.map(|number| number.parse::<u64>().unwrap()).sum()
}

/// Returns the sections of a kind in the output of the debug exporter.
///
/// A section begins with a line such as `Span #0` and ends before the next such line.
pub fn sections<'t>(output: &'t str, kind: &str) -> Vec<&'t str> {
    let starts: Vec<_> = output.match_indices('\n').map(|(at, _)| at + 1).chain([0]).collect();
    let mut starts: Vec<_> = starts.into_iter().filter(|at| is_header(&output[*at..])).collect();
    starts.sort_unstable();
    let ends = starts.iter().skip(1).copied().chain([output.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(start, end)| &output[*start..end])
        .filter(|section| section.starts_with(&format!("{kind} #")))
        .collect()
}

/// Returns the sections of a kind whose field `name` has this value.
pub fn sections_with<'t>(output: &'t str, kind: &str, name: &str, value: &str) -> Vec<&'t str> {
    let mut found = sections(output, kind);
    found.retain(|section| field(section, name) == value);
    found
}

/// Returns the metrics of this name, each with its data points.
pub fn metrics<'t>(output: &'t str, name: &str) -> Vec<&'t str> {
    let title = format!("-> Name: {name}\n");
    output.split("Metric #").skip(1).filter(|metric| metric.contains(&title)).collect()
}

/// Returns the only metric of this name, with its data points.
pub fn metric<'t>(output: &'t str, name: &str) -> &'t str {
    match *metrics(output, name) {
        [metric] => metric,
        _ => panic!("not one metric {name}\n{output}"),
    }
}

fn is_header(text: &str) -> bool {
    let line = text.lines().next().unwrap_or_default();
    let kinds = [
        "Span",
        "LogRecord",
        "Metric",
        "ScopeSpans",
        "ScopeLogs",
        "ScopeMetrics",
        "NumberDataPoints",
        "HistogramDataPoints",
    ];
    kinds.iter().any(|kind| {
        line.strip_prefix(kind)
            .and_then(|rest| rest.strip_prefix(" #"))
            .is_some_and(|n| n.parse::<u32>().is_ok())
    })
}

/// Returns the value after `name:` in a section.
pub fn field<'t>(section: &'t str, name: &str) -> &'t str {
    section
        .lines()
        .find_map(|line| line.trim().strip_prefix(name)?.trim_start().strip_prefix(':'))
        .unwrap_or_else(|| panic!("no {name} in {section}"))
        .trim()
}
