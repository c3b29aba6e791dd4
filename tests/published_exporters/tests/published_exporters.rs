//! Exporters that other people have published work under a name, which the file alone chooses.
#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(deprecated, reason = "deprecated exporters are still in use")]

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use autotelemetry::{Builder, ObservabilityTools, prelude::*};
use test_support::{
    collector::{Collector, field, metrics, sections},
    mock_collector::MockCollector,
    require, with_file,
};

/// A server that accepts all requests.
struct Server {
    address: SocketAddr,
    paths: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, paths) = (listener.local_addr().unwrap(), Arc::<Mutex<Vec<String>>>::default());
        let seen = Arc::clone(&paths);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let seen = Arc::clone(&seen);
                thread::spawn(move || serve(&stream, &seen));
            }
        });
        Self { address, paths }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn paths(&self) -> Vec<String> {
        self.paths.lock().unwrap().clone()
    }
}

/// Answers one request.
fn serve(stream: &TcpStream, seen: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut first = String::new();
    if reader.read_line(&mut first).is_err() {
        return;
    }
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).is_err() || line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    seen.lock().unwrap().push(first.split(' ').nth(1).unwrap_or_default().to_owned());
    let body = r#"{"itemsReceived":1,"itemsAccepted":1,"errors":[]}"#;
    let _ = write!(
        &mut &*stream,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
}

/// Builds tools whose file names the exporter `published` for these signals.
fn tools(signals: &[&str], add: impl FnOnce(Builder) -> Builder) -> ObservabilityTools {
    let of = |signal: &str| if signals.contains(&signal) { "\"published\"" } else { "" };
    let text = format!(
        "[service]\nname = \"shop\"\n[traces]\nexporters = [{}]\n[metrics]\nexporters = [{}]\n[logs]\nexporters = [{}]\n",
        of("traces"),
        of("metrics"),
        of("logs")
    );
    let (builder, _directory) = with_file(&text, &[]);
    add(builder).build().unwrap()
}

/// Emits an item of each signal, and asserts that those with an exporter are delivered.
fn deliver(tools: &ObservabilityTools, signals: usize) {
    {
        let _span = tools.tracer("shop").start_as_current_span("order");
        tools.logger("shop").info("ordered", &[KeyValue::new("items", 3)]);
    }
    tools.meter("shop").u64_counter("orders").build().add(1, &[]);
    tools.force_flush().unwrap();
    tools.shutdown().unwrap();
    let stats = tools.stats();
    assert_eq!(stats.exporters().len(), signals);
    for exporter in stats.exporters() {
        assert!(exporter.exported() > 0 && exporter.exported() == exporter.emitted(), "{exporter:?}");
    }
}

const ALL: [&str; 3] = ["traces", "metrics", "logs"];

#[test]
fn stdout() {
    let tools = tools(&ALL, |builder| {
        builder
            .span_exporter("published", opentelemetry_stdout::SpanExporter::default())
            .metric_exporter("published", opentelemetry_stdout::MetricExporter::default())
            .log_exporter("published", opentelemetry_stdout::LogExporter::default())
    });
    deliver(&tools, 3);
}

#[test]
fn otlp_with_a_blocking_client() {
    use opentelemetry_otlp::{LogExporter, MetricExporter, SpanExporter, WithExportConfig as _};

    let mock = MockCollector::start();
    let url = |path: &str| format!("{}/v1/{path}", mock.url());
    let tools = tools(&ALL, |builder| {
        builder
            .span_exporter(
                "published",
                SpanExporter::builder().with_http().with_endpoint(url("traces")).build().unwrap(),
            )
            .metric_exporter(
                "published",
                MetricExporter::builder().with_http().with_endpoint(url("metrics")).build().unwrap(),
            )
            .log_exporter(
                "published",
                LogExporter::builder().with_http().with_endpoint(url("logs")).build().unwrap(),
            )
    });
    deliver(&tools, 3);
    assert_eq!((mock.spans().len(), mock.logs().len()), (1, 1));
    assert!(!mock.metrics().is_empty());
}

/// The items arrive at a real Collector beside those of the exporter `otlp` of the library.
#[test]
fn otlp_reaches_a_collector() {
    use opentelemetry_otlp::{LogExporter, MetricExporter, SpanExporter, WithExportConfig as _};

    require!(Collector);
    let collector = Collector::start();
    let url = |path: &str| format!("{}/v1/{path}", collector.url("http/protobuf"));
    let tools = tools(&ALL, |builder| {
        let spans = SpanExporter::builder().with_http().with_endpoint(url("traces"));
        let metrics = MetricExporter::builder().with_http().with_endpoint(url("metrics"));
        let logs = LogExporter::builder().with_http().with_endpoint(url("logs"));
        builder
            .span_exporter("published", spans.build().unwrap())
            .metric_exporter("published", metrics.build().unwrap())
            .log_exporter("published", logs.build().unwrap())
    });
    deliver(&tools, 3);
    let output = collector.stop();
    assert_eq!((sections(&output, "Span").len(), sections(&output, "LogRecord").len()), (1, 1), "{output}");
    assert!(metrics(&output, "orders").iter().all(|orders| field(orders, "Value") == "1"), "{output}");
    assert!(output.matches("-> service.name: Str(shop)").count() >= 3, "{output}");
}

#[test]
fn otlp_over_grpc_with_the_runtime_of_the_program() {
    use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};

    let mock = MockCollector::start();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let exporter = runtime
        .block_on(async { SpanExporter::builder().with_tonic().with_endpoint(mock.url()).build().unwrap() });
    let tools = tools(&["traces"], |builder| builder.span_exporter("published", exporter));
    deliver(&tools, 1);
    assert_eq!(mock.spans().len(), 1);
}

#[test]
fn zipkin() {
    let server = Server::start();
    let exporter = opentelemetry_zipkin::ZipkinExporter::builder()
        .with_http_client(reqwest::blocking::Client::new())
        .with_collector_endpoint(format!("{}/api/v2/spans", server.url()))
        .build()
        .unwrap();
    let tools = tools(&["traces"], |builder| builder.span_exporter("published", exporter));
    deliver(&tools, 1);
    assert_eq!(server.paths(), ["/api/v2/spans"]);
}

#[test]
fn application_insights() {
    let server = Server::start();
    // A connection string allows only https.
    let exporter = || {
        let exporter = opentelemetry_application_insights::Exporter::new(
            "00000000-0000-0000-0000-000000000000".to_owned(),
            reqwest::blocking::Client::new(),
        );
        exporter.with_endpoint(&server.url()).unwrap()
    };
    let tools = tools(&ALL, |builder| {
        builder
            .span_exporter("published", exporter())
            .metric_exporter("published", exporter())
            .log_exporter("published", exporter())
    });
    deliver(&tools, 3);
    let paths = server.paths();
    assert!(paths.len() >= 3 && paths.iter().all(|path| path == "/v2/track"), "{paths:?}");
}
