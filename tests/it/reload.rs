//! A reload of the configuration, called by the program.

use std::{
    fs,
    net::TcpListener,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use autotelemetry::{
    ObservabilityTools, Signal, error::ErrorKind, opentelemetry::propagation::TextMapPropagator as _,
    prelude::*, reload::Change,
};
use opentelemetry_proto::tonic::metrics::v1::{Metric, metric::Data, number_data_point::Value as Number};
pub(crate) use test_support::service::Service;
use test_support::{mock_collector::MockCollector, value};
use tracing_subscriber::layer::SubscriberExt as _;

pub(crate) fn keys(changes: &[Change]) -> Vec<&str> {
    changes.iter().map(Change::key).collect()
}

/// Returns the sum of a counter.
pub(crate) fn sum(metric: &Metric) -> u64 {
    let Some(Data::Sum(sum)) = &metric.data else { return 0 };
    let number = |value: &Option<Number>| match value {
        Some(Number::AsInt(number)) => u64::try_from(*number).unwrap(),
        _ => 0,
    };
    sum.data_points.iter().map(|point| number(&point.value)).sum()
}

pub(crate) fn spans(tools: &ObservabilityTools, count: usize) {
    for _ in 0..count {
        tools.tracer("shop").start("order").end();
    }
}

#[test]
fn levels_change_for_loggers_and_layers_that_exist() {
    let service = Service::start("logs.level = \"warn\"");
    let logger = service.tools.logger("shop");
    let layer = Arc::new(tracing_subscriber::registry().with(service.tools.tracing_layer()));
    let log = || {
        logger.info("by a logger", &[]);
        tracing::subscriber::with_default(Arc::clone(&layer), || tracing::info!("by tracing"));
        service.messages()
    };
    assert_eq!(log(), [""; 0]);
    let reload = service.reload("logs.level = \"info\"");
    let [change] = reload.changed() else { panic!("{reload:?}") };
    assert_eq!(
        (change.key(), change.old_value(), change.new_value()),
        ("logs.level", "\"warn\"", "\"info\"")
    );
    assert!(change.origin().to_string().ends_with("autotelemetry.toml:3:14"), "{change}");
    assert_eq!(log(), ["by a logger", "by tracing"]);
    service.reload("logs = { level = \"info\", levels = { console = \"error\" } }");
    assert_eq!(log(), [""; 0]);
    service.reload("logs = { level = \"off\", levels = { console = \"warn,shop=info\" } }");
    assert_eq!(log(), ["by a logger"]);
}

#[test]
fn level_of_the_program_stays_until_the_file_changes_its_own() {
    let service = Service::start("logs.level = \"warn\"");
    let logger = service.tools.logger("shop");
    service.tools.set_log_level("debug").unwrap();
    service.reload("logs.level = \"warn\"\nconsole.color = \"never\"");
    logger.debug("kept", &[]);
    assert_eq!(service.messages(), ["kept"]);
    service.reload("logs.level = \"error\"");
    logger.debug("now that of the file", &[]);
    assert_eq!(service.messages(), [""; 0]);
}

#[test]
fn sampler_and_scopes_change_for_tracers_that_exist() {
    let text = |rest: &str| format!("traces.exporters = [\"console\"]\nlogs.exporters = []\n{rest}");
    let service = Service::start(&text("traces.sampler = \"always_off\""));
    let tracer = service.tools.tracer("shop");
    let sampled = || {
        tracer.start("order").end();
        service.console.take().lines().count()
    };
    assert_eq!(sampled(), 0);
    let reload = service.reload(&text("traces.sampler = { trace_id_ratio_based = { ratio = 1.0 } }"));
    assert_eq!(keys(reload.changed()), ["traces.sampler", "traces.sampler_arg"], "{reload:?}");
    assert_eq!(sampled(), 1);
    service.reload(&text("traces.scopes = [{ name = \"shop\", enabled = false }]"));
    assert_eq!(sampled(), 0);
    service.reload(&text(""));
    assert_eq!(sampled(), 1);
}

/// The rest of the rate would be lost with a new sampler.
#[test]
fn unchanged_sampler_keeps_its_state() {
    let traces = "traces.exporters = [\"console\"]\nlogs.exporters = []\n\
                  traces.sampler = { rate_limiting = { per_second = 1 } }\n";
    let service = Service::start(traces);
    let started = Instant::now();
    for number in 0..20 {
        spans(&service.tools, 1);
        service.reload(&format!("{traces}traces.batch.max_queue_size = {}", 100 + number));
    }
    let expected = 1 + started.elapsed().as_secs();
    assert!(service.console.take().lines().count() as u64 <= expected);
}

#[test]
fn queued_items_go_to_the_new_endpoint() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let nowhere = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let (first, second) = (MockCollector::start(), MockCollector::start());
    let text = |url: &str, more: &str| {
        format!(
            "otlp.endpoint = \"{url}\"\ntraces.exporters = [\"otlp\"]\nlogs.exporters = [\"otlp\"]\n\
             metrics.exporters = []\ntraces.batch.schedule_delay = \"1h\"\nlogs.batch.schedule_delay = \"1h\"\n{more}"
        )
    };
    let service = Service::start(&text(&nowhere, ""));
    spans(&service.tools, 7);
    service.tools.logger("shop").info("order", &[]);
    let reload = service.reload(&text(&first.url(), "otlp.headers = { tenant = \"one\" }"));
    assert_eq!(keys(reload.changed()), ["otlp.endpoint", "otlp.headers.tenant"]);
    service.tools.force_flush().unwrap();
    assert_eq!((first.spans().len(), first.logs().len()), (7, 1));
    assert!(first.received().iter().all(|request| request.header("tenant") == Some("one")));
    let stats = service.tools.stats();
    let stats = stats.exporter(Signal::Traces, "otlp").unwrap();
    assert_eq!((stats.emitted(), stats.exported(), stats.queued()), (7, 7, 0));
    assert!(stats.destination().starts_with(&first.url()), "{}", stats.destination());

    service.reload(&text(&second.url(), "otlp.protocol = \"grpc\"\notlp.tls.insecure = true"));
    spans(&service.tools, 3);
    service.tools.shutdown().unwrap();
    assert_eq!((first.spans().len(), second.spans().len()), (7, 3));
    let stats = service.tools.stats();
    let stats = stats.exporter(Signal::Traces, "otlp").unwrap();
    assert_eq!((stats.emitted(), stats.exported()), (10, 10), "one account for all destinations");
}

