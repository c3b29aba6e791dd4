//! Views, the aggregation of histograms and the limits of attribute sets.

use autotelemetry::{
    opentelemetry::{InstrumentationScope, metrics::MeterProvider as _},
    prelude::*,
};
use test_support::{mock_collector::MockCollector, process, streams::stream_lines, with_file};

/// Returns the data points that `record` yields, with these keys in `[metrics]` and below.
fn recorded(metrics: &str, record: impl FnOnce(&ObservabilityTools)) -> Vec<String> {
    let mock = MockCollector::start();
    let text =
        format!("[service]\nname = \"shop\"\n[otlp]\nendpoint = \"{}\"\n[metrics]\n{metrics}\n", mock.url());
    let (builder, _directory) = with_file(&text, &[]);
    let tools = builder.build().unwrap();
    record(&tools);
    tools.shutdown().unwrap();
    stream_lines(mock.metrics())
}

fn requests(meter: &Meter) {
    let requests = meter.u64_counter("http.requests").with_unit("{request}").build();
    for (route, user) in [("/a", 1), ("/a", 2), ("/b", 1)] {
        requests.add(1, &[KeyValue::new("http.route", route), KeyValue::new("user", user)]);
    }
}

#[test]
fn view_renames_describes_and_drops() {
    let views = r#"
[[metrics.views]]
instrument_name = "http.requests"
name = "requests, all of them"
attribute_keys = []

[[metrics.views]]
instrument_name = "debug.*"
aggregation = "drop"
"#;
    let lines = recorded(views, |tools| {
        requests(&tools.meter("shop"));
        let meter = tools.meter("shop");
        meter.u64_counter("debug.count").build().add(1, &[]);
        meter.u64_observable_gauge("debug.value").with_callback(|_| panic!("not called")).build();
        meter.u64_counter("debu").build().add(1, &[]);
    });
    assert_eq!(lines, ["debu sum cumulative {} 1", "requests, all of them sum cumulative {} 3"]);
}

#[test]
fn each_matching_view_yields_a_metric() {
    let views = r#"
[[metrics.views]]
instrument_name = "http.requests"
attribute_keys = ["http.route"]

[[metrics.views]]
instrument_name = "http.requests"
name = "requests.by.user"
attribute_keys = { excluded = ["http.*"] }
"#;
    let lines = recorded(views, |tools| requests(&tools.meter("shop")));
    assert_eq!(
        lines,
        [
            "http.requests sum cumulative {http.route=/a} 2",
            "http.requests sum cumulative {http.route=/b} 1",
            "requests.by.user sum cumulative {user=1} 2",
            "requests.by.user sum cumulative {user=2} 1",
        ]
    );
}

#[test]
fn all_criteria_must_match() {
    let views = r#"
[[metrics.views]]
instrument_name = "?"
instrument_type = "counter"
unit = "By"
meter_name = "shop"
meter_version = "1"
meter_schema_url = "https://example.org/1"
aggregation = "drop"

[[metrics.views]]
meter_name = "other"
unit = ""
aggregation = "drop"
"#;
    let lines = recorded(views, |tools| {
        let scope = |name: &'static str, version: &'static str, url: &'static str| {
            let scope = InstrumentationScope::builder(name).with_version(version).with_schema_url(url);
            tools.meter_provider().meter_with_scope(scope.build())
        };
        let shop = scope("shop", "1", "https://example.org/1");
        shop.u64_counter("a").with_unit("By").build().add(1, &[]);
        shop.u64_counter("ab").with_unit("By").build().add(1, &[]);
        shop.u64_counter("b").with_unit("by").build().add(1, &[]);
        shop.i64_up_down_counter("c").with_unit("By").build().add(1, &[]);
        scope("shop", "2", "https://example.org/1").u64_counter("d").with_unit("By").build().add(1, &[]);
        scope("shop", "1", "https://example.org/2").u64_counter("e").with_unit("By").build().add(1, &[]);
        tools.meter("other").u64_counter("f").build().add(1, &[]);
        tools.meter("other").u64_counter("g").with_unit("s").build().add(1, &[]);
    });
    let names: Vec<_> = lines.iter().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(names, ["ab", "b", "c", "d", "e", "g"]);
}

