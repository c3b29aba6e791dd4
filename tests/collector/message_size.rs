//! Messages that exceed the limit of the receiver.
#![cfg(unix)]

use test_support::{
    child::Child,
    collector::{Collector, count},
    mock_collector::MockCollector,
    require,
};

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

/// 512 kB in requests of 64 kB.
#[test]
fn batch_arrives_in_requests_of_the_configured_size() {
    require!(Collector);
    for (protocol, compression) in WAYS {
        let collector = Collector::start_counting();
        let mut child = Child::start(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &*collector.url(protocol)),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", compression),
            ("OTEL_LOGS_EXPORTER", "otlp"),
            ("OTEL_METRICS_EXPORTER", "none"),
            ("AUTOTEL_OTLP__MAX_REQUEST_SIZE", "64kB"),
        ]);
        child.call("large 512 1000");
        assert_eq!(child.call("shutdown"), "Ok(())", "{protocol}: {}", child.stderr());
        let output = collector.stop();
        for kind in ["spans", "log records"] {
            assert_eq!(count(&output, kind), 512, "{protocol}: {output}");
            let requests = output.matches(&format!("\"{kind}\": ")).count();
            assert!((9..=16).contains(&requests), "{protocol}: {requests}");
        }
    }
}

/// A single item cannot be split, so its longest text is cut.
#[test]
fn oversized_item_is_shortened_and_arrives() {
    require!(Collector);
    for way in WAYS {
        let mock = MockCollector::start_counting();
        let collector = Collector::forwarding_to(&mock);
        let url = collector.url(way.0);
        let mut child = child(&url, way);
        child.call("emit 300");
        child.call("large 1 5000000");
        child.call("emit 199");
        assert_eq!(child.call("shutdown"), "Ok(())", "{way:?}: {}", child.stderr());
        let numbers = mock.occurrences();
        for (signal, counts) in [("traces", numbers.spans), ("logs", numbers.logs)] {
            assert_eq!(counts, [1; 500], "{way:?}: each once");
            let stats = child.stats(signal);
            assert!(stats.adds_up() && stats.get("exported") == 500, "{stats:?}");
        }
        let stderr = child.stderr();
        println!("{way:?}: {stderr}");
        for signal in ["span", "log record"] {
            let line = stderr.lines().find(|line| line.contains(&format!(" 1 {signal} for {url}"))).unwrap();
            assert!(
                line.contains(
                    " shortened to 4194304 bytes, the limit of a request: the attribute \"text\" has "
                ) && line.ends_with("5,000,000 bytes; set attribute_value_length_limit"),
                "{line}"
            );
        }
        assert_eq!(stderr.lines().count(), 2, "{stderr}");
    }
}
