//! The names, labels and values on the Prometheus page.
#![cfg(feature = "prometheus")]
#![allow(clippy::float_cmp, reason = "the page contains values without a loss")]

use autotelemetry::{
    ObservabilityTools,
    opentelemetry::{
        Array, InstrumentationScope, Value,
        metrics::{Meter, MeterProvider as _},
    },
    prelude::*,
};
use test_support::{
    builder,
    http::request,
    page::{Labels, Samples, of, samples},
    process,
    random::Random,
    random_metrics,
};

fn tools(keys: &[(&str, &str)]) -> ObservabilityTools {
    let builder = builder().service_name("checkout").prometheus_port(0);
    keys.iter().fold(builder, |builder, (key, value)| builder.set(*key, value)).build().unwrap()
}

fn text(tools: &ObservabilityTools) -> String {
    let (head, page) = request(tools.prometheus_address().unwrap(), "GET /metrics");
    assert!(head.starts_with("http/1.1 200"), "{head}\n{page}");
    page
}

fn page(tools: &ObservabilityTools) -> Samples {
    samples(&text(tools))
}

/// Returns the labels without those of the meter.
fn own(labels: &Labels) -> Vec<(&str, &str)> {
    let labels = labels.iter().filter(|(name, _)| !name.starts_with("otel_scope_"));
    labels.map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// Returns the labels that a counter with these attributes has on the page.
fn labels_of(attributes: &[KeyValue]) -> Labels {
    let tools = tools(&[]);
    tools.meter("shop").u64_counter("orders").build().add(1, attributes);
    let page = page(&tools);
    let found = of(&page, "orders_total");
    assert_eq!(found.len(), 1, "{page:?}");
    found[0].0.clone()
}

#[test]
fn any_attribute_key_becomes_a_legal_label() {
    for (key, name) in [
        ("aws:region", "aws_region"),
        ("5xx", "key_5xx"),
        ("", "_"),
        ("__name__", "_name_"),
        ("__address__", "_address_"),
        ("http.method", "http_method"),
        ("страна", "_"),
        ("a b\n\"c\"\\{}=,#", "a_b_c_"),
        ("\0", "_"),
        ("job", "job"),
        ("instance", "instance"),
        ("le", "le"),
        ("quantile", "quantile"),
    ] {
        let labels = labels_of(&[KeyValue::new(key, "x"), KeyValue::new("good", "y")]);
        let mut expected = vec![("good", "y"), (name, "x")];
        expected.sort_unstable();
        assert_eq!(own(&labels), expected, "{key:?}");
    }
}

#[test]
fn any_value_is_read_back() {
    for value in
        ["a\"b", "a\\b", "a\nb", "\\n", "\\", "{}=,# \t\r", "größe ✓", "\u{7f}\u{1b}[31m\u{85}\u{2028}"]
    {
        let labels = labels_of(&[KeyValue::new("value", value)]);
        assert_eq!(labels["value"], value);
    }
    // Prometheus reads a zero byte as the end of the page.
    assert_eq!(labels_of(&[KeyValue::new("value", "a\0b")])["value"], "a\u{fffd}b");
    for (value, expected) in [
        (Value::from(true), "true"),
        (7.into(), "7"),
        (2.0.into(), "2"),
        (f64::INFINITY.into(), "Infinity"),
        (f64::NAN.into(), "NaN"),
        (Value::Array(Array::from(vec![1, 2])), "[1,2]"),
        (Value::Array(Array::String(vec!["a\"".into(), "b".into()])), "[\"a\\\"\",\"b\"]"),
    ] {
        assert_eq!(labels_of(&[KeyValue::new("value", value)])["value"], expected);
    }
}

#[test]
fn attributes_of_one_label_are_joined_in_key_order() {
    let attributes = [("a_b", "3"), ("a.b", "1"), ("a/b", "2")];
    let labels = labels_of(&attributes.map(|(key, value)| KeyValue::new(key, value)));
    assert_eq!(labels["a_b"], "1;2;3");
    let labels = labels_of(&[KeyValue::new("otel.scope.name", "x")]);
    assert_eq!(labels["otel_scope_name"], "x;shop");
    let labels = labels_of(&[KeyValue::new("otel_scope_name", "x")]);
    assert_eq!(labels["otel_scope_name"], "shop;x");
}

#[test]
fn resource_becomes_legal_labels() {
    let variable =
        "aws:autoscaling:groupName=web,team=a,2x.team=b,__name__=c,le=d,t%00=e%0a%22,service.instance.id=1";
    let tools = test_support::with_env(&[("OTEL_RESOURCE_ATTRIBUTES", variable)])
        .service_name("checkout")
        .prometheus_port(0)
        .set("prometheus.resource_labels", "aws*,2x.team,le,service.?ame")
        .build()
        .unwrap();
    tools.meter("shop").u64_counter("orders").build().add(1, &[]);
    tools.meter("shop").f64_histogram("time").build().record(1.0, &[]);
    let page = page(&tools);
    let target = &of(&page, "target_info")[0];
    assert_eq!(target.1, 1.0);
    for (name, value) in [
        ("aws_autoscaling_groupName", "web"),
        ("team", "a"),
        ("key_2x_team", "b"),
        ("_name_", "c"),
        ("le", "d"),
        ("service_name", "checkout"),
        ("service_instance_id", "1"),
    ] {
        assert_eq!(target.0.get(name).map(String::as_str), Some(value), "{name}");
    }
    let labels = of(&page, "orders_total")[0].0;
    let selected = [
        ("aws_autoscaling_groupName", "web"),
        ("key_2x_team", "b"),
        ("le", "d"),
        ("service_name", "checkout"),
    ];
    assert_eq!(own(labels), selected);
    let buckets = of(&page, "time_bucket");
    assert!(buckets.iter().all(|(labels, _)| labels["exported_le"] == "d"), "{buckets:?}");
}

#[test]
fn resource_labels_can_be_excluded() {
    let text = "[service]\nname = \"shop\"\nversion = \"1\"\n[resource.attributes]\n\"k8s.pod.name\" = \"a\"\n\
                \"k8s.pod.uid\" = \"b\"\n[metrics]\nexporters = [\"prometheus\"]\n[prometheus]\nport = 0\n";
    for (value, variable, expected) in [
        (r#"{ included = ["k8s.*"], excluded = ["*.uid"] }"#, None, &["k8s_pod_name"][..]),
        (
            r#"{ excluded = ["telemetry.*", "*.uid"] }"#,
            None,
            &["k8s_pod_name", "service_name", "service_version"],
        ),
        ("{ included = [] }", None, &[]),
        (r#"["k8s.*"]"#, None, &["k8s_pod_name", "k8s_pod_uid"]),
        (r#"{ excluded = ["*"] }"#, Some("*.uid,service.version"), &["k8s_pod_uid", "service_version"]),
    ] {
        let variables: Vec<_> =
            variable.map(|value| ("AUTOTEL_PROMETHEUS__RESOURCE_LABELS", value)).into_iter().collect();
        let (builder, _directory) =
            test_support::with_file(&format!("{text}resource_labels = {value}\n"), &variables);
        let tools = builder.build().unwrap();
        tools.meter("shop").u64_counter("orders").build().add(1, &[]);
        let page = page(&tools);
        let labels: Vec<_> = own(of(&page, "orders_total")[0].0).into_iter().map(|(name, _)| name).collect();
        assert_eq!(labels, expected, "{value} {variable:?}");
        assert!(of(&page, "target_info")[0].0.contains_key("k8s_pod_uid"), "{page:?}");
    }
}

#[test]
fn meter_becomes_labels_without_conflicts() {
    let tools = tools(&[]);
    let scope = InstrumentationScope::builder("shop")
        .with_version("1.2")
        .with_schema_url("https://x/1")
        .with_attributes([
            KeyValue::new("name", "other"),
            KeyValue::new("schema.url", "other"),
            KeyValue::new("a.b", "1"),
            KeyValue::new("a_b", "2"),
            KeyValue::new("5:x", "3"),
        ])
        .build();
    tools.meter_provider().meter_with_scope(scope).u64_counter("orders").build().add(1, &[]);
    let page = page(&tools);
    let labels = of(&page, "orders_total")[0].0;
    let expected = [
        ("otel_scope_5_x", "3"),
        ("otel_scope_a_b", "1;2"),
        ("otel_scope_name", "shop"),
        ("otel_scope_schema_url", "https://x/1"),
        ("otel_scope_version", "1.2"),
    ];
    let labels: Vec<_> = labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(labels, expected);
}

#[test]
fn suffixes_are_not_doubled() {
    let tools = tools(&[]);
    let meter = tools.meter("shop");
    meter.u64_counter("requests_total").build().add(1, &[]);
    meter.f64_counter("cpu.seconds").with_unit("s").build().add(1.5, &[]);
    meter.f64_counter("time_total").with_unit("s").build().add(1.5, &[]);
    meter.f64_gauge("hit.ratio").with_unit("1").build().record(0.5, &[]);
    meter.u64_counter("hits").with_unit("1").build().add(2, &[]);
    meter.f64_histogram("sent_bytes").with_unit("By").build().record(2.0, &[]);
    let page = page(&tools);
    for (name, value) in [
        ("requests_total", 1.0),
        ("cpu_seconds_total", 1.5),
        ("time_seconds_total", 1.5),
        ("hit_ratio", 0.5),
        ("hits_total", 2.0),
        ("sent_bytes_count", 1.0),
    ] {
        assert_eq!(of(&page, name).first().map(|(_, value)| *value), Some(value), "{name}: {page:?}");
    }
}

#[test]
fn integers_stay_exact() {
    let tools = tools(&[("prometheus.scope_info", "false")]);
    let meter = tools.meter("shop");
    meter.u64_counter("large").build().add(9_007_199_254_740_993, &[]);
    meter.i64_gauge("least").build().record(i64::MIN, &[]);
    // The SDK records finite numbers only, but their sum can be infinite.
    let most = meter.f64_up_down_counter("most").build();
    most.add(f64::MAX, &[]);
    most.add(f64::MAX, &[]);
    let page = text(&tools);
    for line in ["large_total 9007199254740993", "least -9223372036854775808", "most +Inf"] {
        assert!(page.lines().any(|other| other == line), "{line}: {page}");
    }
}

#[test]
fn descriptions_are_escaped_and_one_is_shown() {
    let tools = tools(&[]);
    let describe = |meter: &Meter, text: &'static str| {
        meter.u64_counter("orders").with_description(text).build().add(1, &[]);
    };
    describe(&tools.meter("b"), "second");
    describe(&tools.meter("a"), "a \\ \"b\"\nc\0");
    let page = text(&tools);
    let help: Vec<_> = page.lines().filter(|line| line.starts_with("# HELP orders_total")).collect();
    assert_eq!(help, ["# HELP orders_total a \\\\ \"b\"\\nc\u{fffd}"]);
    assert_eq!(page.matches("# TYPE orders_total counter\n").count(), 1);
    assert_eq!(of(&samples(&page), "orders_total").len(), 2, "{page}");
}

/// The order in which instruments and meters are created decides nothing.
#[test]
fn clash_of_kinds_has_the_same_winner_each_time() {
    for is_reversed in [false, true, false, true] {
        let tools = tools(&[("diagnostics.level", "off")]);
        let counter = || tools.meter("shop").u64_counter("conflict").build().add(1, &[]);
        let gauge = || tools.meter("third").f64_gauge("conflict_total").build().record(3.0, &[]);
        if is_reversed {
            gauge();
            counter();
        } else {
            counter();
            gauge();
        }
        for _ in 0..3 {
            let page = page(&tools);
            let found = of(&page, "conflict_total");
            assert_eq!(found.len(), 1, "{page:?}");
            assert_eq!((found[0].0["otel_scope_name"].as_str(), found[0].1), ("shop", 1.0));
        }
    }
}

#[test]
fn clash_of_kinds_is_reported_once() {
    let output = process::run(process::function(module_path!(), "child_clashes"));
    let stderr = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<_> = stderr.lines().filter(|line| line.contains("Prometheus page")).collect();
    let expected = [
        "autotelemetry: the gauge \"conflict_total\" of the meter \"third\" is not on the Prometheus page, \
         because the counter \"conflict\" of the meter \"shop\" has the name \"conflict_total\" there; \
         rename one of them",
        "autotelemetry: the counter \"orders\" of the meter \"third\" has another description than the \
         counter \"orders\" of the meter \"shop\" on the Prometheus page; the latter is shown",
        "autotelemetry: several values of the gauge \"level\" have the same labels on the Prometheus page; \
         only one of them is shown",
    ];
    assert_eq!(lines, expected, "{stderr}");
}

#[test]
#[ignore = "child process of other tests"]
fn child_clashes() {
    let tools = tools(&[("diagnostics.level", "warn")]);
    let (shop, third) = (tools.meter("shop"), tools.meter("third"));
    third.f64_gauge("conflict_total").build().record(3.0, &[]);
    shop.u64_counter("conflict").build().add(1, &[]);
    third.u64_counter("orders").with_description("b").build().add(1, &[]);
    shop.u64_counter("orders").with_description("a").build().add(1, &[]);
    shop.u64_gauge("level").build().record(1, &[KeyValue::new("a.b", "x")]);
    shop.u64_gauge("level").build().record(2, &[KeyValue::new("a_b", "x")]);
    for _ in 0..3 {
        assert_eq!(of(&page(&tools), "conflict_total").len(), 1);
    }
}

/// A gauge with the name of a part of a histogram, or of the resource, would be a second sample.
#[test]
fn names_of_histograms_and_of_the_resource_are_reserved() {
    let tools = tools(&[("diagnostics.level", "off"), ("prometheus.scope_info", "false")]);
    let meter = tools.meter("shop");
    meter.f64_histogram("time").build().record(1.0, &[]);
    for name in ["time.count", "time.sum", "time.bucket", "target.info"] {
        meter.f64_gauge(name).build().record(77.0, &[]);
    }
    let page = page(&tools);
    assert!(page.values().all(|value| *value != 77.0), "{page:?}");
    assert_eq!(of(&page, "time_count")[0].1, 1.0);
}

#[test]
fn equal_samples_are_merged() {
    let tools = tools(&[("diagnostics.level", "off"), ("prometheus.scope_info", "false")]);
    for meter in ["a", "b"] {
        let meter = tools.meter(meter);
        meter.u64_counter("orders").build().add(2, &[KeyValue::new("a.b", "x")]);
        meter.u64_counter("orders").build().add(3, &[KeyValue::new("a_b", "x")]);
        meter.f64_histogram("time").build().record(7.0, &[]);
        meter.f64_histogram("time").build().record(7.0, &[KeyValue::new("empty", "")]);
    }
    tools.meter("a").u64_counter("codes").build().add(1, &[KeyValue::new("code", 200)]);
    tools.meter("a").u64_counter("codes").build().add(2, &[KeyValue::new("code", "200")]);
    tools.meter("a").f64_counter("codes").build().add(0.5, &[KeyValue::new("code", "200")]);
    tools.meter("a").u64_gauge("level").build().record(1, &[]);
    tools.meter("b").u64_gauge("level").build().record(2, &[]);
    let page = page(&tools);
    assert_eq!(of(&page, "orders_total"), [(&Labels::from([("a_b".into(), "x".into())]), 10.0)]);
    assert_eq!(of(&page, "codes_total")[0].1, 3.5);
    assert_eq!(of(&page, "time_count"), [(&Labels::new(), 4.0)]);
    assert_eq!(of(&page, "time_sum")[0].1, 28.0);
    let bucket = of(&page, "time_bucket").into_iter().find(|(labels, _)| labels["le"] == "10").unwrap();
    assert_eq!(bucket.1, 4.0);
    assert_eq!(of(&page, "level")[0].1, 1.0, "a gauge has no sum");
}

#[test]
fn le_of_a_histogram_is_renamed() {
    let tools = tools(&[]);
    let histogram = tools.meter("shop").f64_histogram("time").with_boundaries(vec![1.0, 5.0]).build();
    histogram.record(2.0, &[KeyValue::new("le", "7")]);
    let page = page(&tools);
    let buckets: Vec<_> = of(&page, "time_bucket")
        .into_iter()
        .map(|(labels, count)| (labels["le"].as_str(), labels["exported_le"].as_str(), count))
        .collect();
    assert_eq!(buckets, [("+Inf", "7", 1.0), ("1", "7", 0.0), ("5", "7", 1.0)]);
    assert_eq!(own(of(&page, "time_count")[0].0), [("exported_le", "7")]);
}

#[test]
fn page_is_compressed_if_the_client_accepts_it() {
    let tools = tools(&[]);
    tools.meter("shop").u64_counter("orders").build().add(1, &[]);
    let plain = text(&tools);
    let address = tools.prometheus_address().unwrap();
    let get = |encoding: &str| {
        test_support::http::request_bytes(
            address,
            &format!(
                "GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\naccept-encoding: {encoding}\r\n\r\n"
            ),
        )
    };
    for encoding in ["gzip", "deflate, gzip;q=0.3", "*"] {
        let (head, body) = get(encoding);
        assert!(
            head.contains("content-encoding: gzip") && head.contains("vary: accept, accept-encoding"),
            "{head}"
        );
        assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
        let mut text = String::new();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&*body), &mut text).unwrap();
        assert_eq!(text, plain);
    }
    for encoding in ["", "gzip;q=0", "identity, gzip;q=0.5", "br"] {
        let (head, body) = get(encoding);
        assert!(!head.contains("content-encoding"), "{head}");
        assert_eq!(body, plain.as_bytes());
    }
}

#[test]
fn translation_strategy_without_suffixes_keeps_names() {
    let tools = tools(&[
        ("prometheus.translation_strategy", "underscore_escaping_without_suffixes"),
        ("prometheus.namespace", "acme"),
    ]);
    tools.meter("shop").u64_counter("foo.bar").with_unit("By").build().add(1, &[]);
    let page = page(&tools);
    assert_eq!(of(&page, "acme_foo_bar").len(), 1, "{page:?}");
}

/// Random metrics and attributes never give an illegal page, and no value is lost.
#[test]
fn random_pages_are_legal_and_complete() {
    for seed in 1..=300 {
        let mut random = Random::new(seed);
        let recorded = random_metrics::record(&mut random);
        let page = page(&recorded.tools);
        recorded.check(&page, seed);
    }
}
