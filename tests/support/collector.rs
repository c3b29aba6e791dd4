//! A real OpenTelemetry Collector, which prints what it receives.
//!
//! The program is the one that the variable `OTELCOL` names, else `otelcol` of the search path.

use std::{
    hash::{BuildHasher as _, RandomState},
    io::{BufRead as _, BufReader},
    net::{SocketAddr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Condvar, Mutex},
    thread,
    time::Instant,
};

use super::{TIMEOUT, program};

pub struct Collector {
    process: Child,
    output: Arc<(Mutex<String>, Condvar)>,
    grpc: u16,
    http: u16,
    directory: tempfile::TempDir,
}

/// Prints everything.
const PRINT: &str = "debug: {verbosity: detailed}";

/// Prints of spans and log records only how many each request holds: under load, more would be work for a whole core.
const COUNT: &str = "debug: {verbosity: basic}\n  debug/metrics: {verbosity: detailed}";

/// What we note below its own words.
const ENDED: &str = "the Collector has ended\n";

impl Collector {
    pub fn start() -> Self {
        Self::start_with("", PRINT)
    }

    /// Counts spans and log records, and prints metrics. What it counted is in the result of `end`.
    pub fn start_counting() -> Self {
        Self::start_with("", COUNT)
    }

    /// With the certificate and key in these files.
    pub fn start_tls(certificate: &Path, key: &Path) -> Self {
        let (certificate, key) = (certificate.display(), key.display());
        Self::start_with(&format!(", tls: {{cert_file: '{certificate}', key_file: '{key}'}}"), PRINT)
    }

    /// As `start_tls`; clients must show a certificate of this authority.
    pub fn start_mtls(certificate: &Path, key: &Path, authority: &Path) -> Self {
        let (certificate, key, authority) = (certificate.display(), key.display(), authority.display());
        Self::start_with(
            &format!(
                ", tls: {{cert_file: '{certificate}', key_file: '{key}', client_ca_file: '{authority}'}}"
            ),
            PRINT,
        )
    }

    pub(super) fn start_with(more: &str, exporter: &str) -> Self {
        let name = exporter.split(':').next().unwrap();
        let of_signal = |signal: &str| {
            let own = format!("{name}/{signal}");
            if exporter.contains(&own) { own } else { name.to_owned() }
        };
        // Its own log leaves out lines that resemble many others, unless it is told not to.
        Self::start_configured(&format!(
            "receivers:\n  otlp:\n    protocols:\n      grpc: {{endpoint: '127.0.0.1:${{env:OTLP_GRPC_PORT}}'{more}}}\n      http: {{endpoint: '127.0.0.1:${{env:OTLP_HTTP_PORT}}'{more}}}\n\
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

    /// With this configuration, which takes its ports from the environment.
    pub fn start_configured(text: &str) -> Self {
        // The Collector does not say which port it was given for 0, so it is given one that was free a moment ago.
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
        if started.ends_with(ENDED) {
            let _ = self.process.wait();
        }
        !started.ends_with(ENDED)
    }

    /// Ends it without a chance to say goodbye.
    pub fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Ends it, and returns all that it printed. It prints before it answers, so everything that it accepted is there.
    pub fn end(mut self) -> String {
        self.kill();
        self.wait(|text| text.ends_with(ENDED))
    }

    /// Starts it again, on the same ports. What it printed before is gone.
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

    /// Stops it in mid-stream, or lets it go on: `STOP`, `CONT`.
    pub fn signal(&self, name: &str) {
        let id = self.process.id().to_string();
        let status = Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap();
        assert!(status.success());
    }

    /// Where the Collector listens for a protocol.
    pub fn url(&self, protocol: &str) -> String {
        format!("http://127.0.0.1:{}", if protocol == "grpc" { self.grpc } else { self.http })
    }

    pub fn address(&self, protocol: &str) -> SocketAddr {
        self.url(protocol).strip_prefix("http://").unwrap().parse().unwrap()
    }

    /// Waits until the output satisfies `enough`, and returns it.
    pub fn wait(&self, enough: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + TIMEOUT;
        let mut text = self.output.0.lock().unwrap();
        while !enough(&text) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "the Collector did not print it in time, but:\n{text}");
            text = self.output.1.wait_timeout(text, left).unwrap().0;
        }
        text.clone()
    }
}

/// Runs the program with the configuration in `directory`.
fn run(directory: &Path, (grpc, http): (u16, u16), output: &Arc<(Mutex<String>, Condvar)>) -> Child {
    let mut process = Command::new(program::named("OTELCOL", "otelcol"))
        .arg("--config")
        .arg(directory.join("collector.yaml"))
        .env("OTLP_GRPC_PORT", grpc.to_string())
        .env("OTLP_HTTP_PORT", http.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("OTELCOL names the OpenTelemetry Collector");
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

impl Drop for Collector {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port that was free a moment ago, and none that the system gives to who asks for any: somebody who tries to reach
/// nobody there could be given the same, and reach himself.
pub fn free_port() -> u16 {
    let free = (0..100).find_map(|attempt| {
        let random = RandomState::new().hash_one(attempt) % 20_000;
        TcpListener::bind(("127.0.0.1", 12_000 + u16::try_from(random).unwrap())).ok()
    });
    free.expect("some port is free").local_addr().unwrap().port()
}

/// How many items of a kind, `spans` or `log records`, a Collector received that counts them.
pub fn count(output: &str, kind: &str) -> u64 {
    let before = format!("\"{kind}\": ");
    let numbers = output.split(&before).skip(1).map(|rest| rest.split(['}', ',']).next().unwrap());
    numbers.map(|number| number.parse::<u64>().unwrap()).sum()
}

/// What the Collector's debug exporter printed, as sections: each begins with a line such as `Span #0` and holds the
/// lines up to the next.
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

/// The sections of a kind whose field is this.
pub fn sections_with<'t>(output: &'t str, kind: &str, name: &str, value: &str) -> Vec<&'t str> {
    let mut found = sections(output, kind);
    found.retain(|section| field(section, name) == value);
    found
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

/// The value behind `name:` (padded) in a section.
pub fn field<'t>(section: &'t str, name: &str) -> &'t str {
    section
        .lines()
        .find_map(|line| line.trim().strip_prefix(name)?.trim_start().strip_prefix(':'))
        .unwrap_or_else(|| panic!("no {name} in {section}"))
        .trim()
}
