//! Tests that keep a processor busy. They have a process of their own, so as not to disturb tests
//! that measure time.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test may panic and print"
)]

mod concurrent_exports;
mod config_fuzz;
mod failure_reports;
mod json_lines;
mod line_writer;
mod reload;

/// The process under test that [`test_support::child::Child`] starts.
#[test]
#[cfg(unix)]
#[ignore = "child process of other tests"]
fn child_main() {
    test_support::child::run();
}
