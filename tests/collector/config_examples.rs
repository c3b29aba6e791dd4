//! The example files, with a real Collector.

use std::{fs, path::Path};

#[cfg(feature = "tls")]
use test_support::certificates::Authority;
use test_support::{
    collector::{Collector, field, sections, sections_with},
    process, require,
};

#[test]
fn collector_example_accepts_the_quickstart() {
    require!(Collector);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config-examples/collector.yaml");
    let collector = Collector::start_with_config(&fs::read_to_string(path).unwrap());
    for (protocol, name) in [("grpc", "first"), ("http/protobuf", "second")] {
        let mut quickstart = process::example("quickstart");
        quickstart
            .env("AUTOTEL_PROFILE", "collector")
            .env("OTEL_SERVICE_NAME", name)
            .env("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url(protocol));
        process::run(quickstart);
    }
    let output = collector.wait(|text| {
        sections(text, "Span").len() == 2 * 9
            && sections(text, "LogRecord").len() == 2 * 4
            && sections(text, "HistogramDataPoints").len() == 2 * 2
    });
    for name in ["first", "second"] {
        assert_eq!(output.matches(&format!("-> service.name: Str({name})")).count(), 3, "each signal");
    }
    let named = |name: &str| sections_with(&output, "Span", "Name", name);
    let orders = named("process_order");
    assert_eq!(orders.len(), 6);
    for order in orders {
        let failed = field(order, "-> order.id") == "Int(3)";
        let status = if failed { "Error" } else { "Unset" };
        assert_eq!((field(order, "Parent ID"), field(order, "Status code")), ("", status));
        for (name, status) in [("check_stock", "Unset"), ("charge", status)] {
            let named = named(name);
            let mut children = named.iter().filter(|child| field(child, "Parent ID") == field(order, "ID"));
            let child = children.next().unwrap();
            assert_eq!(field(child, "Trace ID"), field(order, "Trace ID"));
            assert_eq!(field(child, "Status code"), status);
            assert_eq!(children.next(), None);
        }
        let logs = sections_with(&output, "LogRecord", "Span ID", field(order, "ID"));
        let logged: Vec<_> =
            logs.iter().map(|log| (field(log, "SeverityText"), field(log, "Body"))).collect();
        let expected = [("INFO", "Str(order received)"), ("ERROR", "Str(order failed)")];
        assert_eq!(logged, expected[..=usize::from(failed)]);
    }
    for (metric, unit) in [("orders.processed", "{order}"), ("order.duration", "ms")] {
        let metrics = sections_with(&output, "Metric", "-> Name", metric);
        assert_eq!(metrics.len(), 2);
        assert!(metrics.iter().all(|section| field(section, "-> Unit") == unit), "{metrics:?}");
    }
    for (kind, number) in [("NumberDataPoints", "Value"), ("HistogramDataPoints", "Count")] {
        for (payment, count) in [("Str(invoice)", "2"), ("Str(card)", "1")] {
            let points = sections_with(&output, kind, "-> payment", payment);
            assert_eq!(points.iter().map(|point| field(point, number)).collect::<Vec<_>>(), [count; 2]);
        }
    }
}

#[test]
#[cfg(feature = "tls")]
fn mtls_example_authenticates_the_client() {
    require!(Collector, Openssl);
    // The file expects certificates in its directory.
    let directory = tempfile::tempdir().unwrap();
    let certificates = directory.path().join("certs");
    fs::create_dir(&certificates).unwrap();
    let authority = Authority::new(&certificates, "internal-ca");
    let (certificate, key) = authority.issue("server");
    authority.issue("checkout");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = directory.path().join("autotelemetry.toml");
    fs::copy(root.join("config-examples/mtls.toml"), &file).unwrap();

    let internal = Collector::start_mtls(&certificate, &key, &authority.file());
    let vendor = Collector::start();
    let mut quickstart = process::example("quickstart");
    quickstart
        .env("AUTOTEL_CONFIG", &file)
        .env("OTLP_TOKEN", "token")
        .env(
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            internal.url("grpc").replace("http://127.0.0.1", "https://localhost"),
        )
        .env("AUTOTEL_EXPORTERS__VENDOR__ENDPOINT", vendor.url("http/protobuf"));
    process::run(quickstart);
    internal.wait(|text| {
        sections(text, "Span").len() == 9
            && sections(text, "LogRecord").len() == 4
            && sections(text, "Metric").len() == 2
    });
    let output = vendor.wait(|text| sections(text, "Span").len() == 9);
    assert!(sections(&output, "LogRecord").is_empty() && sections(&output, "Metric").is_empty(), "{output}");
}
