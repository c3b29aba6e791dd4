//! Captured `tracing` in one test, while another thread does the same work without a subscriber. It
//! needs a process, since `tracing` caches the interest of the first subscriber for the whole
//! process.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::thread;

use autotelemetry::{prelude::*, testing};

#[tracing::instrument]
fn pack() {
    tracing::warn!("out of boxes");
}

#[test]
fn capture_works_after_another_thread_used_the_callsites() {
    let (tools, telemetry) = testing::tools();
    let _guard = testing::capture_tracing(&tools);
    // No subscriber is interested in that thread.
    thread::spawn(pack).join().unwrap();
    pack();
    telemetry.assert_span("pack").times(1);
    telemetry.assert_log(Severity::Warn).with_body("out of boxes").in_span("pack").times(1);
}