#[test]
fn secret_in_a_file_is_read_again() {
    let collector = MockCollector::start();
    let directory = tempfile::tempdir().unwrap();
    let secret = directory.path().join("token");
    fs::write(&secret, "canary-old").unwrap();
    let text = format!(
        "otlp = {{ endpoint = \"{}\", headers = {{ authorization = {{ file = {secret:?} }} }} }}\n\
         logs.exporters = [\"otlp\"]\nmetrics.exporters = []",
        collector.url()
    );
    let service = Service::start(&text);
    fs::write(&secret, "canary-new").unwrap();
    let reload = service.reload(&text);
    assert_eq!(keys(reload.changed()), ["otlp.headers.authorization"]);
    assert_eq!(reload.changed()[0].to_string(), "otlp.headers.authorization (secret)");
    assert!(!format!("{reload:?}").contains("canary"));
    spans(&service.tools, 1);
    service.tools.shutdown().unwrap();
    assert_eq!(collector.received()[0].header("authorization"), Some("canary-new"));
}

#[test]
fn exporters_are_added_and_removed() {
    let collector = MockCollector::start();
    let to = |exporters: &str| {
        format!(
            "otlp.endpoint = \"{}\"\ntraces.exporters = [{exporters}]\nlogs.exporters = [{exporters}]\n\
             metrics.exporters = []\ntraces.batch.schedule_delay = \"1h\"",
            collector.url()
        )
    };
    let service = Service::start(&to("\"console\""));
    let logger = service.tools.logger("shop");
    let emit = || {
        spans(&service.tools, 1);
        logger.info("order", &[]);
    };
    emit();
    service.reload(&to("\"console\", \"otlp\""));
    emit();
    service.reload(&to("\"otlp\""));
    emit();
    service.reload(&to(""));
    emit();
    // What the removed exporter held is delivered without a flush.
    collector.wait(|received| received.len() == 2);
    assert_eq!(service.console.take().lines().count(), 4);
    let stats = service.tools.stats();
    for (signal, exporter) in [(Signal::Traces, "console"), (Signal::Logs, "otlp")] {
        let stats = stats.exporter(signal, exporter).unwrap();
        assert!(stats.is_retired() && stats.emitted() == 2, "{stats:?}");
    }
    service.reload(&to("\"otlp\", \"console\""));
    emit();
    service.tools.shutdown().unwrap();
    let stats = service.tools.stats();
    let stats = stats.exporter(Signal::Traces, "otlp").unwrap();
    assert!(!stats.is_retired());
    assert_eq!((stats.emitted(), stats.exported(), collector.spans().len()), (3, 3, 3));
}

