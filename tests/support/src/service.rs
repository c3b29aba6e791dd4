//! Tools whose file a test changes.

use std::{fs, path::PathBuf};

use autotelemetry::{Builder, Error, ObservabilityTools, reload::Reload};

use crate::{builder, line_buffer::LineBuffer};

/// Tools with a file that changes.
pub struct Service {
    pub tools: ObservabilityTools,
    directory: tempfile::TempDir,
    pub console: LineBuffer,
}

impl Service {
    pub fn start(text: &str) -> Self {
        Self::start_with(text, |builder| builder)
    }

    /// Starts the tools with what `add` adds.
    pub fn start_with(text: &str, add: impl FnOnce(Builder) -> Builder) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let console = LineBuffer::default();
        let path = directory.path().join("autotelemetry.toml");
        fs::write(&path, with_service(text)).unwrap();
        let builder = add(builder().config_file(path).console_writer(console.clone()));
        Self { tools: builder.build().unwrap(), directory, console }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn file(&self) -> PathBuf {
        self.path("autotelemetry.toml")
    }

    pub fn try_reload(&self, text: &str) -> Result<Reload, Error> {
        fs::write(self.file(), with_service(text)).unwrap();
        self.tools.reload()
    }

    pub fn reload(&self, text: &str) -> Reload {
        self.try_reload(text).unwrap()
    }

    /// Returns the messages of the log records on the console since the last call.
    pub fn messages(&self) -> Vec<String> {
        let message = |line: &str| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            line["message"].as_str().unwrap().to_owned()
        };
        self.console.take().lines().map(message).collect()
    }
}

/// Adds the required key and a time for slow machines, unless the text sets them.
fn with_service(text: &str) -> String {
    let name = if text.contains("service = {") { "" } else { "service.name = \"shop\"\n" };
    let shutdown = if text.contains("shutdown_timeout") { "" } else { "shutdown_timeout = \"10s\"\n" };
    format!("{name}{shutdown}{text}")
}
