//! The cost of a log record, compared with the libraries that services use today.
//!
//! `cargo bench -p autotelemetry-benches --bench logs`
//!
//! Only the logging thread is measured; see `lib.rs` for how.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and may panic")]

use std::{cell::RefCell, env, hint::black_box, io::Write, net::TcpListener, process::ExitCode, thread};

use autotelemetry::{ObservabilityTools, opentelemetry::KeyValue, opentelemetry::logs::Severity};
use autotelemetry_benches::{BURST, Case, accept_all, compare};
use tracing_subscriber::{Layer as _, filter::LevelFilter, fmt, layer::SubscriberExt as _, registry};

/// Each case with its baseline.
const CASES: &[(&str, &str)] = &[
    ("json: autotelemetry", "json: tracing-subscriber"),
    ("json: autotelemetry, log crate", "json: tracing-subscriber"),
    ("json: autotelemetry's Logger", "json: tracing-subscriber"),
    ("json: tracing-subscriber", "json: tracing-subscriber"),
    ("json: json-subscriber", "json: tracing-subscriber"),
    ("json: logforth", "json: tracing-subscriber"),
    ("json: slog-json", "json: tracing-subscriber"),
    ("text: autotelemetry", "text: tracing-subscriber"),
    ("text: tracing-subscriber", "text: tracing-subscriber"),
    ("json and otlp: autotelemetry", "json and otlp: stock wiring"),
    ("json and otlp: stock wiring", "json and otlp: stock wiring"),
    ("otlp: autotelemetry", "otlp: stock wiring"),
    ("otlp: stock wiring", "otlp: stock wiring"),
    ("lost record: autotelemetry", "lost record: stock wiring"),
    ("lost record: stock wiring", "lost record: stock wiring"),
    ("an empty call", "an empty call"),
    ("disabled event: autotelemetry", "disabled event: tracing-subscriber"),
    ("disabled event: tracing-subscriber", "disabled event: tracing-subscriber"),
    ("disabled call: autotelemetry's Logger", "disabled event: tracing-subscriber"),
    ("disabled record: autotelemetry, log crate", "disabled event: tracing-subscriber"),
];

/// A writer that only copies.
#[derive(Debug, Clone, Copy)]
struct Sink;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        BUFFER.with_borrow_mut(|buffer| {
            buffer.clear();
            buffer.extend_from_slice(bytes);
            black_box(&*buffer);
        });
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn tracing_event(number: i64) {
    tracing::info!(
        target: "shop::checkout",
        order = number, customer = "c-4711", amount = 12.5, express = true,
        "order received"
    );
}

fn log_record(number: i64) {
    log::info!(
        target: "shop::checkout",
        order = number, customer = "c-4711", amount = 12.5, express = true;
        "order received"
    );
}

fn logger_call(tools: &ObservabilityTools) -> impl Fn(i64) + 'static {
    let logger = tools.logger("shop::checkout");
    move |number| {
        let attributes = [
            KeyValue::new("order", number),
            KeyValue::new("customer", "c-4711"),
            KeyValue::new("amount", 12.5),
            KeyValue::new("express", true),
        ];
        logger.info("order received", &attributes);
    }
}

fn tools(settings: &[(&str, &str)]) -> &'static ObservabilityTools {
    let none: [(&str, &str); 0] = [];
    let mut builder = ObservabilityTools::builder().service_name("bench").env_vars(none).console_writer(Sink);
    for (key, value) in settings {
        builder = builder.set(*key, value);
    }
    Box::leak(Box::new(builder.install().unwrap()))
}

/// Installs tools with levels per target and per exporter.
fn levels_of_targets() {
    tools(&[
        JSON,
        NO_SPANS,
        NO_METRICS,
        ("logs.exporters", "console,file"),
        ("file.directory", env::temp_dir().join("autotelemetry-bench").to_str().unwrap()),
        ("logs.level", "info,hyper=warn,shop::payment=trace"),
        ("logs.levels.file", "warn,shop::audit=debug"),
    ]);
}