#[test]
fn aggregation_of_a_view_replaces_the_default() {
    let views = r#"
[[metrics.views]]
instrument_name = "boundaries"
boundaries = [1, 2.5]

[[metrics.views]]
instrument_name = "no.boundaries"
boundaries = []
record_min_max = false

[[metrics.views]]
instrument_name = "advised"
record_min_max = false

[[metrics.views]]
instrument_name = "sum"
aggregation = "sum"

[[metrics.views]]
instrument_name = "exponential"
max_scale = 0

[[metrics.views]]
instrument_name = "counter"
boundaries = [1]

[[metrics.views]]
instrument_name = "gauge"
aggregation = "sum"
"#;
    let lines = recorded(views, |tools| {
        let meter = tools.meter("shop");
        for name in ["boundaries", "no.boundaries", "sum", "exponential"] {
            let histogram = meter.f64_histogram(name).with_boundaries(vec![7.0]).build();
            for value in [1.0, 2.0, 3.0, 4.0] {
                histogram.record(value, &[]);
            }
        }
        meter.f64_histogram("advised").with_boundaries(vec![7.0]).build().record(1.0, &[]);
        meter.f64_histogram("unchanged").with_boundaries(vec![7.0]).build().record(1.0, &[]);
        let counter = meter.u64_counter("counter").build();
        counter.add(1, &[]);
        counter.add(2, &[]);
        // A view with an aggregation that does not fit has no effect.
        meter.u64_gauge("gauge").build().record(5, &[]);
    });
    assert_eq!(
        lines,
        [
            "advised histogram cumulative {} count=1 sum=1 buckets=[1, 0] bounds=[7.0]",
            "boundaries histogram cumulative {} count=4 sum=10 buckets=[1, 1, 2] bounds=[1.0, 2.5] min=1 max=4",
            "counter histogram cumulative {} count=2 sum=3 buckets=[1, 1] bounds=[1.0] min=1 max=2",
            // At scale 0, the bucket of index i ends at 2^(i+1).
            "exponential exponential cumulative {} count=4 sum=10 scale=0 zero=0 positive=-1:[1, 1, 2] negative=none min=1 max=4",
            "gauge gauge {} 5",
            "no.boundaries histogram cumulative {} count=4 sum=10 buckets=[] bounds=[]",
            "sum sum cumulative {} 10.0",
            "unchanged histogram cumulative {} count=1 sum=1 buckets=[1, 0] bounds=[7.0] min=1 max=1",
        ]
    );
}

/// Returns the line of an exponential histogram of positive values, computed by its definition.
#[expect(clippy::cast_possible_truncation, reason = "the index is small")]
fn exponential_line(values: &[f64], max_size: usize, max_scale: i32) -> String {
    let mut scale = max_scale;
    let (first, counts) = loop {
        let base = 2_f64.powf(2_f64.powi(-scale));
        // The bucket i contains base^i < value <= base^(i + 1).
        let index = |value: f64| (value.ln() / base.ln()).ceil() as i32 - 1;
        let indices: Vec<i32> = values.iter().map(|value| index(*value)).collect();
        let (first, last) = (*indices.iter().min().unwrap(), *indices.iter().max().unwrap());
        let mut counts = vec![0_u64; usize::try_from(last - first + 1).unwrap()];
        if counts.len() <= max_size {
            for index in indices {
                counts[usize::try_from(index - first).unwrap()] += 1;
            }
            break (first, counts);
        }
        scale -= 1;
    };
    let (min, max) =
        values.iter().fold((f64::MAX, f64::MIN), |(min, max), value| (min.min(*value), max.max(*value)));
    format!(
        "h exponential cumulative {{}} count={} sum={} scale={scale} zero=0 positive={first}:{counts:?} negative=none min={min} max={max}",
        values.len(),
        values.iter().sum::<f64>(),
    )
}

