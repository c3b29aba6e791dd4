//! The formats of the Prometheus page and their negotiation.
#![cfg(feature = "prometheus")]
#![allow(clippy::float_cmp, reason = "the page contains values without a loss")]

use std::collections::BTreeMap;

use autotelemetry::{ObservabilityTools, prelude::*};
use test_support::{
    builder,
    http::request_bytes,
    page::{Samples, samples, with_equal_bounds},
    page_protobuf::{self, proto::MetricType},
    random::Random,
    random_metrics,
};

const TEXT: &str = "text/plain;version=0.0.4";
const TEXT_UTF8: &str = "text/plain;version=1.0.0;escaping=allow-utf-8";
const OPEN_METRICS: &str = "application/openmetrics-text;version=1.0.0";
const OPEN_METRICS_UTF8: &str = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8";
const PROTOBUF: &str =
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";
const PROTOBUF_UTF8: &str = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;escaping=allow-utf-8";

fn tools(keys: &[(&str, &str)]) -> ObservabilityTools {
    let builder = builder().service_name("checkout").prometheus_port(0).set("prometheus.scope_info", false);
    keys.iter().fold(builder, |builder, (key, value)| builder.set(*key, value)).build().unwrap()
}

/// Returns the content type and the body of the page.
fn get(tools: &ObservabilityTools, accept: &str) -> (String, Vec<u8>) {
    let request =
        format!("GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\naccept: {accept}\r\n\r\n");
    let (head, body) = request_bytes(tools.prometheus_address().unwrap(), &request);
    assert!(head.starts_with("http/1.1 200") && head.contains("vary: accept, accept-encoding"), "{head}");
    let content_type = head.lines().find_map(|line| line.strip_prefix("content-type: ")).unwrap();
    (content_type.to_owned(), body)
}

fn text(tools: &ObservabilityTools, accept: &str) -> String {
    String::from_utf8(get(tools, accept).1).unwrap()
}

/// Returns the samples in each format, by its `Accept`.
fn samples_in(tools: &ObservabilityTools, accept: &str) -> Samples {
    if accept.contains("protobuf") {
        page_protobuf::samples(&get(tools, accept).1)
    } else {
        with_equal_bounds(samples(&text(tools, accept)))
    }
}

#[test]
fn content_type_names_format_and_escaping() {
    let tools = tools(&[]);
    for (accept, expected) in [
        (TEXT, "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"),
        (TEXT_UTF8, "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8"),
        ("text/plain;version=1.0.0", "text/plain; version=1.0.0; charset=utf-8; escaping=underscores"),
        (OPEN_METRICS, "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores"),
        ("application/json", "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"),
    ] {
        assert_eq!(get(&tools, accept).0, expected, "{accept}");
    }
    let (content_type, _) = get(&tools, PROTOBUF);
    assert!(content_type.ends_with("encoding=delimited; escaping=underscores"), "{content_type}");
}

/// The table of the specification, "Prometheus Metrics Exporter", for the counter `foo.bar` in
/// bytes.
#[test]
fn strategy_and_escaping_decide_the_names() {
    for (strategy, legacy, utf8) in [
        ("underscore_escaping_with_suffixes", "foo_bar_bytes_total", "foo_bar_bytes_total"),
        ("underscore_escaping_without_suffixes", "foo_bar", "foo_bar"),
        ("no_utf8_escaping_with_suffixes", "foo_bar_bytes_total", "foo.bar_bytes_total"),
        ("no_translation", "foo_bar", "foo.bar"),
    ] {
        let tools = tools(&[("prometheus.translation_strategy", strategy)]);
        let attributes = [KeyValue::new("http.method", "GET")];
        tools.meter("shop").u64_counter("foo.bar").with_unit("By").build().add(7, &attributes);
        for (accept, name, is_utf8) in [
            (TEXT, legacy, false),
            (OPEN_METRICS, legacy, false),
            (PROTOBUF, legacy, false),
            (TEXT_UTF8, utf8, true),
            (OPEN_METRICS_UTF8, utf8, true),
            (PROTOBUF_UTF8, utf8, true),
        ] {
            let is_raw = is_utf8 && !strategy.starts_with("underscore");
            let label = if is_raw { "http.method" } else { "http_method" };
            let labels = [(label.to_owned(), "GET".to_owned())].into();
            let samples = samples_in(&tools, accept);
            assert_eq!(
                samples.get(&(name.to_owned(), labels)),
                Some(&7.0),
                "{strategy} {accept}: {samples:?}"
            );
        }
    }
}