const JSON: (&str, &str) = ("console.format", "json");
const NO_SPANS: (&str, &str) = ("traces.exporters", "none");
const NO_METRICS: (&str, &str) = ("metrics.exporters", "none");

fn case(name: &str) -> Case {
    match name {
        "json: autotelemetry" => {
            tools(&[JSON, NO_SPANS, NO_METRICS]);
            Case::new(tracing_event)
        }
        "json: autotelemetry, log crate" => {
            tools(&[JSON, NO_SPANS, NO_METRICS]);
            Case::new(log_record)
        }
        "json: autotelemetry's Logger" => Case::new(logger_call(tools(&[JSON, NO_SPANS, NO_METRICS]))),
        "text: autotelemetry" => {
            tools(&[("console.format", "text"), NO_SPANS, NO_METRICS]);
            Case::new(tracing_event)
        }
        "json: tracing-subscriber" => {
            let layer = fmt::layer().json().with_writer(|| Sink).with_filter(LevelFilter::INFO);
            tracing::subscriber::set_global_default(registry().with(layer)).unwrap();
            Case::new(tracing_event)
        }
        "text: tracing-subscriber" => {
            let layer = fmt::layer().with_ansi(false).with_writer(|| Sink).with_filter(LevelFilter::INFO);
            tracing::subscriber::set_global_default(registry().with(layer)).unwrap();
            Case::new(tracing_event)
        }
        "json: json-subscriber" => {
            json_subscriber::fmt().with_writer(|| Sink).init();
            Case::new(tracing_event)
        }
        "json: logforth" => {
            logforth::starter_log::builder().dispatch(|dispatch| dispatch.append(Forth::default())).apply();
            Case::new(log_record)
        }
        "json: slog-json" => {
            let drain = slog::Drain::fuse(std::sync::Mutex::new(slog_json::Json::default(Sink)));
            let logger = slog::Logger::root(drain, slog::o!());
            Case::new(move |number| {
                slog::info!(
                    logger, "order received";
                    "order" => number, "customer" => "c-4711", "amount" => 12.5, "express" => true
                );
            })
        }
        "json and otlp: autotelemetry" => {
            let endpoint = format!("http://{}", accept_all());
            let tools = tools(&[
                JSON,
                NO_SPANS,
                NO_METRICS,
                ("otlp.endpoint", &endpoint),
                ("logs.exporters", "console,otlp"),
            ]);
            Case::new(tracing_event).between(|| tools.force_flush().unwrap())
        }
        "json and otlp: stock wiring" => {
            // The exporter does nothing, because only the logging thread is measured.
            let provider = opentelemetry_sdk::logs::SdkLoggerProvider::builder()
                .with_log_processor(opentelemetry_sdk::logs::BatchLogProcessor::builder(Nothing).build())
                .build();
            let bridge = opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge::new(&provider);
            let (writer, guard) = tracing_appender::non_blocking(Sink);
            Box::leak(Box::new(guard));
            let subscriber = registry()
                .with(fmt::layer().json().with_writer(writer).with_filter(LevelFilter::INFO))
                .with(bridge.with_filter(LevelFilter::INFO));
            tracing::subscriber::set_global_default(subscriber).unwrap();
            Case::new(tracing_event).between(move || provider.force_flush().unwrap())
        }
        "otlp: autotelemetry" => {
            let endpoint = format!("http://{}", accept_all());
            let tools =
                tools(&[NO_SPANS, NO_METRICS, ("otlp.endpoint", &endpoint), ("logs.exporters", "otlp")]);
            Case::new(tracing_event).between(|| tools.force_flush().unwrap())
        }
        "otlp: stock wiring" => {
            let provider = opentelemetry_sdk::logs::SdkLoggerProvider::builder()
                .with_log_processor(opentelemetry_sdk::logs::BatchLogProcessor::builder(Nothing).build())
                .build();
            let bridge = opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge::new(&provider);
            let subscriber = registry().with(bridge.with_filter(LevelFilter::INFO));
            tracing::subscriber::set_global_default(subscriber).unwrap();
            Case::new(tracing_event).between(move || provider.force_flush().unwrap())
        }
        "lost record: autotelemetry" => {
            // The requests are accepted, and none is answered.
            let hole = Box::leak(Box::new(TcpListener::bind("127.0.0.1:0").unwrap()));
            let endpoint = format!("http://{}", hole.local_addr().unwrap());
            let tools = tools(&[
                NO_SPANS,
                NO_METRICS,
                ("diagnostics.level", "off"),
                ("otlp.endpoint", &endpoint),
                ("logs.exporters", "otlp"),
                ("logs.batch.max_queue_size", "1"),
            ]);
            let is_full = || tools.stats().exporters().iter().any(|stats| stats.queued() == 2);
            while !is_full() {
                tracing_event(0);
                thread::sleep(std::time::Duration::from_millis(20));
            }
            Case::new(tracing_event)
        }
        "lost record: stock wiring" => {
            use opentelemetry_sdk::logs::{BatchConfigBuilder, BatchLogProcessor, SdkLoggerProvider};
            let config = BatchConfigBuilder::default().with_max_queue_size(1).with_max_export_batch_size(1);
            let processor = BatchLogProcessor::builder(Blocked).with_batch_config(config.build());
            let provider = SdkLoggerProvider::builder().with_log_processor(processor.build()).build();
            let bridge = opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge::new(&provider);
            Box::leak(Box::new(provider));
            let subscriber = registry().with(bridge.with_filter(LevelFilter::INFO));
            tracing::subscriber::set_global_default(subscriber).unwrap();
            (0..BURST).for_each(|_| tracing_event(0));
            Case::new(tracing_event)
        }
        "an empty call" => Case::new(|number| {
            black_box(number);
        }),
        "disabled event: autotelemetry" => {
            levels_of_targets();
            Case::new(|number| tracing::debug!(target: "shop::checkout", order = number, "order received"))
        }
        "disabled record: autotelemetry, log crate" => {
            levels_of_targets();
            Case::new(|number| log::debug!(target: "shop::checkout", order = number; "order received"))
        }
        "disabled event: tracing-subscriber" => {
            let layer = fmt::layer().json().with_writer(|| Sink).with_filter(LevelFilter::INFO);
            tracing::subscriber::set_global_default(registry().with(layer)).unwrap();
            Case::new(|number| tracing::debug!(target: "shop::checkout", order = number, "order received"))
        }
        "disabled call: autotelemetry's Logger" => {
            let logger = tools(&[JSON, NO_SPANS, NO_METRICS]).logger("shop::checkout");
            Case::new(move |_| logger.log(black_box(Severity::Debug), "order received", &[]))
        }
        other => panic!("no case {other}"),
    }
}

