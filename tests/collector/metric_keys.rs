//! The keys of `[metrics]` at a real Collector, for each kind of instrument.

use std::sync::atomic::{AtomicI64, Ordering};

use autotelemetry::prelude::*;
use test_support::{
    collector::{Collector, field, metric, metrics},
    require, with_file,
};

/// Starts a Collector, and returns it with tools that send to it.
fn tools(keys: &str) -> (Collector, ObservabilityTools, tempfile::TempDir) {
    let collector = Collector::start();
    let text = format!(
        "[service]\nname = \"shop\"\n[otlp]\nendpoint = \"{}\"\nprotocol = \"grpc\"\n[metrics]\n{keys}",
        collector.url("grpc")
    );
    let (builder, directory) = with_file(&text, &[]);
    (collector, builder.build().unwrap(), directory)
}

/// The kinds of instrument, by their names in the file.
const KINDS: [&str; 7] = [
    "counter",
    "up_down_counter",
    "histogram",
    "gauge",
    "observable_counter",
    "observable_up_down_counter",
    "observable_gauge",
];

/// Creates the observable instruments. Each collection yields the next total of the counter.
fn observe(meter: &Meter, sets: i64) {
    let attributes = |set: i64| [KeyValue::new("set", set)];
    let total = AtomicI64::new(0);
    meter
        .u64_observable_counter("observable_counter")
        .with_callback(move |it| {
            let total = total.fetch_add(3, Ordering::Relaxed) + 3;
            (0..sets).for_each(|set| it.observe(total.unsigned_abs(), &attributes(set)));
        })
        .build();
    meter
        .i64_observable_up_down_counter("observable_up_down_counter")
        .with_callback(move |it| (0..sets).for_each(|set| it.observe(3, &attributes(set))))
        .build();
    meter
        .i64_observable_gauge("observable_gauge")
        .with_callback(move |it| (0..sets).for_each(|set| it.observe(3, &attributes(set))))
        .build();
}

/// Records a measurement of each attribute set with each other instrument.
fn record(meter: &Meter, sets: i64) {
    for set in 0..sets {
        let attributes = [KeyValue::new("set", set)];
        meter.u64_counter("counter").build().add(3, &attributes);
        meter.i64_up_down_counter("up_down_counter").build().add(3, &attributes);
        meter.f64_histogram("histogram").build().record(3.0, &attributes);
        meter.i64_gauge("gauge").build().record(3, &attributes);
    }
}

/// The table of the specification: the OTLP metrics exporter, "temporality preference".
#[test]
fn temporality_of_each_kind_is_that_of_the_specification() {
    require!(Collector);
    #[cfg(feature = "prometheus")]
    let beside = "exporters = [\"otlp\", \"prometheus\"]\ntemporality = \"delta\"\n[prometheus]\nport = 0\n";
    for (keys, delta) in [
        ("temporality = \"cumulative\"\n", &[][..]),
        ("temporality = \"delta\"\n", &["counter", "observable_counter", "histogram"]),
        ("temporality = \"lowmemory\"\n", &["counter", "histogram"]),
        #[cfg(feature = "prometheus")]
        (beside, &["counter", "observable_counter", "histogram"]),
    ] {
        let (collector, tools, _directory) = tools(keys);
        let meter = tools.meter("shop");
        observe(&meter, 1);
        for _ in 0..2 {
            record(&meter, 1);
            tools.force_flush().unwrap();
        }
        let output = collector.wait(|text| metrics(text, "gauge").len() == 2);
        for name in KINDS {
            let [first, second] = *metrics(&output, name) else { panic!("{keys}{name}: {output}") };
            let (data_type, value) = match name {
                "histogram" => ("Histogram", "Sum"),
                "gauge" | "observable_gauge" => ("Gauge", "Value"),
                _ => ("Sum", "Value"),
            };
            assert_eq!(field(second, "-> DataType"), data_type, "{keys}{name}");
            let number = |text: &str| field(text, value).parse::<f64>().unwrap().to_string();
            // Gauges, and the constant value of the observable up-down counter, are not added up.
            let is_last = data_type == "Gauge" || name == "observable_up_down_counter";
            let grows = !is_last && !delta.contains(&name);
            let expected = ("3".to_owned(), if grows { "6" } else { "3" }.to_owned());
            assert_eq!((number(first), number(second)), expected, "{keys}{name}: {output}");
            if data_type != "Gauge" {
                let temporality = if delta.contains(&name) { "Delta" } else { "Cumulative" };
                for push in [first, second] {
                    assert_eq!(field(push, "-> AggregationTemporality"), temporality, "{keys}{name}");
                }
                let starts = [first, second].map(|push| field(push, "StartTimestamp"));
                assert_eq!(starts[0] == starts[1], temporality == "Cumulative", "{keys}{name}: {output}");
            }
        }
    }
}

