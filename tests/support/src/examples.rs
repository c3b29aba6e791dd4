//! Examples with input.

use std::{
    io::Write as _,
    process::{Command, Output, Stdio},
};

use crate::process;

/// Returns a command for the example `several_destinations` with these two endpoints.
pub fn several_destinations(own: &str, vendor: &str) -> Command {
    let mut command = process::example("several_destinations");
    command
        .env("OTLP_TOKEN", "secret")
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", own)
        .env("VENDOR_ENDPOINT", vendor);
    command
}

/// Runs `log_level` with valid and invalid levels as input.
pub fn change_levels(mut command: Command) -> Output {
    let mut process =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    process.stdin.take().unwrap().write_all(b"debug\nwarn,stock=trace\nloud\noff\n").unwrap();
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    output
}
