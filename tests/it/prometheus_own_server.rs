//! The Prometheus page for the program's own web server.
#![cfg(feature = "prometheus")]

use std::{
    io::Read as _,
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use autotelemetry::{
    ObservabilityTools, opentelemetry::metrics::MeterProvider as _, prometheus::MetricsPageError,
};
use test_support::{
    builder,
    http::request,
    page::{of, samples},
    process, with_file,
};

use super::metrics::{count_collections, hang};

fn tools() -> ObservabilityTools {
    let (builder, _directory) = with_file(
        "[service]\nname = \"shop\"\n[metrics]\nexporters = [\"prometheus\"]\n[prometheus]\nlisten = false\n",
        &[],
    );
    let tools = builder.build().unwrap();
    tools.meter("shop").u64_counter("orders").build().add(3, &[]);
    tools
}

#[test]
fn page_is_available_without_a_server() {
    let tools = tools();
    assert_eq!(tools.prometheus_address(), None);
    let page = tools.prometheus_metrics(None).unwrap();
    assert_eq!(page.content_type(), "text/plain; version=0.0.4; charset=utf-8; escaping=underscores");
    assert_eq!(page.content_encoding(), None);
    let text = String::from_utf8(page.body().to_vec()).unwrap();
    assert_eq!(of(&samples(&text), "orders_total").len(), 1, "{text}");

    let compressed = page.clone().compress(Some("deflate, gzip;q=0.5"));
    assert_eq!(compressed.content_encoding(), Some("gzip"));
    let mut content = String::new();
    flate2::read::GzDecoder::new(compressed.body()).read_to_string(&mut content).unwrap();
    assert_eq!(content, text);
    for plain in [None, Some("br"), Some("gzip;q=0")] {
        assert_eq!(page.clone().compress(plain), page);
    }

    let page = tools.prometheus_metrics(Some("application/openmetrics-text; version=1.0.0")).unwrap();
    assert!(page.content_type().starts_with("application/openmetrics-text"), "{page:?}");
    assert!(page.into_body().ends_with(b"# EOF\n"));
}

#[test]
fn page_equals_that_of_the_server() {
    let tools = builder().service_name("shop").prometheus_port(0).build().unwrap();
    tools.meter("shop").u64_counter("orders").build().add(3, &[]);
    let (_, served) = request(tools.prometheus_address().unwrap(), "GET /metrics");
    assert_eq!(tools.prometheus_metrics(None).unwrap().body(), served.as_bytes());
}

#[test]
fn missing_page_is_an_error() {
    assert_eq!(ObservabilityTools::disabled().prometheus_metrics(None), Err(MetricsPageError::NotConfigured));
    let without = builder().service_name("shop").build().unwrap();
    let error = without.prometheus_metrics(None).unwrap_err();
    assert_eq!(error.to_string(), "`metrics.exporters` does not contain `prometheus`");
    let tools = tools();
    tools.shutdown().unwrap();
    let error = tools.prometheus_metrics(None).unwrap_err();
    assert!(matches!(&error, MetricsPageError::Failed(reason) if reason.contains("collect")), "{error}");
}

#[test]
fn startup_line_names_no_address() {
    let output = process::run(process::function(module_path!(), "child_installs"));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("metrics to prometheus (served by the program)"), "{stderr}");
}

#[test]
#[ignore = "child process of other tests"]
fn child_installs() {
    let builder = builder().service_name("shop").prometheus_port(0).set("prometheus.listen", false);
    builder.install().unwrap().shutdown().unwrap();
}

/// Works on a thread of a runtime, inside of a task.
#[tokio::test]
async fn page_is_made_inside_of_a_task() {
    let tools = tools();
    for _ in 0..300 {
        // Uses up the budget of the task.
        let _ = tokio::sync::Semaphore::new(1).acquire().await.unwrap();
    }
    assert!(!tools.prometheus_metrics(None).unwrap().body().is_empty());
}

#[test]
fn hanging_callback_delays_a_page_for_a_limited_time() {
    let tools = tools();
    let meter = tools.meter_provider().meter("shop");
    let release = hang(&meter, "slow");
    count_collections(&meter, "behind");
    let start = Instant::now();
    let page = tools.prometheus_metrics(None).unwrap();
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    assert!(page.body().starts_with(b"# HELP target_info"), "{page:?}");
    tools.shutdown().unwrap();
    drop(release);
}

/// More threads than processors wait for each other and share pages.
#[test]
fn crowd_receives_complete_pages() {
    let tools = tools();
    let barrier = Barrier::new(40);
    thread::scope(|scope| {
        for number in 0..40 {
            let (tools, barrier) = (&tools, &barrier);
            scope.spawn(move || {
                barrier.wait();
                let accept = ["text/plain", "application/openmetrics-text"][number % 2];
                let page = tools.prometheus_metrics(Some(accept)).unwrap();
                assert!(page.content_type().starts_with(accept));
                let text = String::from_utf8(page.into_body()).unwrap();
                assert_eq!(text.ends_with("# EOF\n"), number % 2 == 1);
                assert_eq!(of(&samples(&text), "orders_total").len(), 1, "{text}");
            });
        }
    });
}