#[test]
fn names_are_escaped_as_requested() {
    let tools = tools(&[("prometheus.translation_strategy", "no_translation")]);
    tools.meter("shop").u64_gauge("foo.bar_x").build().record(7, &[KeyValue::new("a.b", "c")]);
    for (escaping, line) in [
        ("underscores", r#"foo_bar_x{a_b="c"} 7"#),
        ("dots", r#"foo_dot_bar__x{a_dot_b="c"} 7"#),
        ("values", r#"U__foo_2e_bar__x{U__a_2e_b="c"} 7"#),
        ("allow-utf-8", r#"{"foo.bar_x","a.b"="c"} 7"#),
    ] {
        let page = text(&tools, &format!("text/plain; version=1.0.0; escaping={escaping}"));
        assert!(page.lines().any(|other| other == line), "{line}: {page}");
    }
}

#[test]
fn collisions_are_resolved_after_escaping() {
    let tools = tools(&[("prometheus.translation_strategy", "no_translation"), ("diagnostics.level", "off")]);
    let meter = tools.meter("shop");
    let attributes = [KeyValue::new("a.b", "1"), KeyValue::new("a/b", "2"), KeyValue::new("__name__", "x")];
    meter.u64_counter("orders").build().add(1, &attributes);
    meter.u64_counter("clash.x").build().add(1, &[]);
    meter.u64_gauge("clash/x").build().record(2, &[]);

    let utf8 = samples_in(&tools, TEXT_UTF8);
    let labels = |labels: &[(&str, &str)]| {
        labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let separate = labels(&[("_name_", "x"), ("a.b", "1"), ("a/b", "2")]);
    assert_eq!(utf8.get(&("orders".to_owned(), separate)), Some(&1.0), "{utf8:?}");
    assert_eq!(utf8.get(&("clash.x".to_owned(), BTreeMap::new())), Some(&1.0));
    assert_eq!(utf8.get(&("clash/x".to_owned(), BTreeMap::new())), Some(&2.0));

    for accept in [TEXT, OPEN_METRICS, PROTOBUF] {
        let legacy = samples_in(&tools, accept);
        let joined = labels(&[("_name_", "x"), ("a_b", "1;2")]);
        assert_eq!(legacy.get(&("orders".to_owned(), joined)), Some(&1.0), "{legacy:?}");
        assert_eq!(
            legacy.get(&("clash_x".to_owned(), BTreeMap::new())),
            Some(&1.0),
            "the later one is dropped"
        );
    }
}

#[test]
fn open_metrics_has_its_own_lines() {
    let tools = tools(&[]);
    let meter = tools.meter("shop");
    meter.u64_counter("sent").with_unit("By").with_description("A \"b\"\nc").build().add(7, &[]);
    meter.u64_gauge("level").build().record(u64::MAX, &[]);
    meter.f64_histogram("time").with_unit("s").with_boundaries(vec![0.5, 1.0]).build().record(0.25, &[]);
    // Both would be the family `jobs`, and the resource the family `target`.
    meter.u64_counter("jobs").build().add(1, &[]);
    tools.meter("stock").i64_up_down_counter("jobs").build().add(2, &[]);
    meter.u64_gauge("target").build().record(3, &[]);
    let page = text(&tools, OPEN_METRICS);
    samples(&page);
    let (resource, rest) = page.split_once("} 1\n").unwrap();
    assert!(
        resource.starts_with("# HELP target_info Target metadata\n# TYPE target_info gauge\ntarget_info{"),
        "{resource}"
    );
    let expected = r#"# TYPE jobs gauge
jobs 2
# TYPE jobs_total unknown
jobs_total 1
# TYPE level gauge
level 18446744073709551615
# HELP sent_bytes A \"b\"\nc
# TYPE sent_bytes counter
# UNIT sent_bytes bytes
sent_bytes_total 7
# TYPE target gauge
target 3
# TYPE time_seconds histogram
# UNIT time_seconds seconds
time_seconds_bucket{le="0.5"} 1
time_seconds_bucket{le="1.0"} 1
time_seconds_bucket{le="+Inf"} 1
time_seconds_sum 0.25
time_seconds_count 1
# EOF
"#;
    assert_eq!(rest, expected);

    // The names of samples do not depend on the format.
    let tools = self::tools(&[("prometheus.translation_strategy", "no_translation")]);
    tools.meter("shop").u64_counter("orders.placed").build().add(7, &[]);
    let page = text(&tools, OPEN_METRICS_UTF8);
    assert!(page.contains("# TYPE target info\ntarget_info{"), "{page}");
    assert!(page.ends_with("# TYPE \"orders.placed\" unknown\n{\"orders.placed\"} 7\n# EOF\n"), "{page}");
}

#[test]
fn protobuf_has_types_units_and_descriptions() {
    let tools = tools(&[("prometheus.target_info", "false")]);
    let meter = tools.meter("shop");
    let large = meter.u64_counter("sent").with_unit("By").with_description("A \"b\"").build();
    // More than one chunk of the page.
    for number in 0..1_500 {
        large.add(number, &[KeyValue::new("text", format!("{number:0100}"))]);
    }
    meter.f64_histogram("time").with_boundaries(vec![1.0]).build().record(2.0, &[KeyValue::new("a", "x\ny")]);
    let families = page_protobuf::families(&get(&tools, PROTOBUF).1);
    let [sent, time] = &families[..] else { panic!("{families:?}") };
    assert_eq!((&*sent.name, &*sent.help, &*sent.unit), ("sent_bytes_total", "A \"b\"", "bytes"));
    assert_eq!((sent.r#type, sent.metric.len()), (MetricType::Counter as i32, 1_500));
    let sum: f64 = sent.metric.iter().map(|metric| metric.counter.unwrap().value).sum();
    assert_eq!(sum, 1_124_250.0);
    assert_eq!(time.r#type, MetricType::Histogram as i32);
    assert_eq!(time.metric[0].label[0].value, "x\ny");
    let histogram = time.metric[0].histogram.as_ref().unwrap();
    assert_eq!((histogram.sample_count, histogram.sample_sum, histogram.bucket.len()), (1, 2.0, 2));
    assert!(histogram.positive_span.is_empty(), "it is no native histogram");
}

/// All formats show the same samples, and none is illegal.
#[test]
fn formats_show_the_same_random_samples() {
    // NaN is not equal to itself.
    let comparable = |samples: Samples| -> BTreeMap<_, _> {
        samples.into_iter().map(|(series, value)| (series, value.to_string())).collect()
    };
    for seed in 1..=300 {
        let recorded = random_metrics::record(&mut Random::new(seed));
        for escaping in ["underscores", "dots", "values", "allow-utf-8"] {
            let samples = |accept: &str| {
                comparable(samples_in(&recorded.tools, &accept.replace("allow-utf-8", escaping)))
            };
            let text = samples(TEXT_UTF8);
            for accept in [OPEN_METRICS_UTF8, PROTOBUF_UTF8] {
                let mut other = samples(accept);
                let mut missing = text.clone();
                missing.retain(|series, value| other.get(series) != Some(value));
                other.retain(|series, value| text.get(series) != Some(value));
                assert!(missing.is_empty() && other.is_empty(), "{seed} {accept}: {missing:#?} {other:#?}");
            }
        }
        recorded.check(&samples_in(&recorded.tools, OPEN_METRICS), seed);
    }
}
