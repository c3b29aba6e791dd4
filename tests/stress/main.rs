//! Tests that keep a whole processor busy: a process of their own, so that tests which measure time are not disturbed.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test may panic and print"
)]

mod config_fuzz;
mod json_lines;
mod line_writer;