#[test]
fn exponential_histogram_agrees_with_its_definition() {
    for (keys, values, max_size, max_scale) in [
        ("", vec![1.5, 1.7, 3.2, 900.0, 0.02], 160, 20),
        ("", vec![3.0; 5], 160, 20),
        ("max_size = 4\nmax_scale = 3", vec![1.1, 5.0, 77.0, 1e9], 4, 3),
        ("max_size = 2", vec![0.1, 0.3, 90.0], 2, 20),
    ] {
        let views = if keys.is_empty() {
            "histogram_aggregation = \"base2_exponential_bucket_histogram\"".to_owned()
        } else {
            format!("[[metrics.views]]\ninstrument_name = \"h\"\n{keys}")
        };
        let lines = recorded(&views, |tools| {
            // Boundaries that the program advises are those of explicit buckets.
            let histogram = tools.meter("shop").f64_histogram("h").with_boundaries(vec![1.0]).build();
            for value in &values {
                histogram.record(*value, &[]);
            }
        });
        assert_eq!(lines, [exponential_line(&values, max_size, max_scale)], "{keys}");
    }
}

#[test]
fn removed_attributes_of_observations_are_added_up() {
    let views = r#"
[[metrics.views]]
instrument_name = "*"
attribute_keys = ["kept"]
"#;
    for (temporality, expected) in [
        (
            "cumulative",
            [
                "counter sum cumulative {kept=a} 30",
                "counter sum cumulative {kept=b} 5",
                "gauge gauge {kept=a} 20",
                "up.down up_down cumulative {kept=a} 30",
            ],
        ),
        (
            "delta",
            [
                "counter sum delta {kept=a} 30",
                "counter sum delta {kept=b} 5",
                "gauge gauge {kept=a} 20",
                "up.down up_down cumulative {kept=a} 30",
            ],
        ),
    ] {
        let keys = format!("temporality = \"{temporality}\"\n{views}");
        let lines = recorded(&keys, |tools| {
            let set = |kept: &'static str, removed: i64| {
                [KeyValue::new("removed", removed), KeyValue::new("kept", kept)]
            };
            let meter = tools.meter("shop");
            meter
                .u64_observable_counter("counter")
                .with_callback(move |observer| {
                    observer.observe(10, &set("a", 1));
                    observer.observe(5, &set("b", 1));
                })
                .with_callback(move |observer| observer.observe(20, &set("a", 2)))
                .build();
            meter
                .i64_observable_up_down_counter("up.down")
                .with_callback(move |observer| {
                    observer.observe(10, &set("a", 1));
                    observer.observe(20, &set("a", 2));
                })
                .build();
            meter
                .i64_observable_gauge("gauge")
                .with_callback(move |observer| {
                    observer.observe(10, &set("a", 1));
                    observer.observe(20, &set("a", 2));
                })
                .build();
        });
        assert_eq!(lines, expected, "{temporality}");
    }
}

/// Each pool of connections creates the same instrument, with its name as an attribute.
#[test]
fn instruments_that_are_created_twice_are_added_up() {
    let views = r#"
[[metrics.views]]
instrument_name = "*"
attribute_keys = []

[[metrics.views]]
instrument_name = "counter"
name = "by.pool"
"#;
    let lines = recorded(views, |tools| {
        let pool = |name: &'static str| [KeyValue::new("pool", name)];
        for (name, value) in [("a", 10), ("b", 20)] {
            let (meter, attributes) = (tools.meter("shop"), pool(name));
            let counter = meter.u64_observable_counter("counter");
            counter.with_callback(move |observer| observer.observe(value, &attributes)).build();
            let (value, attributes) = (value.cast_signed(), pool(name));
            let up_down = meter.i64_observable_up_down_counter("up.down");
            up_down.with_callback(move |observer| observer.observe(value, &attributes)).build();
        }
    });
    assert_eq!(
        lines,
        [
            "by.pool sum cumulative {pool=a} 10",
            "by.pool sum cumulative {pool=b} 20",
            "counter sum cumulative {} 30",
            "up.down up_down cumulative {} 30",
        ]
    );
}

