//! Random metrics on the Prometheus page, judged by `promtool` and a real Prometheus.
//!
//! Checks a few hundred pages; `PAGES=10000 cargo test --all-features --test collector
//! prometheus_page` checks more.
#![cfg(feature = "prometheus")]
#![allow(clippy::float_cmp, reason = "Prometheus stores values without a loss")]

use std::{io::Write as _, net::SocketAddr, process::Stdio};

use autotelemetry::prelude::*;
use test_support::{
    builder,
    http::{request_bytes, serve},
    page::{Samples, samples, with_equal_bounds},
    process::count_of,
    programs::Program,
    prometheus::{Prometheus, assert_readable},
    random::Random,
    random_metrics::{Recorded, record},
    require,
};

/// The pages that one Prometheus scrapes.
const TARGETS: u64 = 100;

/// The formats that Prometheus can scrape, with names that its version 2 accepts.
const FORMATS: [&str; 5] = [
    "text/plain;version=0.0.4",
    "text/plain;version=1.0.0;escaping=dots",
    "application/openmetrics-text;version=0.0.1",
    "application/openmetrics-text;version=1.0.0;escaping=values",
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
];

/// Returns the content type and the page of a format.
fn fetch(address: SocketAddr, accept: &str) -> (String, Vec<u8>) {
    let request =
        format!("GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\naccept: {accept}\r\n\r\n");
    let (head, page) = request_bytes(address, &request);
    assert!(head.starts_with("http/1.1 200"), "{head}");
    let content_type = head.lines().find_map(|line| line.strip_prefix("content-type: ")).unwrap();
    (content_type.to_owned(), page)
}

/// Returns the page as text, with the escaping of a format.
fn page(recorded: &Recorded, format: &str) -> String {
    let escaping = format.split_once("escaping=").map_or("underscores", |(_, escaping)| escaping);
    let accept = format!("text/plain;version=1.0.0;escaping={escaping}");
    String::from_utf8(fetch(recorded.tools.prometheus_address().unwrap(), &accept).1).unwrap()
}

/// Returns the samples as Prometheus stores them: it adds the labels `job` and `instance`.
fn stored(page: Samples, job: &str, target: &str) -> Samples {
    let stored = page.into_iter().map(|((name, labels), value)| {
        let mut exported = labels.clone();
        for label in ["job", "instance"] {
            if let Some(value) = exported.remove(label) {
                // Prometheus renames a label, again and again until the name is free.
                let mut name = format!("exported_{label}");
                while labels.contains_key(&name) {
                    name = format!("exported_{name}");
                }
                exported.insert(name, value);
            }
        }
        exported.insert("job".to_owned(), job.to_owned());
        exported.insert("instance".to_owned(), target.to_owned());
        ((name, exported), value)
    });
    stored.collect()
}

#[test]
fn promtool_accepts_random_pages() {
    require!(Promtool);
    for seed in 1..=count_of("PAGES", 100) {
        assert_readable(&page(&record(&mut Random::new(seed)), FORMATS[0]));
    }
}

#[test]
fn prometheus_stores_random_pages_of_each_format() {
    require!(Prometheus);
    let pages = count_of("PAGES", 100);
    for first in (1..=pages).step_by(usize::try_from(TARGETS).unwrap()) {
        let last = pages.min(first + TARGETS - 1);
        let all: Vec<_> = (first..=last).zip(FORMATS.into_iter().cycle()).map(target).collect();
        let targets: Vec<_> = all.iter().map(|(target, ..)| target.clone()).collect();
        let prometheus = Prometheus::scrape_all("random", &targets);
        for (seed, (target, format, recorded)) in (first..).zip(&all) {
            let selector = format!("{{job=\"random\", instance=\"{target}\"}}");
            prometheus.wait(&format!("max_over_time(up{selector}[1m])"), "1");
            let found = with_equal_bounds(prometheus.samples(&selector));
            recorded.check(&found, seed);
            let expected = stored(with_equal_bounds(samples(&page(recorded, format))), "random", target);
            for (series, value) in &expected {
                let is_equal =
                    found.get(series).is_some_and(|found| found == value || found.is_nan() && value.is_nan());
                assert!(
                    is_equal,
                    "{seed} {format}: {series:?} is {:?}, not {value}: {found:#?}",
                    found.get(series)
                );
            }
        }
    }
}

/// Records metrics, and serves their page in one format, whichever one Prometheus would prefer.
fn target((seed, format): (u64, &'static str)) -> (String, &'static str, Recorded) {
    let recorded = record(&mut Random::new(seed));
    let address = recorded.tools.prometheus_address().unwrap();
    (serve(move || fetch(address, format)).to_string(), format, recorded)
}

/// Prints the samples of a page in OpenMetrics, one JSON object a line.
const READ_OPEN_METRICS: &str = "
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
for family in text_string_to_metric_families(sys.stdin.buffer.read().decode()):
    for sample in family.samples:
        print(json.dumps([family.type, family.unit, sample.name, sample.labels, float(sample.value)]))
";

/// The parser of the official client for Python is stricter than Prometheus.
#[test]
fn python_client_reads_names_with_all_characters() {
    require!(PrometheusClient);
    let tools = builder()
        .service_name("shop")
        .prometheus_port(0)
        .set("prometheus.translation_strategy", "no_utf8_escaping_with_suffixes")
        .set("prometheus.resource_labels", "service.name")
        .build()
        .unwrap();
    let meter = tools.meter("größe");
    let attributes = [KeyValue::new("http.method", "a\"b\\c\nd"), KeyValue::new("ключ \"1\"", 7)];
    meter
        .u64_counter("orders.sent")
        .with_unit("By")
        .with_description("\"a\"\\\n")
        .build()
        .add(3, &attributes);
    meter.f64_histogram("http.time").with_unit("s").build().record(0.5, &attributes);
    meter.f64_gauge("a/b-c").build().record(-1.5, &[]);

    let accept = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8";
    let page = fetch(tools.prometheus_address().unwrap(), accept).1;
    let mut python = Program::PrometheusClient.command();
    python.args(["-c", READ_OPEN_METRICS]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut python = python.spawn().unwrap();
    python.stdin.take().unwrap().write_all(&page).unwrap();
    let output = python.wait_with_output().unwrap();
    let page = String::from_utf8(page).unwrap();
    assert!(output.status.success(), "{page}");
    let lines = String::from_utf8(output.stdout).unwrap();
    let mut read = Samples::new();
    for line in lines.lines() {
        let (kind, unit, name, labels, value): (String, String, String, _, f64) =
            serde_json::from_str(line).unwrap();
        let expected = match &*name {
            "orders.sent_bytes_total" => ("counter", "bytes"),
            "a/b-c" => ("gauge", ""),
            "target_info" => ("info", ""),
            _ => ("histogram", "seconds"),
        };
        assert_eq!((&*kind, &*unit), expected, "{page}");
        read.insert((name, labels), value);
    }
    assert_eq!(read, samples(&page));
}
