//! Checks of what a failed export reports, counts and retries.

use crate::child::Child;

/// Starts a child that exports spans to `url` within 20 ms, and gives up a request after 600 ms.
pub fn child(url: &str, protocol: &str, more: &[(&str, &str)]) -> Child {
    let mut variables = vec![
        ("OTEL_EXPORTER_OTLP_ENDPOINT", url),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "600"),
        ("OTEL_BSP_SCHEDULE_DELAY", "20"),
        ("OTEL_LOGS_EXPORTER", "none"),
        ("OTEL_METRICS_EXPORTER", "none"),
        ("AUTOTEL_SHUTDOWN_TIMEOUT", "1s"),
    ];
    variables.extend(more);
    Child::start(&variables)
}

/// The outcome of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The spans stay queued.
    Wait,
    /// The spans are lost at once.
    Lost,
}

/// Exports ten spans to `url` and asserts the outcome.
///
/// The first line on standard error is `line`, with the host and port in place of `{}`. The last
/// error of the statistics begins with `reason`.
pub fn check(url: &str, protocol: &str, outcome: Outcome, line: &str, reason: &str) {
    let place = url.split("://").nth(1).unwrap();
    let ending =
        if outcome == Outcome::Wait { ", will keep trying; 10 spans waiting" } else { "; 10 spans lost" };
    let line = format!("autotelemetry: {}{ending}\n", line.replace("{}", place));
    let mut child = child(url, protocol, &[]);
    child.call("emit 10");
    let stderr = child.wait_stderr(&line);
    println!("{protocol}: {stderr}");
    let (failed, queued) = if outcome == Outcome::Wait { (0, 10) } else { (10, 0) };
    let stats = child.wait_stats("traces", |stats| stats.get("queued") == queued);
    assert_eq!(stats.get("failed"), failed, "{stats:?}");
    let result = child.call("shutdown");
    let stats = child.stats("traces");
    assert!(stats.adds_up() && stats.get("failed") == 10 && stats.get("queued") == 0, "{stats:?}");
    assert!(stats.last_error().starts_with(reason), "{stats:?}");
    assert!(result.contains("10 of 10 lost") && result.contains(reason), "{result}");
    let stderr = child.wait_stderr("shutdown: lost 10 of 10 spans for ");
    assert!(stderr.matches("shutdown: lost").count() == 1 && stderr.lines().count() <= 3, "{stderr}");
}