#[test]
fn removed_exporter_that_cannot_deliver_loses_its_items_with_a_reason() {
    let collector = MockCollector::start();
    collector.set_delay(Duration::from_secs(3600));
    let to = |exporters: &str| {
        format!(
            "otlp.endpoint = \"{}\"\ntraces.exporters = [{exporters}]\nlogs.exporters = []\n\
             metrics.exporters = []\ntraces.batch = {{ max_concurrent_exports = 1, max_export_batch_size = 1 }}",
            collector.url()
        )
    };
    let service = Service::start(&to("\"otlp\""));
    spans(&service.tools, 5);
    fs::write(service.file(), format!("service.name = \"shop\"\nshutdown_timeout = \"50ms\"\n{}", to("")))
        .unwrap();
    service.tools.reload().unwrap();
    let removed = || {
        let stats = service.tools.stats();
        stats.exporter(Signal::Traces, "otlp").unwrap().dropped_by_reason().removed()
    };
    let deadline = Instant::now() + test_support::TIMEOUT;
    while removed() == 0 {
        assert!(Instant::now() < deadline);
        thread::yield_now();
    }
    assert_eq!(removed(), 4, "one is being sent");
}

#[test]
fn problems_change_nothing() {
    let service = Service::start("logs.level = \"info\"\nconsole.format = \"json\"");
    let logger = service.tools.logger("shop");
    let refused = |text: &str, message: &str| {
        let error = service.try_reload(text).unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
        assert_eq!(error.kind(), ErrorKind::Configuration);
    };
    refused("logs.level = \"loud\"", "autotelemetry.toml:3:14: logs.level");
    refused("logs.level = \"off\"\nlogs.lvl = 1", "unknown key");
    refused("logs.level = \"off\"\n[file", "autotelemetry.toml:4:6: unclosed table");
    refused(
        "logs = { level = \"off\", exporters = [\"console\", \"file\"] }\nfile.directory = \"/proc/nowhere\"",
        "file.directory",
    );
    fs::write(service.file(), "").unwrap();
    assert!(service.tools.reload().unwrap_err().to_string().ends_with("is empty"));
    fs::remove_file(service.file()).unwrap();
    assert!(service.tools.reload().unwrap_err().to_string().contains("cannot read"));
    fs::create_dir(service.file()).unwrap();
    assert!(service.tools.reload().unwrap_err().to_string().contains("not a regular file"));
    fs::remove_dir(service.file()).unwrap();
    logger.info("still info", &[]);
    assert_eq!(service.messages(), ["still info"]);
    let reloads = service.tools.reloads();
    assert_eq!((reloads.applied(), reloads.refused()), (0, 7));
    assert!(reloads.last_error().unwrap().contains("not a regular file"));
    service.reload("logs.level = \"off\"");
    let reloads = service.tools.reloads();
    assert_eq!((reloads.applied(), reloads.last_error()), (1, None));
    assert!(reloads.last_applied() > reloads.last_refused());
}