/// A sum that decreases would look like a restart of the counter, and its rate would be wrong.
#[test]
fn added_up_observations_of_a_counter_never_decrease() {
    for (exporters, temporality, expected) in [
        ("otlp", "delta", vec![110, 35, 5]),
        ("otlp", "cumulative", vec![110, 145, 150, 153, 155]),
        ("otlp,prometheus", "delta", vec![110, 35, 5, 3, 2]),
    ] {
        for by_view in [true, false] {
            let mock = MockCollector::start();
            let view = "[[metrics.views]]\ninstrument_name = \"*\"\nattribute_keys = []\n";
            let text = format!("[service]\nname = \"shop\"\n{}", if by_view { view } else { "" });
            let (builder, _directory) = with_file(&text, &[]);
            let builder = if by_view { builder } else { builder.measurement_processor("all", Vec::clear) };
            let tools = builder
                .otlp_endpoint(mock.url())
                .prometheus_port(0)
                .set("metrics.exporters", exporters)
                .set("metrics.temporality", temporality)
                .build()
                .unwrap();
            // One of two sets vanishes, the other one restarts, and the first one comes back.
            let observations = vec![vec![10, 100], vec![15, 130], vec![20], vec![3], vec![4, 1]];
            let observations = std::sync::Mutex::new(observations.into_iter());
            tools
                .meter("shop")
                .u64_observable_counter("counter")
                .with_callback(move |observer| {
                    for (set, value) in observations.lock().unwrap().next().into_iter().flatten().enumerate()
                    {
                        observer.observe(value, &[KeyValue::new("set", i64::try_from(set).unwrap())]);
                    }
                })
                .build();
            for expected in &expected {
                tools.force_flush().unwrap();
                let lines = stream_lines(mock.metrics().pop());
                assert_eq!(lines, [format!("counter sum {temporality} {{}} {expected}")], "{exporters}");
            }
        }
    }
}

#[test]
fn further_attribute_sets_are_added_up_and_reported_once() {
    let output = process::run(process::function(module_path!(), "child_overflows"));
    let stderr = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<_> = stderr.lines().filter(|line| line.contains("cardinality")).collect();
    assert_eq!(lines.len(), 2, "{stderr}");
    for (line, (name, limit)) in lines.iter().zip([("by.default", 20), ("by.view", 2)]) {
        let expected = format!("the metric \"{name}\" has reached its cardinality limit of {limit}: ");
        assert!(line.contains(&expected), "{line}");
    }
}

#[test]
#[ignore = "child process of other tests"]
fn child_overflows() {
    let keys = "cardinality_limit = 20\ncardinality_limits.histogram = 30\n\
                [[metrics.views]]\ninstrument_name = \"by.view\"\naggregation_cardinality_limit = 2\n";
    let lines = recorded(keys, |tools| {
        let meter = tools.meter("shop");
        let (by_default, by_view) =
            (meter.u64_counter("by.default").build(), meter.u64_counter("by.view").build());
        let exact = meter.u64_counter("exact").build();
        let histogram = meter.u64_histogram("histogram").build();
        for set in 0..25 {
            by_default.add(1, &[KeyValue::new("set", set)]);
            histogram.record(1, &[KeyValue::new("set", set)]);
        }
        for set in 0..20 {
            exact.add(1, &[KeyValue::new("set", set)]);
        }
        for set in 0..4 {
            by_view.add(1, &[KeyValue::new("set", set)]);
        }
        tools.force_flush().unwrap();
    });
    let of = |name: &str| lines.iter().filter(|line| line.starts_with(name)).count();
    // Two pushes each.
    assert_eq!(
        (of("by.default "), of("exact "), of("by.view "), of("histogram ")),
        (42, 40, 6, 50),
        "{lines:#?}"
    );
    let overflow = |line: &&String| line.contains("overflow=true");
    let overflows: Vec<_> = lines.iter().filter(overflow).collect();
    assert_eq!(
        overflows,
        [
            "by.default sum cumulative {otel.metric.overflow=true} 5",
            "by.default sum cumulative {otel.metric.overflow=true} 5",
            "by.view sum cumulative {otel.metric.overflow=true} 2",
            "by.view sum cumulative {otel.metric.overflow=true} 2",
        ]
    );
}

