//! Reloads, seen by real Collectors and a real Prometheus.

use std::{thread, time::Duration};

use autotelemetry::{Signal, opentelemetry::Context, prelude::*};
use opentelemetry::baggage::BaggageExt as _;
use test_support::{
    collector::{Collector, count, field, sections, sections_with},
    require,
    service::Service,
};

/// Returns a file whose traces and logs go to a Collector.
fn to(collector: &Collector, protocol: &str, rest: &str) -> String {
    let url = collector.url(protocol);
    format!(
        "otlp = {{ endpoint = \"{url}\", protocol = \"{protocol}\" }}\ntraces.exporters = [\"otlp\"]\n\
         logs.exporters = [\"otlp\"]\nmetrics.exporters = []\n{rest}"
    )
}

#[test]
fn items_arrive_once_while_endpoint_and_protocol_change() {
    require!(Collector);
    let (first, second) = (Collector::start_counting(), Collector::start_counting());
    let grpc = if cfg!(feature = "grpc") { "grpc" } else { "http/protobuf" };
    let service = Service::start(&to(&first, grpc, ""));
    let (tracer, logger) = (service.tools.tracer("shop"), service.tools.logger("shop"));
    let targets =
        [(&second, "http/protobuf"), (&first, "http/json"), (&second, grpc), (&first, "http/protobuf")];
    let total = thread::scope(|scope| {
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let emit = scope.spawn(move || {
            let mut items = 0;
            while stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
                tracer.start("order").end();
                logger.info("order", &[]);
                items += 1;
                thread::sleep(Duration::from_micros(200));
            }
            items
        });
        for round in 0..3 {
            for (collector, protocol) in targets {
                service.reload(&to(
                    collector,
                    protocol,
                    &format!("console.format = \"json\"\ntraces.batch.max_queue_size = {}", 4000 + round),
                ));
                service.tools.force_flush().unwrap();
            }
        }
        drop(stop);
        emit.join().unwrap()
    });
    service.tools.shutdown().unwrap();
    let stats = service.tools.stats();
    for signal in [Signal::Traces, Signal::Logs] {
        let stats = stats.exporter(signal, "otlp").unwrap();
        assert_eq!((stats.emitted(), stats.exported()), (total, total), "{stats:?}");
    }
    let (first, second) = (first.stop(), second.stop());
    for kind in ["spans", "log records"] {
        let (first, second) = (count(&first, kind), count(&second, kind));
        assert!(first > 0 && second > 0);
        assert_eq!(first + second, total, "{kind}");
    }
}

#[test]
fn collector_sees_each_change_of_what_is_sent() {
    require!(Collector);
    let collector = Collector::start();
    let with = |rest: &str| to(&collector, "http/protobuf", rest);
    let service = Service::start(&with(""));
    let (tracer, logger) = (service.tools.tracer("shop"), service.tools.logger("shop"));
    let emit = |round: i64| {
        let context = Context::new().with_baggage([KeyValue::new("user", "anna")]);
        let _guard = context.attach();
        let span = tracer.start_as_current_span("order");
        let attributes = [KeyValue::new("round", round), KeyValue::new("card", "4711-0815")];
        span.set_attributes(attributes.clone());
        logger.debug("order", &attributes);
        drop(span);
        service.tools.force_flush().unwrap();
    };
    let changes = [
        "",
        "logs.level = \"debug\"",
        "traces.sampler = \"always_off\"",
        "redact.keys = [\"card\"]\nlogs.level = \"debug\"",
        "attribute_limits.attribute_value_length_limit = 4\nlogs.level = \"debug\"",
        "traces.baggage_attributes = [\"user\"]\nlogs.level = \"debug\"\nlogs.baggage_attributes = [\"user\"]",
        "traces.scopes = [{ name = \"shop\", enabled = false }]\nlogs.level = \"debug\"\nlogs.scopes = [{ name = \"shop\", enabled = false }]",
        "logs.level = \"debug\"\nlogs.code_location = true",
    ];
    for (round, change) in changes.iter().enumerate() {
        service.reload(&with(change));
        emit(i64::try_from(round).unwrap());
    }
    service.tools.shutdown().unwrap();
    let output = collector.stop();
    let of = |kind: &str, round: i64| {
        let found = sections_with(&output, kind, "-> round", &format!("Int({round})"));
        assert!(found.len() < 2, "{output}");
        found.first().copied()
    };
    let span = |round| of("Span", round).unwrap_or_else(|| panic!("no span {round}"));
    let log = |round| of("LogRecord", round).unwrap_or_else(|| panic!("no record {round}"));
    assert!(field(span(0), "-> card") == "Str(4711-0815)" && of("LogRecord", 0).is_none());
    assert_eq!(field(log(1), "SeverityText"), "DEBUG");
    assert!(of("Span", 2).is_none() && of("LogRecord", 2).is_none());
    assert!(!span(3).contains("4711") && !log(3).contains("4711"));
    assert_eq!((field(span(4), "-> card"), field(log(4), "-> card")), ("Str(4711)", "Str(4711)"));
    assert_eq!((field(span(5), "-> user"), field(log(5), "-> user")), ("Str(anna)", "Str(anna)"));
    assert!(of("Span", 6).is_none() && of("LogRecord", 6).is_none());
    assert!(log(7).contains("code.file.path") && !log(5).contains("code.file.path"));
    assert!(!sections(&output, "Span").is_empty());
}