/// The data type of each kind with each aggregation; `None` if a view with both is an error.
///
/// See the specification, "Metrics SDK", sections "Aggregation" and "Instrument kind".
const AGGREGATIONS: [(&str, [Option<&str>; 7]); 6] = {
    const SUM: Option<&str> = Some("Sum");
    const GAUGE: Option<&str> = Some("Gauge");
    const EXPLICIT: Option<&str> = Some("Histogram");
    const EXPONENTIAL: Option<&str> = Some("ExponentialHistogram");
    const DROPPED: Option<&str> = Some("");
    [
        ("default", [SUM, SUM, EXPLICIT, GAUGE, SUM, SUM, GAUGE]),
        ("drop", [DROPPED; 7]),
        ("sum", [SUM, SUM, SUM, None, SUM, SUM, None]),
        ("last_value", [None, None, None, GAUGE, None, None, GAUGE]),
        ("explicit_bucket_histogram", [EXPLICIT; 7]),
        ("base2_exponential_bucket_histogram", [EXPONENTIAL; 7]),
    ]
};

#[test]
fn aggregation_of_each_kind_is_that_of_its_view() {
    require!(Collector);
    for (aggregation, expected) in AGGREGATIONS {
        let view = |kind: &str| {
            format!("[[metrics.views]]\ninstrument_type = \"{kind}\"\naggregation = \"{aggregation}\"\n")
        };
        let kinds = || KINDS.into_iter().zip(expected);
        for (kind, _) in kinds().filter(|(_, data_type)| data_type.is_none()) {
            let (builder, _directory) = with_file(&format!("service.name = \"x\"\n{}", view(kind)), &[]);
            let error = builder.build().unwrap_err().to_string();
            assert!(error.contains(&format!("\"{aggregation}\" cannot aggregate a {kind}")), "{error}");
        }
        let views = kinds().filter(|(_, data_type)| data_type.is_some()).map(|(kind, _)| view(kind));
        let (collector, tools, _directory) = tools(&views.collect::<String>());
        let meter = tools.meter("shop");
        observe(&meter, 1);
        record(&meter, 1);
        tools.shutdown().unwrap();
        let output = collector.stop();
        for (kind, data_type) in kinds() {
            match data_type {
                None => {}
                Some("") => assert!(metrics(&output, kind).is_empty(), "{kind}: {output}"),
                Some(data_type) => {
                    let metric = metric(&output, kind);
                    assert_eq!(field(metric, "-> DataType"), data_type, "{aggregation} {kind}");
                    let (number, expected) =
                        if data_type.contains("Histogram") { ("Count", 1.0) } else { ("Value", 3.0) };
                    assert_eq!(field(metric, number).parse(), Ok(expected), "{aggregation} {kind}: {metric}");
                    let is_monotonic = ["counter", "observable_counter", "histogram"].contains(&kind);
                    if data_type == "Sum" {
                        assert_eq!(field(metric, "-> IsMonotonic"), is_monotonic.to_string(), "{kind}");
                    }
                }
            }
        }
    }
}

#[test]
fn each_kind_has_its_cardinality_limit() {
    require!(Collector);
    let own = KINDS.iter().zip(1..).map(|(kind, limit)| format!("{kind} = {limit}\n")).collect::<Vec<_>>();
    for (keys, limit_of) in [
        (
            format!("cardinality_limit = 9\n[metrics.cardinality_limits]\n{}", own.concat()),
            [1, 2, 3, 4, 5, 6, 7],
        ),
        (
            "cardinality_limit = 9\n[metrics.cardinality_limits]\ngauge = 2\n".to_owned(),
            [9, 9, 9, 2, 9, 9, 9],
        ),
    ] {
        let (collector, tools, _directory) = tools(&format!("{keys}[diagnostics]\nlevel = \"off\"\n"));
        let meter = tools.meter("shop");
        observe(&meter, 12);
        record(&meter, 12);
        tools.shutdown().unwrap();
        let output = collector.stop();
        for (name, limit) in KINDS.into_iter().zip(limit_of) {
            let metric = metric(&output, name);
            assert_eq!(metric.matches("DataPoints #").count(), limit + 1, "{name}: {metric}");
            assert_eq!(metric.matches("-> otel.metric.overflow: Bool(true)").count(), 1, "{name}: {metric}");
        }
    }
}

#[test]
fn histograms_have_the_configured_aggregation() {
    require!(Collector);
    for (name, data_type) in [
        ("explicit_bucket_histogram", "Histogram"),
        ("base2_exponential_bucket_histogram", "ExponentialHistogram"),
    ] {
        let (collector, tools, _directory) = tools(&format!("histogram_aggregation = \"{name}\"\n"));
        record(&tools.meter("shop"), 1);
        tools.shutdown().unwrap();
        let output = collector.stop();
        let histogram = metric(&output, "histogram");
        assert_eq!(
            (field(histogram, "-> DataType"), field(histogram, "Count")),
            (data_type, "1"),
            "{output}"
        );
    }
}

/// The SDK records no exemplars, which a warning says.
#[test]
fn exemplar_filter_warns_and_yields_no_exemplars() {
    require!(Collector);
    for (filter, warnings) in [("always_on", 1), ("trace_based", 1), ("always_off", 0)] {
        let (collector, tools, _directory) = tools(&format!("exemplar_filter = \"{filter}\"\n"));
        assert_eq!(tools.warnings().len(), warnings, "{filter}: {:?}", tools.warnings());
        {
            let _span = tools.tracer("shop").start_as_current_span("order");
            record(&tools.meter("shop"), 1);
        }
        tools.shutdown().unwrap();
        let output = collector.stop();
        assert!(output.contains("-> Name: counter") && !output.contains("Exemplar"), "{output}");
    }
}
