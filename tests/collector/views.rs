//! Views and temporality at a real Collector and a real Prometheus.

use autotelemetry::prelude::*;
use test_support::{
    collector::{Collector, field, metric},
    require, with_file,
};

const VIEWS: &str = r#"
[[metrics.views]]
instrument_name = "requests"
name = "requests.by.route"
description = "Requests without their users"
attribute_keys = { excluded = ["user.*"] }

[[metrics.views]]
instrument_name = "duration"
boundaries = [1, 10]

[[metrics.views]]
instrument_name = "size"
max_scale = 0

[[metrics.views]]
instrument_name = "debug.*"
aggregation = "drop"
"#;

fn record(meter: &Meter) {
    let requests = meter.u64_counter("requests").build();
    for user in 0..3 {
        requests.add(1, &[KeyValue::new("route", "/cart"), KeyValue::new("user.id", user)]);
    }
    for value in [0.5, 5.0, 50.0] {
        meter.f64_histogram("duration").build().record(value, &[]);
        meter.f64_histogram("size").build().record(value, &[]);
    }
    meter.u64_counter("debug.count").build().add(1, &[]);
}

#[test]
fn collector_receives_what_the_views_say() {
    require!(Collector);
    let collector = Collector::start();
    let text = format!(
        "[service]\nname = \"shop\"\n[otlp]\nendpoint = \"{}\"\nprotocol = \"grpc\"\n[metrics]\nexporters = [\"otlp\"]\n{VIEWS}",
        collector.url("grpc")
    );
    let (builder, _directory) = with_file(&text, &[]);
    let tools = builder.build().unwrap();
    record(&tools.meter("shop"));
    tools.shutdown().unwrap();
    let output = collector.stop();
    let requests = metric(&output, "requests.by.route");
    assert_eq!(field(requests, "-> Description"), "Requests without their users");
    assert_eq!((field(requests, "Value"), field(requests, "-> route")), ("3", "Str(/cart)"), "{requests}");
    assert!(!output.contains("user.id") && !output.contains("debug.count"), "{output}");
    let duration = metric(&output, "duration");
    assert_eq!(field(duration, "ExplicitBounds #1"), "10.000000", "{duration}");
    let size = metric(&output, "size");
    assert_eq!((field(size, "-> DataType"), field(size, "Count")), ("ExponentialHistogram", "3"), "{size}");
    // Of scale 0: [-1]: (0.25, 0.5] is the bucket of 0.5, and so on.
    assert!(size.contains("Bucket (0.250000, 0.500000], Count: 1"), "{size}");
}

#[test]
#[cfg(feature = "prometheus")]
fn prometheus_sees_totals_beside_pushes_of_differences() {
    use test_support::{collector::metrics, prometheus::Prometheus};

    require!(Collector);
    require!(Prometheus);
    let collector = Collector::start();
    let text = format!(
        "[service]\nname = \"shop\"\n[otlp]\nendpoint = \"{}\"\n[metrics]\nexporters = [\"otlp\", \"prometheus\"]\n\
         temporality = \"delta\"\n{VIEWS}\n[prometheus]\nport = 0\n",
        collector.url("http/protobuf")
    );
    let (builder, _directory) = with_file(&text, &[]);
    let tools = builder.build().unwrap();
    for _ in 0..2 {
        record(&tools.meter("shop"));
        tools.force_flush().unwrap();
    }
    let target = tools.prometheus_address().unwrap().to_string();
    let prometheus = Prometheus::scrape("shop", &target);
    let labels = prometheus.wait("requests_by_route_total", "6");
    assert_eq!((&labels["route"], labels.get("user_id")), (&"/cart".into(), None));
    prometheus.wait("duration_bucket{le=~\"10(.0)?\"}", "4");
    prometheus.wait("count({__name__=~\"debug.*\"}) or vector(0)", "0");
    tools.shutdown().unwrap();
    let output = collector.stop();
    let requests = metrics(&output, "requests.by.route");
    let values: Vec<_> = requests.iter().map(|metric| field(metric, "Value")).collect();
    assert_eq!(values, ["3", "3"], "{output}");
    assert!(requests.iter().all(|metric| field(metric, "-> AggregationTemporality") == "Delta"), "{output}");
}