#[test]
fn values_that_need_a_restart_are_named_and_stay() {
    let service = Service::start("metrics.temporality = \"cumulative\"");
    let reload = service.reload(
        "service.version = \"2\"\nmetrics.temporality = \"delta\"\nlogs.level = \"debug\"\n\
         resource.attributes = { team = \"a\" }\ntraces.limits.event_count_limit = 5",
    );
    assert_eq!(keys(reload.changed()), ["logs.level"]);
    let restart = keys(reload.needs_restart());
    assert_eq!(
        restart,
        [
            "metrics.temporality",
            "resource.attributes.team",
            "service.version",
            "traces.limits.event_count_limit"
        ]
    );
    assert_eq!(value(&service.tools, "metrics.temporality"), "\"cumulative\"");
    assert_eq!(value(&service.tools, "service.version"), "-");
    assert_eq!(value(&service.tools, "logs.level"), "\"debug\"");
}

#[test]
fn console_and_file_follow() {
    let service = Service::start("logs.exporters = [\"console\"]");
    let logger = service.tools.logger("shop");
    let directory = service.path("logs");
    logger.info("json", &[]);
    let file = |format: &str| {
        format!(
            "logs.exporters = [\"console\", \"file\"]\nconsole.format = \"text\"\nfile = {{ directory = {directory:?}, rotation = \"never\", format = \"{format}\" }}"
        )
    };
    service.reload(&file("json"));
    logger.info("text", &[]);
    service.reload(&file("text"));
    logger.info("both text", &[]);
    service.tools.force_flush().unwrap();
    let console = service.console.take();
    let lines: Vec<_> = console.lines().collect();
    assert!(lines[0].starts_with('{') && lines[1].contains("INFO shop: text"), "{console}");
    let written = fs::read_to_string(directory.join("shop.log")).unwrap();
    let lines: Vec<_> = written.lines().collect();
    assert!(lines[0].starts_with('{') && lines[1].contains("INFO shop: both text"), "{written}");
}

#[test]
fn propagators_redaction_and_limits_follow() {
    let text = |rest: &str| format!("traces.exporters = [\"console\"]\nlogs.exporters = []\n{rest}");
    let service = Service::start(&text(""));
    let propagator = service.tools.propagator().clone();
    let headers = || {
        let mut headers = std::collections::HashMap::<String, String>::new();
        let span = service.tools.tracer("shop").start_as_current_span("order");
        span.set_attribute(KeyValue::new("card", "4711-0815"));
        propagator.inject(&mut headers);
        drop(span);
        let mut names: Vec<_> = headers.into_keys().collect();
        names.sort();
        (names, service.console.take())
    };
    assert_eq!(headers().0, ["traceparent"]);
    service.reload(&text("propagators = [\"b3\"]\nredact = { keys = [\"card\"], action = \"mask\" }"));
    let (names, span) = headers();
    assert_eq!(names, ["b3"]);
    assert_eq!(propagator.fields().collect::<Vec<_>>(), ["b3"]);
    assert!(!span.contains("4711"), "{span}");
    service.reload(&text("attribute_limits.attribute_value_length_limit = 4"));
    let (names, span) = headers();
    assert_eq!(names, ["traceparent"]);
    assert!(span.contains("\"4711\""), "{span}");
}

