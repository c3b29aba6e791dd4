//! Reports of exports that fail thousands of times.
#![cfg(unix)]

use std::time::Duration;

use test_support::{
    TIMEOUT,
    export_outcome::child,
    mock_collector::{MockCollector, Reply},
};

const PROTOCOLS: [&str; 2] = ["grpc", "http/protobuf"];

/// `SECONDS=60` includes the reports after a minute.
#[test]
fn many_failures_are_reported_in_few_lines() {
    let seconds = test_support::process::count_of("SECONDS", 3);
    for (protocol, reply) in
        PROTOCOLS.into_iter().zip([Reply::Grpc(3, "no", Vec::new()), Reply::Http(400, &[])])
    {
        let mock = MockCollector::start_counting();
        mock.reply_always(Some(reply));
        let sizes = [("OTEL_BSP_MAX_QUEUE_SIZE", "4"), ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1")];
        let mut child = child(&mock.url(), protocol, &sizes);
        child.send(&format!("load 5000 {seconds}"));
        child.reply(Duration::from_secs(seconds) + TIMEOUT);
        child.call("shutdown");
        let stats = child.stats("traces");
        let stderr = child.wait_stderr("shutdown: lost");
        println!("{protocol}: {} failed, {} dropped:\n{stderr}", stats.get("failed"), stats.get("dropped"));
        assert!(stats.adds_up() && stats.get("exported") == 0, "{stats:?}");
        assert!(stats.get("failed") + stats.get("dropped") == stats.get("emitted"), "{stats:?}");
        assert!(stats.get("failed") > 50, "enough failures for the test: {stats:?}");
        // One line for the cause, one for the queue, and the summary; the first two again after a
        // minute.
        assert!(stderr.lines().count() <= 3 + 2 * usize::try_from(seconds / 60).unwrap(), "{stderr}");
    }
}
