//! What several test files need. Each file uses a part of it.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

pub mod certificates;
pub mod collector;
pub mod lines;
pub mod nginx;
pub mod program;
pub mod prometheus;
pub mod relay;
pub mod shop;
pub mod sink;
pub mod subject;

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    process::{Command, Stdio},
    time::Duration,
};

use autotelemetry::{Builder, ObservabilityTools};

/// How long anything may take before a test gives up on it.
pub const TIMEOUT: Duration = Duration::from_secs(20);

/// A builder that sees neither a file nor the environment of the process.
pub fn builder() -> Builder {
    with_env(&[])
}

/// A builder that sees this environment alone.
pub fn with_env(variables: &[(&str, &str)]) -> Builder {
    ObservabilityTools::builder().env_vars(variables.iter().map(|(name, value)| (*name, *value)))
}

/// A builder that reads a file with this text, in this environment. The file lives as long as what is returned second.
pub fn with_file(text: &str, variables: &[(&str, &str)]) -> (Builder, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("autotelemetry.toml");
    std::fs::write(&path, text).unwrap();
    (with_env(variables).config_file(path), directory)
}

/// Returns the effective value of a key, as it is written in the file.
pub fn value(tools: &ObservabilityTools, key: &str) -> String {
    let explained = tools.explain();
    let found = explained.values().find(|(other, ..)| *other == key);
    found.unwrap_or_else(|| panic!("there is no key {key}")).1
}

/// What an HTTP server answers: status and headers, and the body.
pub fn request(address: SocketAddr, request: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "{request} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_lowercase(), body.to_owned())
}

/// What `promtool` has to say of a page for Prometheus, which is nothing.
pub fn check_page(page: &str) {
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    promtool.stdin.take().unwrap().write_all(page.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let complaints = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && complaints.is_empty(), "{complaints}\n{page}");
}

/// What the files that we show expect of the environment.
const SHOWN_WITH: [(&str, &str); 8] = [
    ("OTLP_TOKEN", "token"),
    ("POD_NAME", "checkout-7d4b9"),
    ("POD_NAMESPACE", "shop"),
    ("POD_UID", "5f1c"),
    ("NODE_NAME", "node-1"),
    ("NODE_IP", "10.0.0.1"),
    ("CREDENTIALS_DIRECTORY", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/credentials")),
    ("LOGS_DIRECTORY", "/var/log/checkout"),
];

/// Whether a file with this text is right, without a profile and with each that it has.
pub fn loads(text: &str, what: &str) {
    let names = text.lines().filter_map(|line| line.strip_prefix("[profiles.")?.split(['.', ']']).next());
    for profile in names.map(Some).chain([None]) {
        let (mut builder, _directory) = with_file(text, &SHOWN_WITH);
        if let Some(profile) = profile {
            builder = builder.profile(profile);
        }
        // The name may be left to the program.
        let explained = builder.service_name("example").explain();
        assert_eq!(
            (explained.errors(), explained.warnings()),
            (&[][..], &[][..]),
            "{what}, profile {profile:?}"
        );
    }
}