#[test]
fn metrics_are_pushed_to_other_exporters_without_a_gap() {
    let (first, second) = (MockCollector::start(), MockCollector::start());
    let to = |url: &str, more: &str| {
        format!(
            "otlp = {{ endpoint = \"{url}\" }}\nmetrics = {{ exporters = [\"otlp\"], temporality = \"delta\", interval = \"1h\"{more} }}\n\
             logs.exporters = []\ntraces.exporters = []"
        )
    };
    let service = Service::start(&to(&first.url(), ""));
    let counter = service.tools.meter("shop").u64_counter("orders").build();
    counter.add(1, &[]);
    service.tools.force_flush().unwrap();
    counter.add(2, &[]);
    service.reload(&to(&second.url(), ""));
    counter.add(4, &[]);
    service.tools.force_flush().unwrap();
    counter.add(8, &[]);
    // The exporter stays, another thread pushes.
    service.reload(&to(&second.url(), ", scopes = []").replace("\"1h\"", "\"2h\""));
    service.tools.shutdown().unwrap();
    let total = |collector: &MockCollector| -> u64 { collector.metrics().iter().map(sum).sum() };
    assert_eq!((total(&first), total(&second)), (1, 14));
}

#[test]
fn added_exporter_misses_no_difference() {
    let (first, second) = (MockCollector::start(), MockCollector::start());
    let to = |exporters: &str| {
        format!(
            "otlp.endpoint = \"{}\"\nexporters.second.endpoint = \"{}\"\nlogs.exporters = []\ntraces.exporters = []\n\
             metrics = {{ exporters = [{exporters}], temporality = \"delta\", interval = \"1h\" }}",
            first.url(),
            second.url()
        )
    };
    let service = Service::start(&to("\"otlp\""));
    let counter = service.tools.meter("shop").u64_counter("orders").build();
    for _ in 0..5 {
        service.reload(&to("\"otlp\", \"second\""));
        counter.add(3, &[]);
        service.tools.force_flush().unwrap();
        service.reload(&to("\"otlp\""));
    }
    service.tools.shutdown().unwrap();
    let total = |collector: &MockCollector| -> u64 { collector.metrics().iter().map(sum).sum() };
    assert_eq!((total(&first), total(&second)), (15, 15));
    let stats = service.tools.stats();
    let is_retired = |name: &str| stats.exporter(Signal::Metrics, name).unwrap().is_retired();
    assert!(!is_retired("otlp") && is_retired("second"));
}

#[test]
fn exporters_that_the_reader_cannot_serve_need_a_restart() {
    let metrics = |exporters: &str| {
        format!("metrics = {{ exporters = [{exporters}], temporality = \"delta\" }}\nprometheus.port = 0")
    };
    let service = Service::start(&metrics(""));
    let reload = service.reload(&metrics("\"console\""));
    assert_eq!(keys(reload.needs_restart()), ["metrics.exporters"]);
    assert_eq!(value(&service.tools, "metrics.exporters"), "[]");
}

#[test]
fn disabled_tools_stay_disabled_and_others_can_be_disabled() {
    let service = Service::start("disabled = true");
    let reload = service.reload("");
    assert_eq!(keys(reload.needs_restart()), ["disabled"]);
    let service = Service::start("");
    let logger = service.tools.logger("shop");
    service.reload("disabled = true");
    logger.info("lost", &[]);
    service.reload("");
    logger.info("written", &[]);
    assert_eq!(service.messages(), ["written"]);
}

#[test]
#[cfg(feature = "declarative")]
fn declarative_file_is_applied_with_its_own_places() {
    let directory = tempfile::tempdir().unwrap();
    let (first, second) = (MockCollector::start(), MockCollector::start());
    let file = directory.path().join("otel.yaml");
    let write = |url: &str, rest: &str| {
        let text = format!(
            "file_format: \"1.1\"\nresource:\n  attributes:\n    - name: service.name\n      value: shop\n\
             tracer_provider:\n  processors:\n    - batch:\n        schedule_delay: 3600000\n        exporter:\n          \
             otlp_http:\n            endpoint: {url}/v1/traces\n{rest}"
        );
        fs::write(&file, text).unwrap();
    };
    write(&first.url(), "");
    let tools = test_support::with_env(&[("OTEL_CONFIG_FILE", file.to_str().unwrap())]).build().unwrap();
    spans(&tools, 2);
    write(&second.url(), "");
    let reload = tools.reload().unwrap();
    let [change] = reload.changed() else { panic!("{reload:?}") };
    assert!(change.origin().to_string().ends_with("otel.yaml:12:23"), "{}", change.origin());
    tools.force_flush().unwrap();
    assert_eq!((first.spans().len(), second.spans().len()), (0, 2));
    write(&second.url(), "  sampler:\n    always_of:\n");
    let error = tools.reload().unwrap_err().to_string();
    assert!(error.contains("otel.yaml:14:5: tracer_provider.sampler.always_of"), "{error}");
    write(&second.url(), "  sampler:\n    always_off:\n");
    tools.reload().unwrap();
    spans(&tools, 1);
    tools.shutdown().unwrap();
    assert_eq!(second.spans().len(), 2);
}

