//! Tests that keep a whole processor busy: a process of their own, so that tests which measure time are not disturbed.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../support/mod.rs"]
mod support;

mod config_fuzz;
mod json_lines;
mod line_writer;