#[test]
fn conflicts_of_views_are_reported_once() {
    let output = process::run(process::function(module_path!(), "child_has_conflicts"));
    let stderr = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<_> = stderr.lines().filter(|line| line.contains("metrics.views")).collect();
    assert_eq!(
        lines,
        [
            "autotelemetry: metrics.views.1 does not apply to the instrument \"a\": another view gives it the same name",
            "autotelemetry: metrics.views.2 does not apply to the instrument \"a\": \"last_value\" cannot aggregate a counter",
            "autotelemetry: metrics.views.3 has selected no instrument",
        ],
        "{stderr}"
    );
}

#[test]
#[ignore = "child process of other tests"]
fn child_has_conflicts() {
    let views = r#"
[[metrics.views]]
instrument_name = "a"

[[metrics.views]]
instrument_name = "a*"

[[metrics.views]]
instrument_name = "?"
aggregation = "last_value"

[[metrics.views]]
instrument_name = "aa"
aggregation = "drop"

[diagnostics]
level = "debug"
"#;
    let lines = recorded(views, |tools| {
        for _ in 0..2 {
            tools.meter("shop").u64_counter("a").build().add(1, &[]);
        }
    });
    assert_eq!(lines, ["a sum cumulative {} 2"]);
}

#[test]
fn views_apply_to_the_metrics_of_the_library() {
    let keys = r#"
[[metrics.views]]
meter_name = "autotelemetry"
aggregation = "drop"

[[metrics.views]]
instrument_name = "otel.sdk.exporter.metric_data_point.exported"
attribute_keys = []

[diagnostics]
metrics = true
"#;
    let lines = recorded(keys, |tools| {
        requests(&tools.meter("shop"));
        tools.force_flush().unwrap();
    });
    let of_library: Vec<_> = lines.iter().filter(|line| line.starts_with("otel.sdk")).collect();
    assert_eq!(
        of_library,
        [
            "otel.sdk.exporter.metric_data_point.exported sum cumulative {} 0",
            "otel.sdk.exporter.metric_data_point.exported sum cumulative {} 4"
        ]
    );
}

/// Records one measurement with each kind of instrument, twice, with a push after each.
fn each_kind(tools: &ObservabilityTools) {
    let meter = tools.meter("shop");
    let (counter, up_down) =
        (meter.u64_counter("counter").build(), meter.i64_up_down_counter("up.down").build());
    let (gauge, histogram) = (
        meter.u64_gauge("gauge").build(),
        meter.u64_histogram("histogram").with_boundaries(vec![5.0]).build(),
    );
    let exponential = meter.u64_histogram("exponential").build();
    let calls = std::sync::atomic::AtomicU64::new(0);
    meter
        .u64_observable_counter("observable.counter")
        .with_callback(move |observer| {
            observer.observe(10 + 10 * calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed), &[]);
        })
        .build();
    meter.i64_observable_up_down_counter("observable.up.down").with_callback(|it| it.observe(7, &[])).build();
    meter.u64_observable_gauge("observable.gauge").with_callback(|it| it.observe(7, &[])).build();
    for _ in 0..2 {
        counter.add(3, &[]);
        up_down.add(3, &[]);
        gauge.record(3, &[]);
        histogram.record(3, &[]);
        exponential.record(1, &[]);
        tools.force_flush().unwrap();
    }
}