#[test]
fn reload_after_the_shutdown_is_an_error() {
    let service = Service::start("");
    service.tools.shutdown().unwrap();
    let error = service.tools.reload().unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (ErrorKind::ShutDown, "telemetry has been shut down")
    );
}

#[cfg(feature = "prometheus")]
mod prometheus {
    use std::net::SocketAddr;

    use test_support::http;

    use super::*;

    fn get(address: SocketAddr, path: &str) -> String {
        http::request(address, &format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")).0
    }

    #[test]
    fn reloads_are_metrics() {
        let text =
            "metrics.exporters = [\"prometheus\"]\nprometheus.listen = false\ndiagnostics.metrics = true\n";
        let service = Service::start(text);
        let page = || {
            let page = service.tools.prometheus_metrics(None).unwrap();
            String::from_utf8(page.into_body()).unwrap()
        };
        let reloads = |outcome: &str| {
            let page = page();
            let line = page.lines().find(|line| {
                line.starts_with("autotelemetry_reloads_total{")
                    && line.contains(&format!("outcome=\"{outcome}\""))
            });
            line.unwrap().rsplit(' ').next().unwrap().to_owned()
        };
        assert_eq!((reloads("applied"), reloads("refused")), ("0".to_owned(), "0".to_owned()));
        assert!(!page().contains("autotelemetry_reload_timestamp_seconds{"));
        service.reload(&format!("{text}logs.level = \"debug\""));
        service.try_reload(&format!("{text}logs.level = \"loud\"")).unwrap_err();
        service.try_reload(&format!("{text}logs.level = \"loud\"")).unwrap_err();
        assert_eq!((reloads("applied"), reloads("refused")), ("1".to_owned(), "2".to_owned()));
        assert!(page().contains("autotelemetry_reload_timestamp_seconds{"), "{}", page());
    }

    #[test]
    fn page_follows_its_port_and_path() {
        let metrics = |port: u16, rest: &str| {
            format!("metrics.exporters = [\"prometheus\"]\nprometheus = {{ port = {port}{rest} }}")
        };
        let service = Service::start(&metrics(0, ""));
        let first = service.tools.prometheus_address().unwrap();
        assert!(get(first, "/metrics").contains("200"));
        service.reload(&metrics(0, ", path = \"/other\""));
        assert_eq!(service.tools.prometheus_address(), Some(first));
        assert!(get(first, "/metrics").contains("404") && get(first, "/other").contains("200"));

        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = service.try_reload(&metrics(port, ", host = \"127.0.0.1\"")).unwrap_err();
        assert!(
            error.to_string().contains("autotelemetry.toml:4:23: prometheus.port: cannot listen"),
            "{error}"
        );
        assert!(get(first, "/other").contains("200"), "the old port is served");
        drop(taken);
        service.reload(&metrics(port, ", host = \"127.0.0.1\""));
        let second = service.tools.prometheus_address().unwrap();
        assert_eq!(second.port(), port);
        assert!(get(second, "/metrics").contains("200"));
        // The port is free once its tasks have ended.
        let deadline = Instant::now() + test_support::TIMEOUT;
        while TcpListener::bind(first).is_err() {
            assert!(Instant::now() < deadline);
            thread::yield_now();
        }
        let text = service.tools.prometheus_metrics(None).unwrap();
        assert!(text.content_type().starts_with("text/plain"));
    }
}
