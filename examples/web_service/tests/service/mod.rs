//! The web service as a process.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{ChildStdout, Stdio},
};

use serde_json::Value;
use test_support::process::{self, Process};

pub struct Service {
    pub process: Process,
    /// Its standard output after the first line, until a test takes it.
    pub stdout: Option<BufReader<ChildStdout>>,
    pub url: String,
}

impl Service {
    /// Starts the service on a free port. Without an upstream it calls itself.
    pub fn start(upstream: Option<&str>, variables: &[(&str, &str)]) -> Self {
        let mut command = process::clean(env!("CARGO_BIN_EXE_web_service").into());
        command.arg("127.0.0.1:0").args(upstream);
        // The directory of the configuration file.
        command.current_dir(env!("CARGO_MANIFEST_DIR")).envs(variables.iter().copied());
        let mut process = Process::spawn(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let line: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line["message"], "listening", "{line}");
        let url = format!("http://{}", line["attributes"]["server.address"].as_str().unwrap());
        Self { process, stdout: Some(stdout), url }
    }

    /// Requests the end as an orchestrator does, and asserts that it succeeds. Returns standard
    /// error.
    pub fn terminate(&mut self) -> String {
        self.process.signal("TERM");
        let mut stderr = String::new();
        self.process.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert!(self.process.wait().unwrap().success(), "{stderr}");
        stderr
    }
}
