//! Observable instruments on the Prometheus page, alone and beside pushes.
#![cfg(feature = "prometheus")]

use std::time::{Duration, Instant};

use autotelemetry::{ObservabilityTools, opentelemetry::metrics::MeterProvider as _, prelude::*};
use test_support::{builder, mock_collector::MockCollector, with_env};

use super::metrics::{count_collections, hang, panic_at_first, pushed, pushing};

fn scrape(tools: &ObservabilityTools) -> String {
    let (head, body) = test_support::http::request(tools.prometheus_address().unwrap(), "GET /metrics");
    assert!(head.starts_with("http/1.1 200"), "{head}\n{body}");
    body
}

/// Returns whether the page has this sample without attributes.
fn shows(page: &str, name: &str, value: u64) -> bool {
    page.lines().any(|line| line.starts_with(&format!("{name}{{")) && line.ends_with(&format!(" {value}")))
}

#[test]
fn panicking_callback_skips_one_page_of_its_instrument() {
    let tools = builder().service_name("shop").prometheus_port(0).build().unwrap();
    let meter = tools.meter_provider().meter("shop");
    count_collections(&meter, "before");
    panic_at_first(&meter, "bad");
    count_collections(&meter, "after");
    meter.u64_counter("direct").build().add(1, &[]);

    let page = scrape(&tools);
    assert!(!page.contains("bad"), "{page}");
    assert!(shows(&page, "before_total", 10) && shows(&page, "after_total", 10), "{page}");
    assert!(shows(&page, "direct_total", 1), "{page}");
    let page = scrape(&tools);
    assert!(shows(&page, "bad", 7) && shows(&page, "after_total", 20), "{page}");
}

#[test]
fn pages_and_pushes_show_the_same_instruments() {
    let mock = MockCollector::start();
    let tools = pushing(&mock).prometheus_port(0).set("metrics.exporters", "otlp,prometheus");
    let tools = tools.build().unwrap();
    let meter = tools.meter("shop");
    count_collections(&meter, "collections");
    panic_at_first(&meter, "bad");

    let page = scrape(&tools);
    assert!(shows(&page, "collections_total", 10) && !page.contains("bad"), "{page}");
    tools.force_flush().unwrap();
    assert_eq!((pushed(&mock, "collections"), pushed(&mock, "bad")), (vec![vec![20]], vec![vec![7]]));
    let page = scrape(&tools);
    assert!(shows(&page, "collections_total", 30) && shows(&page, "bad", 7), "{page}");
    tools.shutdown().unwrap();
    assert_eq!(pushed(&mock, "collections"), [[20], [40]]);
}

/// Concurrent collections run each callback for one of them only.
#[test]
fn concurrent_pages_and_pushes_are_complete() {
    let mock = MockCollector::start();
    let tools = pushing(&mock).prometheus_port(0).set("metrics.exporters", "otlp,prometheus");
    let tools = tools.build().unwrap();
    let meter = tools.meter("shop");
    count_collections(&meter, "collections");
    meter
        .i64_observable_up_down_counter("stock")
        .with_callback(|observer| {
            for shelf in 1..=3 {
                observer.observe(shelf, &[KeyValue::new("shelf", shelf)]);
            }
        })
        .build();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..10 {
                    let page = scrape(&tools);
                    assert!((1..=3).all(|shelf| shows(&page, "stock", shelf)), "{page}");
                }
            });
        }
        for _ in 0..10 {
            tools.force_flush().unwrap();
        }
    });
    assert_eq!(pushed(&mock, "stock"), vec![vec![1, 2, 3]; 10]);
    tools.shutdown().unwrap();
    assert_eq!(
        pushed(&mock, "collections").last().unwrap(),
        &[510],
        "40 pages, 10 pushes, and one at the end"
    );
}

#[test]
fn pushes_are_differences_beside_a_cumulative_page() {
    let mock = MockCollector::start();
    let tools = with_env(&[
        ("OTEL_SERVICE_NAME", "shop"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &mock.url()),
        ("OTEL_EXPORTER_PROMETHEUS_PORT", "0"),
        ("OTEL_METRICS_EXPORTER", "otlp,prometheus"),
        ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta"),
    ])
    .build()
    .unwrap();
    assert_eq!(tools.warnings(), []);
    let meter = tools.meter("shop");
    count_collections(&meter, "collections");
    let counter = meter.u64_counter("direct").build();
    for _ in 0..2 {
        counter.add(1, &[]);
        tools.force_flush().unwrap();
    }
    assert_eq!(pushed(&mock, "direct"), [[1], [1]]);
    assert_eq!(pushed(&mock, "collections"), [[10], [10]]);
    assert!(shows(&scrape(&tools), "direct_total", 2));
    assert!(shows(&scrape(&tools), "collections_total", 40));
}

#[test]
fn page_skips_a_hanging_callback() {
    let tools = builder().service_name("shop").prometheus_port(0).build().unwrap();
    let meter = tools.meter("shop");
    let release = hang(&meter, "slow");
    count_collections(&meter, "behind");
    meter.u64_counter("direct").build().add(1, &[]);
    let start = Instant::now();
    let page = scrape(&tools);
    assert!(start.elapsed() < Duration::from_secs(10), "no longer than the scrape timeout of Prometheus");
    assert!(shows(&page, "direct_total", 1), "{page}");
    assert!(shows(&scrape(&tools), "behind_total", 10));
    tools.shutdown().unwrap();
    drop(release);
}
