//! Capturing what `tracing` brings in one test, while others do the same work without. A file of its own: `tracing` remembers,
//! for the whole process, who wanted what first.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::thread;

use autotelemetry::{prelude::*, testing};

#[tracing::instrument]
fn pack() {
    tracing::warn!("out of boxes");
}

#[test]
fn another_thread_may_come_first() {
    let (tools, telemetry) = testing::tools();
    let _guard = testing::capture_tracing(&tools);
    // No subscriber there wants it.
    thread::spawn(pack).join().unwrap();
    pack();
    telemetry.assert_span("pack").times(1);
    telemetry.assert_log(Severity::Warn).with_body("out of boxes").in_span("pack").times(1);
}
