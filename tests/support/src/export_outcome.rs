//! Checks of what a failed export reports, counts and retries.

use crate::child::Child;

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

/// What becomes of ten spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// They wait.
    Wait,
    /// They are lost at once.
    Lost,
}

/// Ten spans for `url` meet `fate`; the first line says `line`, where `{}` stands for the host and port, and the reason in the
/// numbers begins with `reason`.
fn check(url: &str, protocol: &str, fate: Fate, line: &str, reason: &str) {
    let place = url.split("://").nth(1).unwrap();
    let ending = if fate == Wait { ", will keep trying; 10 spans waiting" } else { "; 10 spans lost" };
    let line = format!("autotelemetry: {}{ending}\n", line.replace("{}", place));
    let mut child = child(url, protocol, &[]);
    child.call("emit 10");
    let said = child.wait_stderr(&line);
    println!("{protocol}: {said}");
    let (failed, queued) = if fate == Wait { (0, 10) } else { (10, 0) };
    let stats = child.wait_stats("traces", |stats| stats.get("queued") == queued);
    assert_eq!(stats.get("failed"), failed, "{stats:?}");
    let ended = child.call("shutdown");
    let stats = child.stats("traces");
    assert!(stats.adds_up() && stats.get("failed") == 10 && stats.get("queued") == 0, "{stats:?}");
    assert!(stats.last_error().starts_with(reason), "{stats:?}");
    assert!(ended.contains("10 of 10 lost") && ended.contains(reason), "{ended}");
    let said = child.wait_stderr("telemetry has ended; lost: 10 of 10 spans for ");
    assert!(said.matches("telemetry has ended").count() == 1 && said.lines().count() <= 3, "{said}");
}
