//! A real Prometheus that scrapes one program, and `promtool`.

use std::{
    fmt::Write as _,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    TIMEOUT,
    page::{Labels, Samples},
    port::free_port,
    process::Process,
    programs::Program,
};

/// Stores native histograms, and reads pages in Protocol Buffers.
const NATIVE_HISTOGRAMS: &str = "--enable-feature=native-histograms";

pub struct Prometheus {
    _process: Process,
    address: SocketAddr,
    _directory: tempfile::TempDir,
}

impl Prometheus {
    /// Starts a Prometheus that scrapes a target such as `localhost:9464` as the job `job`.
    pub fn scrape(job: &str, target: &str) -> Self {
        Self::start(job, "200ms", &format!("'{target}'"), "", &[])
    }

    /// Same as [`scrape`](Self::scrape). Prometheus also evaluates a file of rules.
    pub fn scrape_with_rules(job: &str, target: &str, rules: &Path) -> Self {
        let rules = format!("rule_files: ['{}']\n", rules.display());
        Self::start(job, "200ms", &format!("'{target}'"), &rules, &[])
    }

    /// Same as [`scrape`](Self::scrape). Prometheus also stores native histograms.
    pub fn scrape_native(job: &str, target: &str) -> Self {
        Self::start(job, "200ms", &format!("'{target}'"), "", &[NATIVE_HISTOGRAMS])
    }

    /// Same as [`scrape`](Self::scrape), for a few targets.
    pub fn scrape_each(job: &str, targets: &[String]) -> Self {
        Self::start(job, "200ms", &list(targets), "", &[])
    }

    /// Same as [`scrape_native`](Self::scrape_native), for many targets.
    pub fn scrape_all(job: &str, targets: &[String]) -> Self {
        Self::start(job, "2s", &list(targets), "", &[NATIVE_HISTOGRAMS])
    }

    fn start(job: &str, interval: &str, targets: &str, rules: &str, options: &[&str]) -> Self {
        // Prometheus does not report the port that it is assigned for 0, so it gets a fixed one.
        let started = (0..5).find_map(|_| Self::try_start(job, interval, targets, rules, options));
        started.expect("Prometheus starts")
    }

    fn try_start(job: &str, interval: &str, targets: &str, rules: &str, options: &[&str]) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let config = directory.path().join("prometheus.yml");
        let text = format!(
            "global: {{scrape_interval: {interval}, scrape_timeout: {interval}, evaluation_interval: {interval}}}\n{rules}scrape_configs:\n  - job_name: {job}\n    static_configs: [{{targets: [{targets}]}}]\n"
        );
        std::fs::write(&config, text).unwrap();
        let address = ([127, 0, 0, 1], free_port()).into();
        let mut command = Program::Prometheus.command();
        command
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", directory.path().join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .args(options)
            .stderr(Stdio::piped());
        let mut process = Process::spawn(&mut command);
        let mut stderr = BufReader::new(process.stderr.take().unwrap());
        let prometheus = Self { _process: process, address, _directory: directory };
        let mut line = String::new();
        while !line.contains("Server is ready") {
            line.clear();
            if stderr.read_line(&mut line).unwrap() == 0 {
                return None;
            }
        }
        thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
        Some(prometheus)
    }

    /// Waits until a query returns one series with this value, and returns its labels.
    pub fn wait(&self, query: &str, value: &str) -> Value {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let response = self.query(query).unwrap();
            let found = &response["data"]["result"];
            if found[0]["value"][1] == value && found[1].is_null() {
                return found[0]["metric"].clone();
            }
            assert!(Instant::now() < deadline, "{query} is not {value}: {response}");
            // Prometheus offers no way to wait other than to poll.
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Returns the value of a query that has one series.
    pub fn number(&self, query: &str) -> f64 {
        let response = self.query(query).unwrap();
        let value = response["data"]["result"][0]["value"][1].as_str();
        value.unwrap_or_else(|| panic!("{query}: {response}")).parse().unwrap()
    }

    /// Returns the samples of an instant query.
    pub fn samples(&self, query: &str) -> Samples {
        let response = self.query(query).unwrap();
        let series = response["data"]["result"].as_array().unwrap();
        let sample = |series: &Value| {
            let labels = series["metric"].as_object().unwrap().iter();
            let mut labels: Labels =
                labels.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect();
            let name = labels.remove("__name__").unwrap();
            ((name, labels), series["value"][1].as_str().unwrap().parse().unwrap())
        };
        series.iter().map(sample).collect()
    }

    /// Waits until a query returns at least one series, all with a number.
    pub fn wait_for_data(&self, query: &str) {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let response = self.query(query).unwrap();
            let series = response["data"]["result"].as_array().map(Vec::as_slice).unwrap_or_default();
            if !series.is_empty() && series.iter().all(|series| series["value"][1] != "NaN") {
                return;
            }
            assert!(Instant::now() < deadline, "{query} has no data: {response}");
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Returns the rules that Prometheus evaluates, with their state.
    pub fn rules(&self) -> Vec<Value> {
        let response = self.get("/api/v1/rules").unwrap();
        let groups = response["data"]["groups"].as_array().unwrap().iter();
        groups.flat_map(|group| group["rules"].as_array().unwrap().clone()).collect()
    }

    fn query(&self, query: &str) -> std::io::Result<Value> {
        let mut encoded = String::new();
        for byte in query.bytes() {
            let _ = write!(encoded, "%{byte:02X}");
        }
        self.get(&format!("/api/v1/query?query={encoded}"))
    }

    fn get(&self, path: &str) -> std::io::Result<Value> {
        let mut stream = TcpStream::connect(self.address)?;
        // HTTP/1.0, so that the response is not chunked.
        write!(stream, "GET {path} HTTP/1.0\r\n\r\n")?;
        let mut response = String::new();
        stream.read_to_string(&mut response)?;
        let body = response.split_once("\r\n\r\n").unwrap_or_default().1;
        Ok(serde_json::from_str(body)?)
    }
}

/// Returns targets as a list in YAML, without its brackets.
fn list(targets: &[String]) -> String {
    let targets: Vec<_> = targets.iter().map(|target| format!("'{target}'")).collect();
    targets.join(", ")
}

/// Asserts that `promtool` accepts a page of metrics without a remark.
pub fn check_page(page: &str) {
    let output = promtool(page);
    let complaints = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && complaints.is_empty(), "{complaints}\n{page}");
}

/// Asserts that `promtool` can read a page. Remarks about the style of names are allowed.
pub fn assert_readable(page: &str) {
    const LINT_REMARKS: i32 = 3;
    let output = promtool(page);
    let is_read = matches!(output.status.code(), Some(0 | LINT_REMARKS));
    assert!(is_read, "{}\n{page}", String::from_utf8_lossy(&output.stderr));
}

fn promtool(page: &str) -> Output {
    let mut command = Program::Promtool.command();
    command.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut promtool = command.spawn().unwrap();
    promtool.stdin.take().unwrap().write_all(page.as_bytes()).unwrap();
    promtool.wait_with_output().unwrap()
}
