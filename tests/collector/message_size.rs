//! What is larger than a receiver takes at once.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic, and tells what it saw")]

use crate::support::{collector::Collector, sink::Sink, subject::Subject};

const WAYS: [(&str, &str); 4] =
    [("grpc", "none"), ("grpc", "gzip"), ("http/protobuf", "none"), ("http/json", "gzip")];

fn subject(url: &str, (protocol, compression): (&str, &str)) -> Subject {
    Subject::start(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", url),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", compression),
        ("OTEL_LOGS_EXPORTER", "otlp"),
        ("OTEL_METRICS_EXPORTER", "none"),
        ("AUTOTEL_SHUTDOWN_TIMEOUT", "20s"),
    ])
}

/// 10 MB in one batch, while the Collector's receiver for gRPC takes 4 MiB at once.
#[test]
#[ignore = "needs the OpenTelemetry Collector (OTELCOL)"]
fn a_large_batch_arrives_in_parts() {
    for way in WAYS {
        let sink = Sink::counting();
        let collector = Collector::before(&sink);
        let mut subject = subject(&collector.url(way.0), way);
        subject.tell("large 512 20000");
        assert_eq!(subject.tell("shutdown"), "Ok(())", "{way:?}: {}", subject.said());
        let numbers = sink.numbers();
        for (signal, counts) in [("traces", numbers.spans), ("logs", numbers.logs)] {
            assert_eq!(counts, [1; 512], "{way:?}: each once");
            let stats = subject.stats(signal);
            assert!(stats.is_exact() && stats.get("exported") == 512, "{stats:?}");
        }
        assert_eq!(subject.said(), "");
    }
}

/// One item that nothing can split goes alone.
#[test]
#[ignore = "needs the OpenTelemetry Collector (OTELCOL)"]
fn an_item_that_is_too_large_takes_no_other_along() {
    for way in WAYS {
        let sink = Sink::counting();
        let collector = Collector::before(&sink);
        let url = collector.url(way.0);
        let mut subject = subject(&url, way);
        subject.tell("emit 300");
        subject.tell("large 1 5000000");
        subject.tell("emit 199");
        let result = subject.tell("shutdown");
        assert!(
            result.contains("traces: 1 of 500 lost") && result.contains("logs: 1 of 500 lost"),
            "{result}"
        );
        let numbers = sink.numbers();
        for (signal, counts) in [("traces", numbers.spans), ("logs", numbers.logs)] {
            let expected: Vec<_> = (0..500).map(|number| u8::from(number != 300)).collect();
            assert_eq!(counts, expected, "{way:?}");
            let stats = subject.stats(signal);
            assert!(
                stats.is_exact() && stats.get("exported") == 499 && stats.get("failed") == 1,
                "{stats:?}"
            );
            let reason = stats.last_error();
            assert!(
                reason.starts_with("an item of 5000")
                    && reason.ends_with("exceeds the limit of 4194304 bytes"),
                "{reason}"
            );
        }
        let said = subject.wait_said("shutdown: lost");
        println!("{way:?}: {said}");
        let place = url.replace("http://", "");
        assert!(
            said.starts_with(&format!("autotelemetry: cannot send to {place} (an item of 5000")),
            "{said}"
        );
        let help = "bytes exceeds the limit of 4194304 bytes; shorten attribute values with attribute_value_length_limit); 1 ";
        assert!(said.contains(help) && said.lines().count() == 2, "{said}");
    }
}
