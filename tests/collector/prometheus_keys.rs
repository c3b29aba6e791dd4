//! Each key of `[prometheus]` at a real Prometheus.
#![cfg(feature = "prometheus")]

use autotelemetry::{
    opentelemetry::{InstrumentationScope, metrics::MeterProvider as _},
    prelude::*,
};
use test_support::{
    http::{request_bytes, serve},
    prometheus::Prometheus,
    require, with_file,
};

/// Returns tools with these keys in `[prometheus]`, and metrics on their page.
fn tools(keys: &str) -> (ObservabilityTools, tempfile::TempDir) {
    let text = format!(
        "[service]\nname = \"shop\"\n[resource.attributes]\n\"k8s.pod.name\" = \"shop-7\"\n\"k8s.pod.uid\" = \"u1\"\n\
         team = \"data\"\n[metrics]\nexporters = [\"prometheus\"]\n[prometheus]\n{keys}\n"
    );
    let (builder, directory) = with_file(&text, &[]);
    let tools = builder.prometheus_port(0).build().unwrap();
    let scope = InstrumentationScope::builder("shop")
        .with_version("1.4")
        .with_schema_url("https://example.org/1")
        .with_attributes([KeyValue::new("tier", "front")]);
    let meter = tools.meter_provider().meter_with_scope(scope.build());
    meter.u64_counter("orders.sent").with_unit("By").build().add(3, &[KeyValue::new("pay.method", "card")]);
    (tools, directory)
}

fn target(tools: &ObservabilityTools) -> String {
    tools.prometheus_address().unwrap().to_string()
}

/// Returns the names of the labels that do not come from Prometheus or the measurement, sorted.
fn added_labels(labels: &serde_json::Value) -> Vec<&str> {
    let names = labels.as_object().unwrap().keys().map(String::as_str);
    let mut names: Vec<_> =
        names.filter(|name| !["__name__", "instance", "job", "pay_method"].contains(name)).collect();
    names.sort_unstable();
    names
}

const TOTAL: &str = "orders_sent_bytes_total";

#[test]
fn resource_labels_are_on_each_series() {
    require!(Prometheus);
    let cases = [
        ("", &[][..]),
        ("resource_labels = [\"k8s.*\"]", &["k8s_pod_name", "k8s_pod_uid"]),
        (
            "resource_labels = { excluded = [\"*.uid\", \"telemetry.*\"] }",
            &["k8s_pod_name", "service_name", "team"],
        ),
    ];
    let all = cases.map(|(keys, _)| tools(&format!("scope_info = false\n{keys}")));
    let targets = all.each_ref().map(|(tools, _)| target(tools));
    let prometheus = Prometheus::scrape_all("shop", &targets);
    for ((keys, expected), target) in cases.into_iter().zip(&targets) {
        let labels = prometheus.wait(&format!("{TOTAL}{{instance=\"{target}\"}}"), "3");
        assert_eq!(added_labels(&labels), expected, "{keys}");
        let info = prometheus.wait(&format!("target_info{{instance=\"{target}\"}}"), "1");
        assert_eq!((&info["team"], &info["k8s_pod_uid"]), (&"data".into(), &"u1".into()), "{keys}");
    }
    // A query without a join finds the series of a pod.
    prometheus.wait(&format!("sum by (k8s_pod_name) ({TOTAL}{{k8s_pod_name=\"shop-7\"}})"), "6");
}

#[test]
fn information_about_scope_and_target_can_be_left_out() {
    require!(Prometheus);
    let of_scope = ["otel_scope_name", "otel_scope_schema_url", "otel_scope_tier", "otel_scope_version"];
    let cases = [(true, true), (false, true), (true, false)];
    let all = cases.map(|(scope, target)| tools(&format!("scope_info = {scope}\ntarget_info = {target}")));
    let targets = all.each_ref().map(|(tools, _)| target(tools));
    let prometheus = Prometheus::scrape_all("shop", &targets);
    for ((scope_info, target_info), target) in cases.into_iter().zip(&targets) {
        let labels = prometheus.wait(&format!("{TOTAL}{{instance=\"{target}\"}}"), "3");
        assert_eq!(added_labels(&labels), if scope_info { &of_scope[..] } else { &[] });
        let count = format!("count(target_info{{instance=\"{target}\"}}) or vector(0)");
        prometheus.wait(&count, if target_info { "1" } else { "0" });
    }
}

/// Serves the page with escaped names, which Prometheus 2 does not request.
fn with_dots(tools: &ObservabilityTools) -> String {
    let page = tools.prometheus_address().unwrap();
    let relay = serve(move || {
        let accept = "text/plain;version=1.0.0;escaping=dots";
        let request =
            format!("GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\naccept: {accept}\r\n\r\n");
        let (head, body) = request_bytes(page, &request);
        let (_, content_type) = head.split_once("content-type: ").unwrap();
        (content_type.lines().next().unwrap().to_owned(), body)
    });
    relay.to_string()
}

#[test]
fn translation_strategy_decides_the_names() {
    require!(Prometheus);
    let cases = [
        ("underscore_escaping_with_suffixes", TOTAL, "orders__sent__bytes__total"),
        ("underscore_escaping_without_suffixes", "orders_sent", "orders__sent"),
        ("no_utf8_escaping_with_suffixes", TOTAL, "orders_dot_sent__bytes__total"),
        ("no_translation", "orders_sent", "orders_dot_sent"),
    ];
    let all = cases.map(|(strategy, ..)| tools(&format!("translation_strategy = \"{strategy}\"")));
    let targets = all.each_ref().map(|(tools, _)| [target(tools), with_dots(tools)]);
    let prometheus = Prometheus::scrape_all("shop", targets.as_flattened());
    for ((strategy, plain, with_dots), targets) in cases.into_iter().zip(&targets) {
        for (name, target) in [plain, with_dots].into_iter().zip(targets) {
            let labels = prometheus.wait(&format!("{{__name__=~\"orders.*\", instance=\"{target}\"}}"), "3");
            assert_eq!(labels["__name__"], name, "{strategy}");
        }
    }
}

#[test]
fn namespace_begins_all_names() {
    require!(Prometheus);
    let (tools, _directory) = tools("namespace = \"web\"");
    Prometheus::scrape("shop", &target(&tools)).wait("web_orders_sent_bytes_total", "3");
}

/// The program serves the page by its own web server.
#[test]
fn page_without_a_server_of_its_own_is_scraped() {
    require!(Prometheus);
    let (tools, _directory) = tools("listen = false");
    assert_eq!(tools.prometheus_address(), None);
    let address = serve(move || {
        let page = tools.prometheus_metrics(None).unwrap();
        (page.content_type().to_owned(), page.body().to_vec())
    });
    Prometheus::scrape("shop", &address.to_string()).wait(TOTAL, "3");
}
