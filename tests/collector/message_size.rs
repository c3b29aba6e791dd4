//! Messages that exceed the limit of the receiver.
#![cfg(unix)]

use test_support::{child::Child, collector::Collector, mock_collector::MockCollector, require};

const WAYS: [(&str, &str); 4] =
    [("grpc", "none"), ("grpc", "gzip"), ("http/protobuf", "none"), ("http/json", "gzip")];

fn child(url: &str, (protocol, compression): (&str, &str)) -> Child {
    Child::start(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", url),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", compression),
        ("OTEL_LOGS_EXPORTER", "otlp"),
        ("OTEL_METRICS_EXPORTER", "none"),
        ("AUTOTEL_SHUTDOWN_TIMEOUT", "20s"),
    ])
}

/// 10 MB in one batch, while the gRPC receiver of the Collector accepts messages of 4 MiB.
#[test]
fn oversized_batch_arrives_in_parts() {
    require!(Collector);
    for way in WAYS {
        let mock = MockCollector::start_counting();
        let collector = Collector::forwarding_to(&mock);
        let mut child = child(&collector.url(way.0), way);
        child.call("large 512 20000");
        assert_eq!(child.call("shutdown"), "Ok(())", "{way:?}: {}", child.stderr());
        let numbers = mock.occurrences();
        for (signal, counts) in [("traces", numbers.spans), ("logs", numbers.logs)] {
            assert_eq!(counts, [1; 512], "{way:?}: each once");
            let stats = child.stats(signal);
            assert!(stats.adds_up() && stats.get("exported") == 512, "{stats:?}");
        }
        assert_eq!(child.stderr(), "");
    }
}

/// A single item cannot be split.
#[test]
fn oversized_item_is_lost_alone() {
    require!(Collector);
    for way in WAYS {
        let mock = MockCollector::start_counting();
        let collector = Collector::forwarding_to(&mock);
        let url = collector.url(way.0);
        let mut child = child(&url, way);
        child.call("emit 300");
        child.call("large 1 5000000");
        child.call("emit 199");
        let result = child.call("shutdown");
        assert!(
            result.contains("traces: 1 of 500 lost") && result.contains("logs: 1 of 500 lost"),
            "{result}"
        );
        let numbers = mock.occurrences();
        for (signal, counts) in [("traces", numbers.spans), ("logs", numbers.logs)] {
            let expected: Vec<_> = (0..500).map(|number| u8::from(number != 300)).collect();
            assert_eq!(counts, expected, "{way:?}");
            let stats = child.stats(signal);
            assert!(stats.adds_up() && stats.get("exported") == 499 && stats.get("failed") == 1, "{stats:?}");
            let reason = stats.last_error();
            assert!(
                reason.starts_with("an item of 5000")
                    && reason.ends_with("exceeds the limit of 4194304 bytes"),
                "{reason}"
            );
        }
        let stderr = child.wait_stderr("shutdown: lost");
        println!("{way:?}: {stderr}");
        let place = url.replace("http://", "");
        assert!(
            stderr.starts_with(&format!("autotelemetry: cannot send to {place} (an item of 5000")),
            "{stderr}"
        );
        let help = "bytes exceeds the limit of 4194304 bytes; shorten attribute values with attribute_value_length_limit); 1 ";
        assert!(stderr.contains(help) && stderr.lines().count() == 2, "{stderr}");
    }
}
