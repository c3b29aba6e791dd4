//! Spans and log records, exported by this library and by the published exporter.

use std::net::SocketAddr;

use autotelemetry::ObservabilityTools;
use opentelemetry::{
    Key, KeyValue,
    logs::{AnyValue, LogRecord as _, LoggerProvider as _, Severity},
    trace::{Span as _, TracerProvider as _},
};
use opentelemetry_otlp::{
    Compression, Protocol, WithExportConfig as _, WithHttpConfig as _, WithTonicConfig as _,
};
use opentelemetry_sdk::{logs::SdkLoggerProvider, trace::SdkTracerProvider};

pub const LIBRARIES: [&str; 2] = ["stock", "autotelemetry"];
pub const SIGNALS: [&str; 2] = ["span", "log record"];

/// Emits items of one signal.
pub struct Emitter {
    emit: Box<dyn Fn(i64)>,
    flush: Box<dyn Fn()>,
}

impl Emitter {
    /// Creates an emitter. `protocol` is one of OTLP, with `+gzip` for compression.
    pub fn new(library: &str, signal: &str, protocol: &str, address: SocketAddr) -> Self {
        let (protocol, compression) =
            protocol.strip_suffix("+gzip").map_or((protocol, "none"), |protocol| (protocol, "gzip"));
        match (library, signal) {
            ("autotelemetry", signal) => ours(signal, protocol, compression, address),
            ("stock", "span") => stock_spans(protocol, compression, address),
            ("stock", _) => stock_logs(protocol, compression, address),
            other => panic!("no library {other:?}"),
        }
    }

    pub fn emit(&self, number: i64) {
        (self.emit)(number);
    }

    /// Waits until the emitted items are sent or lost. The receiver knows how many arrived.
    pub fn flush(&self) {
        (self.flush)();
    }
}

fn ours(signal: &str, protocol: &str, compression: &str, address: SocketAddr) -> Emitter {
    let none: [(&str, &str); 0] = [];
    let tools = ObservabilityTools::builder()
        .service_name("bench")
        .env_vars(none)
        .set("otlp.endpoint", format!("http://{address}"))
        .set("otlp.protocol", protocol)
        .set("otlp.compression", compression)
        .set("traces.exporters", "otlp")
        .set("logs.exporters", "otlp")
        .set("metrics.exporters", "none")
        .set("diagnostics.level", "off")
        .build()
        .unwrap();
    let tools: &'static ObservabilityTools = Box::leak(Box::new(tools));
    let emit: Box<dyn Fn(i64)> = if signal == "span" {
        let tracer = tools.tracer("shop");
        Box::new(move |number| span(&tracer, number))
    } else {
        let logger = tools.logger_provider().logger("shop");
        Box::new(move |number| record(&logger, number))
    };
    let flush = || drop(tools.force_flush());
    Emitter { emit, flush: Box::new(flush) }
}

/// Starts the runtime that the gRPC exporter of opentelemetry-otlp needs.
fn runtime() -> tokio::runtime::EnterGuard<'static> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    Box::leak(Box::new(runtime)).enter()
}

fn http_protocol(protocol: &str) -> Protocol {
    if protocol == "http/json" { Protocol::HttpJson } else { Protocol::HttpBinary }
}

fn stock_spans(protocol: &str, compression: &str, address: SocketAddr) -> Emitter {
    let builder = opentelemetry_otlp::SpanExporter::builder();
    let exporter = if protocol == "grpc" {
        let _guard = runtime();
        let builder = builder.with_tonic().with_endpoint(format!("http://{address}"));
        let builder =
            if compression == "gzip" { builder.with_compression(Compression::Gzip) } else { builder };
        builder.build().unwrap()
    } else {
        let builder = builder.with_http().with_protocol(http_protocol(protocol));
        let builder =
            if compression == "gzip" { builder.with_compression(Compression::Gzip) } else { builder };
        builder.with_endpoint(format!("http://{address}/v1/traces")).build().unwrap()
    };
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).build();
    let tracer = provider.tracer("shop");
    Emitter {
        emit: Box::new(move |number| span(&tracer, number)),
        flush: Box::new(move || drop(provider.force_flush())),
    }
}

fn stock_logs(protocol: &str, compression: &str, address: SocketAddr) -> Emitter {
    let builder = opentelemetry_otlp::LogExporter::builder();
    let exporter = if protocol == "grpc" {
        let _guard = runtime();
        let builder = builder.with_tonic().with_endpoint(format!("http://{address}"));
        let builder =
            if compression == "gzip" { builder.with_compression(Compression::Gzip) } else { builder };
        builder.build().unwrap()
    } else {
        let builder = builder.with_http().with_protocol(http_protocol(protocol));
        let builder =
            if compression == "gzip" { builder.with_compression(Compression::Gzip) } else { builder };
        builder.with_endpoint(format!("http://{address}/v1/logs")).build().unwrap()
    };
    let provider = SdkLoggerProvider::builder().with_batch_exporter(exporter).build();
    let logger = provider.logger("shop");
    Emitter {
        emit: Box::new(move |number| record(&logger, number)),
        flush: Box::new(move || drop(provider.force_flush())),
    }
}

/// Emits a span with 8 attributes.
fn span(tracer: &impl opentelemetry::trace::Tracer, number: i64) {
    let attributes = vec![
        KeyValue::new("http.request.method", "GET"),
        KeyValue::new("http.route", "/orders/{id}"),
        KeyValue::new("url.path", "/orders/4711"),
        KeyValue::new("url.scheme", "https"),
        KeyValue::new("http.response.status_code", 200),
        KeyValue::new("order", number),
        KeyValue::new("amount", 12.5),
        KeyValue::new("express", true),
    ];
    tracer.span_builder("GET /orders/{id}").with_attributes(attributes).start(tracer).end();
}

/// Emits a log record with 4 attributes.
fn record(logger: &impl opentelemetry::logs::Logger, number: i64) {
    let mut record = logger.create_log_record();
    record.set_severity_number(Severity::Info);
    record.set_severity_text("INFO");
    record.set_body(AnyValue::from("order received"));
    record.add_attributes([
        (Key::from("order"), AnyValue::from(number)),
        (Key::from("customer"), AnyValue::from("c-4711")),
        (Key::from("amount"), AnyValue::from(12.5)),
        (Key::from("express"), AnyValue::from(true)),
    ]);
    logger.emit(record);
}
