//! The web service as a process.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, ChildStdout, Command, Stdio},
};

use serde_json::Value;

use crate::program;

pub struct Service {
    pub process: Child,
    /// Its lines after the first, until somebody takes them.
    pub out: Option<BufReader<ChildStdout>>,
    pub url: String,
}

impl Service {
    /// On any free port. It calls itself upstream, unless there is another one.
    pub fn start(upstream: Option<&str>, variables: &[(&str, &str)]) -> Self {
        let mut command = program::clean(env!("CARGO_BIN_EXE_web_service").into());
        command.arg("127.0.0.1:0").args(upstream);
        // Where the file is.
        command.current_dir(env!("CARGO_MANIFEST_DIR")).envs(variables.iter().copied());
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let line: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line["message"], "listening", "{line}");
        let url = format!("http://{}", line["attributes"]["server.address"].as_str().unwrap());
        Self { process, out: Some(out), url }
    }

    /// Asks it to end, as an orchestrator does.
    pub fn ask_to_end(&self) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }

    /// Ends it, which it must survive well, and returns what it said on standard error.
    pub fn terminate(&mut self) -> String {
        self.ask_to_end();
        let mut said = String::new();
        self.process.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert!(self.process.wait().unwrap().success(), "{said}");
        said
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