#[test]
#[cfg(feature = "tls")]
fn rotated_certificate_is_used_without_a_restart() {
    use std::{fs, time::Instant};

    use test_support::{TIMEOUT, certificates::Authority};

    require!(Collector, Openssl);
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new(directory.path(), "authority");
    let (server, server_key) = authority.issue("server");
    let collector = Collector::start_mtls(&server, &server_key, &authority.file());
    let url = collector.url("http/protobuf").replace("http://127.0.0.1", "https://localhost");
    let other = tempfile::tempdir().unwrap();
    let (client, client_key) = Authority::new(other.path(), "other").issue("client");
    let text = format!(
        "reload = {{ watch = true, interval = \"1s\" }}\nmetrics.exporters = []\nlogs.exporters = []\n\
         otlp = {{ endpoint = \"{url}\", tls = {{ ca_file = {:?}, cert_file = {client:?}, key_file = {client_key:?} }}, retry.max_attempts = 1 }}\n\
         traces.batch.schedule_delay = \"1h\"",
        authority.file()
    );
    let service = Service::start(&text);
    let tracer = service.tools.tracer("shop");
    tracer.start("refused").end();
    assert!(service.tools.force_flush().is_err(), "the Collector does not know the authority");
    tracer.start("waits").end();
    let (new, new_key) = authority.issue("client");
    fs::copy(new, &client).unwrap();
    fs::copy(new_key, &client_key).unwrap();
    let deadline = Instant::now() + TIMEOUT;
    while service.tools.reloads().applied() == 0 {
        assert!(Instant::now() < deadline, "{:?}", service.tools.reloads());
        thread::sleep(Duration::from_millis(10));
    }
    service.tools.shutdown().unwrap();
    let output = collector.stop();
    let names: Vec<_> = sections(&output, "Span").iter().map(|span| field(span, "Name")).collect();
    assert_eq!(names, ["waits"]);
}

#[test]
#[cfg(feature = "prometheus")]
fn prometheus_sees_new_labels_at_the_same_port() {
    use test_support::prometheus::Prometheus;

    require!(Prometheus);
    let page = |rest: &str| {
        format!(
            "metrics.exporters = [\"prometheus\"]\nlogs.exporters = []\nprometheus = {{ port = 0, host = \"127.0.0.1\"{rest} }}"
        )
    };
    let service = Service::start(&page(""));
    service.tools.meter("shop").u64_counter("orders").build().add(3, &[]);
    let address = service.tools.prometheus_address().unwrap();
    let prometheus = Prometheus::scrape("shop", &address.to_string());
    prometheus.wait("orders_total", "3");
    assert!(prometheus.samples("orders_total{service_name=\"shop\"}").is_empty());
    service.reload(&page(", resource_labels = [\"service.name\"], namespace = \"eu\""));
    assert_eq!(service.tools.prometheus_address(), Some(address));
    prometheus.wait("eu_orders_total{service_name=\"shop\"}", "3");
}
