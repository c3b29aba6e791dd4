//! Each key of a view at a real Collector.

use autotelemetry::{
    opentelemetry::{InstrumentationScope, metrics::MeterProvider as _},
    prelude::*,
};
use test_support::{
    collector::{Collector, field, metric, metrics},
    require, with_file,
};

/// Returns what the Collector shows of the metrics that `record` records with these views.
fn received(views: &str, record: impl FnOnce(&ObservabilityTools)) -> String {
    let collector = Collector::start();
    let text = format!(
        "[service]\nname = \"shop\"\n[otlp]\nendpoint = \"{}\"\nprotocol = \"grpc\"\n{views}",
        collector.url("grpc")
    );
    let (builder, _directory) = with_file(&text, &[]);
    let tools = builder.build().unwrap();
    record(&tools);
    tools.shutdown().unwrap();
    collector.stop()
}

/// Each instrument differs from the selected one in one criterion.
#[test]
fn each_criterion_selects() {
    require!(Collector);
    let views = r#"
[[metrics.views]]
instrument_name = "sel*ed?"
instrument_type = "counter"
unit = "By"
meter_name = "shop"
meter_version = "1"
meter_schema_url = "https://example.org/1"
aggregation = "drop"
"#;
    let output = received(views, |tools| {
        let meter = |name: &'static str, version: &'static str, url: &'static str| {
            let scope = InstrumentationScope::builder(name).with_version(version).with_schema_url(url);
            tools.meter_provider().meter_with_scope(scope.build())
        };
        let add = |meter: &Meter, name: &'static str, unit: &'static str, note: &'static str| {
            meter.u64_counter(name).with_unit(unit).with_description(note).build().add(1, &[]);
        };
        let url = "https://example.org/1";
        let shop = meter("shop", "1", url);
        add(&shop, "selected1", "By", "all criteria");
        add(&shop, "selected", "By", "name");
        add(&shop, "selected2", "s", "unit");
        add(&meter("store", "1", url), "selected1", "By", "meter name");
        add(&meter("shop", "2", url), "selected1", "By", "meter version");
        add(&meter("shop", "1", "https://example.org/2"), "selected1", "By", "meter schema");
        let other = shop.i64_up_down_counter("selected3").with_unit("By").with_description("type");
        other.build().add(1, &[]);
    });
    let mut found: Vec<_> =
        output.split("-> Description: ").skip(1).filter_map(|it| it.lines().next()).collect();
    found.sort_unstable();
    assert_eq!(found, ["meter name", "meter schema", "meter version", "name", "type", "unit"], "{output}");
}

const HISTOGRAMS: &str = r#"
[[metrics.views]]
instrument_name = "explicit.without"
aggregation = "explicit_bucket_histogram"
record_min_max = false

[[metrics.views]]
instrument_name = "exponential.without"
aggregation = "base2_exponential_bucket_histogram"
record_min_max = false

[[metrics.views]]
instrument_name = "exponential.with"
aggregation = "base2_exponential_bucket_histogram"
record_min_max = true

[[metrics.views]]
instrument_name = "small"
max_size = 2

[[metrics.views]]
instrument_name = "coarse"
max_scale = -1

[[metrics.views]]
instrument_name = "count.only"
boundaries = []

[[metrics.views]]
instrument_name = "sum.only"
aggregation = "sum"
"#;

#[test]
fn histograms_have_the_form_of_their_view() {
    require!(Collector);
    let names = [
        "explicit.with",
        "explicit.without",
        "exponential.with",
        "exponential.without",
        "small",
        "coarse",
        "count.only",
        "sum.only",
    ];
    let output = received(HISTOGRAMS, |tools| {
        for name in names {
            let histogram = tools.meter("shop").f64_histogram(name).build();
            for value in [0.3, 3.0, 48.0] {
                histogram.record(value, &[]);
            }
        }
    });
    let of = |name: &str| metric(&output, name);
    for (name, data_type) in [("explicit", "Histogram"), ("exponential", "ExponentialHistogram")] {
        let with = of(&format!("{name}.with"));
        let extremes = (field(with, "Min"), field(with, "Max"));
        assert_eq!(extremes, ("0.300000", "48.000000"), "{with}");
        let without = of(&format!("{name}.without"));
        assert_eq!((field(without, "-> DataType"), field(without, "Count")), (data_type, "3"));
        assert!(!without.contains("Min:") && !without.contains("Max:"), "{without}");
    }
    // A base of 2^(2^4) is the finest that has both values in two buckets.
    let buckets = |name: &str| of(name).matches("Bucket (").count();
    assert_eq!((buckets("exponential.with") > 2, buckets("small")), (true, 2), "{}", of("small"));
    // At scale -1, the boundaries are powers of 4.
    assert!(of("coarse").contains("Bucket (16.000000, 64.000000], Count: 1"), "{}", of("coarse"));
    let count = of("count.only");
    assert_eq!((field(count, "Count"), field(count, "Sum")), ("3", "51.300000"), "{count}");
    assert!(
        !count.contains("ExplicitBounds") && of("explicit.with").contains("ExplicitBounds #0"),
        "{count}"
    );
    let sum = of("sum.only");
    assert_eq!((field(sum, "-> DataType"), field(sum, "Value")), ("Sum", "51.300000"), "{sum}");
}

const STREAMS: &str = r#"
[[metrics.views]]
instrument_name = "kept"
attribute_keys = ["route"]

[[metrics.views]]
instrument_name = "included"
name = "renamed"
description = "As the view says"
attribute_keys = { included = ["r*"], excluded = ["region"] }

[[metrics.views]]
instrument_name = "limited"
aggregation_cardinality_limit = 2

[[metrics.views]]
instrument_name = "last"
aggregation = "last_value"
attribute_keys = []
"#;

#[test]
fn names_attributes_and_limits_are_those_of_the_view() {
    require!(Collector);
    let output = received(STREAMS, |tools| {
        let meter = tools.meter("shop");
        for user in 0..5 {
            let attributes =
                [KeyValue::new("route", "/cart"), KeyValue::new("region", "eu"), KeyValue::new("user", user)];
            for name in ["kept", "included", "limited", "free"] {
                meter.u64_counter(name).build().add(1, &attributes);
            }
            meter.i64_gauge("last").build().record(user, &attributes);
        }
    });
    let keys = |name: &str| {
        let metric = metric(&output, name);
        ["route", "region", "user"].map(|key| metric.matches(&format!("     -> {key}: ")).count())
    };
    assert_eq!(keys("free"), [5, 5, 5], "{output}");
    assert_eq!((keys("kept"), keys("renamed"), keys("last")), ([1, 0, 0], [1, 0, 0], [0, 0, 0]), "{output}");
    assert_eq!(field(metric(&output, "renamed"), "-> Description"), "As the view says");
    assert!(metrics(&output, "included").is_empty(), "{output}");
    let value = |name: &str| field(metric(&output, name), "Value");
    assert_eq!((value("kept"), value("renamed"), value("last")), ("5", "5", "4"), "{output}");
    let limited = metric(&output, "limited");
    assert_eq!(limited.matches("NumberDataPoints #").count(), 3, "{limited}");
    assert!(limited.contains("-> otel.metric.overflow: Bool(true)"), "{limited}");
}