/// The table of the specification, "OTLP metrics exporter", section "Additional environment
/// variable configuration", alone and beside Prometheus.
#[test]
fn temporality_follows_the_kind_of_the_instrument() {
    const CUMULATIVE: &str = "cumulative";
    const DELTA: &str = "delta";
    for (exporters, preference, counter, observable_counter, histogram) in [
        ("\"otlp\"", "cumulative", CUMULATIVE, CUMULATIVE, CUMULATIVE),
        ("\"otlp\"", "delta", DELTA, DELTA, DELTA),
        ("\"otlp\"", "lowmemory", DELTA, CUMULATIVE, DELTA),
        #[cfg(feature = "prometheus")]
        ("\"otlp\", \"prometheus\"", "cumulative", CUMULATIVE, CUMULATIVE, CUMULATIVE),
        #[cfg(feature = "prometheus")]
        ("\"otlp\", \"prometheus\"", "delta", DELTA, DELTA, DELTA),
    ] {
        let keys = format!(
            "exporters = [{exporters}]\ntemporality = \"{preference}\"\n\
             [[metrics.views]]\ninstrument_name = \"exponential\"\nmax_scale = 0\n[prometheus]\nport = 0\n"
        );
        let mut lines = recorded(&keys, each_kind);
        // The last push, at the end of the telemetry, repeats some.
        lines.dedup();
        let second = |temporality: &str, delta: &str, cumulative: &str| {
            if temporality == DELTA { delta.to_owned() } else { cumulative.to_owned() }
        };
        let has = |line: String| {
            assert!(lines.contains(&line), "{exporters} {preference}: {line}\n{}", lines.join("\n"));
        };
        has(format!("counter sum {counter} {{}} {}", second(counter, "3", "6")));
        has(format!(
            "observable.counter sum {observable_counter} {{}} {}",
            second(observable_counter, "10", "20")
        ));
        has("up.down up_down cumulative {} 6".to_owned());
        has("observable.up.down up_down cumulative {} 7".to_owned());
        has("gauge gauge {} 3".to_owned());
        has("observable.gauge gauge {} 7".to_owned());
        let is_own = exporters.contains("prometheus") && histogram == DELTA;
        let extremes = if is_own { "" } else { " min=3 max=3" };
        has(match histogram {
            DELTA => {
                format!("histogram histogram delta {{}} count=1 sum=3 buckets=[1, 0] bounds=[5.0]{extremes}")
            }
            _ => "histogram histogram cumulative {} count=2 sum=6 buckets=[2, 0] bounds=[5.0] min=3 max=3"
                .to_owned(),
        });
        let extremes = if is_own { "" } else { " min=1 max=1" };
        has(match histogram {
            DELTA => format!(
                "exponential exponential delta {{}} count=1 sum=1 scale=0 zero=0 positive=-1:[1] negative=none{extremes}"
            ),
            _ => "exponential exponential cumulative {} count=2 sum=2 scale=0 zero=0 positive=-1:[2] negative=none min=1 max=1".to_owned(),
        });
        assert!(
            counter == CUMULATIVE || !lines.contains(&"counter sum delta {} 6".to_owned()),
            "{exporters} {preference}"
        );
    }
}

/// The page shows the histograms that the file selects: explicit buckets in text, the buckets
/// themselves in Protocol Buffers.
#[test]
#[cfg(feature = "prometheus")]
fn exponential_histograms_of_the_file_are_on_the_page() {
    let text = "[service]\nname = \"shop\"\n[metrics]\nexporters = [\"prometheus\"]\n\
                histogram_aggregation = \"base2_exponential_bucket_histogram\"\n[prometheus]\nlisten = false\n";
    let (builder, _directory) = with_file(text, &[]);
    let tools = builder.build().unwrap();
    let histogram = tools.meter("shop").f64_histogram("duration").build();
    for value in [0.5, 1.0, 4.0, 4.0] {
        histogram.record(value, &[]);
    }
    let page = tools.prometheus_metrics(None).unwrap();
    let text = String::from_utf8(page.body().to_vec()).unwrap();
    assert!(text.contains("duration_count{otel_scope_name=\"shop\"} 4"), "{text}");
    assert!(text.contains("le=\"+Inf\"} 4"), "{text}");
    let protobuf =
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";
    let page = tools.prometheus_metrics(Some(protobuf)).unwrap();
    assert!(page.content_type().starts_with("application/vnd.google.protobuf"), "{}", page.content_type());
    assert!(page.body().windows(8).any(|part| part == b"duration"), "{page:?}");
}
