//! A real Prometheus (Debian's package of this name) that scrapes one program.

use std::{
    fmt::Write as _,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{TIMEOUT, collector::free_port};

pub struct Prometheus {
    process: Child,
    address: SocketAddr,
    _directory: tempfile::TempDir,
}

impl Prometheus {
    /// Scrapes `localhost:9464` or the like, as the job `job`.
    pub fn scrape(job: &str, target: &str) -> Self {
        // It is given a port that was free a moment ago, since it does not say which it got for 0.
        let started = (0..5).find_map(|_| Self::try_start(job, target));
        started.expect("Prometheus starts")
    }

    fn try_start(job: &str, target: &str) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let config = directory.path().join("prometheus.yml");
        let text = format!(
            "global: {{scrape_interval: 200ms, scrape_timeout: 200ms}}\nscrape_configs:\n  - job_name: {job}\n    static_configs: [{{targets: ['{target}']}}]\n"
        );
        std::fs::write(&config, text).unwrap();
        let address = ([127, 0, 0, 1], free_port()).into();
        let mut process = Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", directory.path().join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .stderr(Stdio::piped())
            .spawn()
            .expect("prometheus is installed");
        let mut said = BufReader::new(process.stderr.take().unwrap());
        let prometheus = Self { process, address, _directory: directory };
        let mut line = String::new();
        while !line.contains("Server is ready") {
            line.clear();
            if said.read_line(&mut line).unwrap() == 0 {
                return None;
            }
        }
        thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Some(prometheus)
    }

    /// Waits until the answer to a query is one series with this value, and returns its labels.
    pub fn wait(&self, query: &str, value: &str) -> Value {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let answer = self.ask(query).unwrap();
            let found = &answer["data"]["result"];
            if found[0]["value"][1] == value && found[1].is_null() {
                return found[0]["metric"].clone();
            }
            assert!(Instant::now() < deadline, "{query} is not {value}: {answer}");
            // Prometheus cannot be waited for other than by asking again.
            thread::sleep(Duration::from_millis(100));
        }
    }

    fn ask(&self, query: &str) -> std::io::Result<Value> {
        let mut encoded = String::new();
        for byte in query.bytes() {
            let _ = write!(encoded, "%{byte:02X}");
        }
        let mut stream = TcpStream::connect(self.address)?;
        // By version 1.0, so that the answer does not come in chunks.
        write!(stream, "GET /api/v1/query?query={encoded} HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let body = answer.split_once("\r\n\r\n").unwrap_or_default().1;
        Ok(serde_json::from_str(body)?)
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
