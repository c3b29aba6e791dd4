//! Records of a `Logger`, of `tracing` and of `log`, at a real Collector.

use autotelemetry::ObservabilityTools;
use test_support::{
    collector::{Collector, sections},
    log_sources::emit,
    process, require,
};

#[test]
#[ignore = "child process of other tests"]
fn child_emits() {
    let tools = ObservabilityTools::builder().service_name("shop").install().unwrap();
    emit(&tools);
    tools.shutdown().unwrap();
}

#[test]
fn log_sources_give_equal_records_at_the_collector() {
    require!(Collector);
    let collector = Collector::start();
    let mut command = process::function(module_path!(), "child_emits");
    command
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url("http/protobuf"))
        .env("OTEL_LOGS_EXPORTER", "otlp")
        .env("AUTOTEL_LOGS__CODE_LOCATION", "true");
    process::run(command);
    let output = collector.wait(|text| sections(text, "LogRecord").len() == 18);
    let records: Vec<String> = sections(&output, "LogRecord")
        .into_iter()
        .map(|record| {
            let is_time =
                |line: &&str| line.starts_with("ObservedTimestamp:") || line.starts_with("Timestamp:");
            let is_header = |line: &&str| line.starts_with("LogRecord #");
            // Other sections can follow the flags.
            let end = record.find("Flags:").unwrap_or(record.len());
            record[..end]
                .lines()
                .filter(|line| !is_time(line) && !is_header(line) && line.contains(':'))
                .collect::<Vec<_>>()
                .join("\n")
        })
        .collect();
    for three in records.chunks(3) {
        assert_eq!(three[0], three[1], "Logger and tracing");
        assert_eq!(three[0], three[2], "Logger and log");
    }
    assert!(records[0].contains("-> express: Bool(true)"), "{}", records[0]);
}