#[derive(Debug, Default)]
struct Forth(logforth::layout::JsonLayout);

impl logforth::Append for Forth {
    fn append(
        &self,
        record: &logforth::record::Record,
        diagnostics: &[Box<dyn logforth::Diagnostic>],
    ) -> Result<(), logforth::Error> {
        let line = logforth::Layout::format(&self.0, record, diagnostics)?;
        Sink.write_all(&line).unwrap();
        Ok(())
    }

    fn flush(&self) -> Result<(), logforth::Error> {
        Ok(())
    }
}

#[derive(Debug)]
struct Nothing;

impl opentelemetry_sdk::logs::LogExporter for Nothing {
    async fn export(
        &self,
        batch: opentelemetry_sdk::logs::LogBatch<'_>,
    ) -> opentelemetry_sdk::error::OTelSdkResult {
        black_box(batch.iter().count());
        Ok(())
    }
}

/// An exporter that never returns.
#[derive(Debug)]
struct Blocked;

impl opentelemetry_sdk::logs::LogExporter for Blocked {
    async fn export(
        &self,
        _: opentelemetry_sdk::logs::LogBatch<'_>,
    ) -> opentelemetry_sdk::error::OTelSdkResult {
        loop {
            thread::park();
        }
    }
}

fn main() -> ExitCode {
    compare(CASES, case)
}
