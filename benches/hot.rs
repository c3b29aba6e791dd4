//! The cost of spans and measurements on the thread of the program, compared with wiring by hand.
//!
//! `cargo bench -p autotelemetry-benches --bench hot`
//!
//! The exporters of the wiring by hand do nothing, because only the thread of the program is
//! measured; see `lib.rs` for how. `benches/logs.rs` does the same for log records.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and may panic")]

use std::{hint::black_box, process::ExitCode};

use autotelemetry::{ObservabilityTools, prelude::*};
use autotelemetry_benches::{Case, accept_all, compare};
use opentelemetry::{
    metrics::{Counter, MeterProvider as _},
    trace::{Tracer, TracerProvider as _, mark_span_as_active},
};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    metrics::{ManualReader, SdkMeterProvider},
    trace::{BatchSpanProcessor, SdkTracer, SdkTracerProvider, SpanData, SpanExporter},
};
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::{Layer as _, Registry, filter::LevelFilter, layer::SubscriberExt as _, registry};

/// Each case with its baseline.
const CASES: &[(&str, &str)] = &[
    ("span: autotelemetry", "span: SDK"),
    ("span: SDK", "span: SDK"),
    ("span, redacted: autotelemetry", "span: autotelemetry"),
    ("span, not redacted: autotelemetry", "span: autotelemetry"),
    ("current span: autotelemetry", "current span: SDK"),
    ("current span: SDK", "current span: SDK"),
    ("#[instrument]: autotelemetry", "#[instrument]: stock wiring"),
    ("#[instrument]: stock, our options", "#[instrument]: stock wiring"),
    ("#[instrument]: stock wiring", "#[instrument]: stock wiring"),
    ("counter: autotelemetry", "counter: SDK"),
    ("counter: SDK", "counter: SDK"),
    ("disabled span: autotelemetry", "disabled span: stock wiring"),
    ("disabled span: stock wiring", "disabled span: stock wiring"),
];

#[tracing::instrument]
fn load_cart(order: i64, customer: &str) -> i64 {
    black_box(customer);
    black_box(order)
}

fn disabled_span(number: i64) {
    drop(tracing::debug_span!("load_cart", order = number));
}

fn span<T: Tracer>(tracer: T) -> impl Fn(i64) {
    move |number| {
        let mut span = tracer.start("load_cart");
        span.set_attribute(KeyValue::new("order", number));
        span.set_attribute(KeyValue::new("customer", "c-4711"));
    }
}

fn count(counter: Counter<u64>) -> impl Fn(i64) {
    move |_| counter.add(1, &[KeyValue::new("method", "GET"), KeyValue::new("route", "/cart")])
}

#[derive(Debug)]
struct Nothing;

impl SpanExporter for Nothing {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        black_box(batch);
        Ok(())
    }
}

/// Installs tools that export to a server which accepts everything.
fn tools() -> &'static ObservabilityTools {
    tools_with(&[])
}

fn tools_with(keys: &[(&str, &str)]) -> &'static ObservabilityTools {
    let none: [(&str, &str); 0] = [];
    let builder = ObservabilityTools::builder()
        .service_name("bench")
        .env_vars(none)
        .set("otlp.endpoint", format!("http://{}", accept_all()))
        .set("logs.exporters", "otlp")
        .set("traces.exporters", "otlp")
        .set("metrics.exporters", "otlp");
    let builder = keys.iter().fold(builder, |builder, (key, value)| builder.set(*key, value));
    Box::leak(Box::new(builder.install().unwrap()))
}

fn sdk() -> SdkTracerProvider {
    SdkTracerProvider::builder().with_span_processor(BatchSpanProcessor::builder(Nothing).build()).build()
}

/// Returns a case that redacts the attributes with these keys.
fn redacting(keys: &str) -> Case {
    let tools = tools_with(&[("redact.keys", keys)]);
    Case::new(span(tools.tracer("bench"))).between(|| tools.force_flush().unwrap())
}

/// Returns a case whose spans are flushed between bursts.
fn of_tools(call: impl Fn(&'static ObservabilityTools) -> Box<dyn Fn(i64)>) -> Case {
    let tools = tools();
    Case::new(call(tools)).between(|| tools.force_flush().unwrap())
}

/// Same as [`of_tools`], for the SDK.
fn of_sdk(call: impl Fn(&SdkTracerProvider) -> Box<dyn Fn(i64)>) -> Case {
    let provider = sdk();
    Case::new(call(&provider)).between(move || provider.force_flush().unwrap())
}

fn instrumented(number: i64) {
    black_box(load_cart(number, "c-4711"));
}

/// Makes a layer of tracing-opentelemetry the subscriber of the process.
fn set_subscriber(layer: OpenTelemetryLayer<Registry, SdkTracer>) {
    let subscriber = registry().with(layer.with_filter(LevelFilter::INFO));
    tracing::subscriber::set_global_default(subscriber).unwrap();
}

fn case(name: &str) -> Case {
    match name {
        "span: autotelemetry" => of_tools(|tools| Box::new(span(tools.tracer("bench")))),
        // One of three patterns matches one of two attributes, or none does.
        "span, redacted: autotelemetry" => redacting("*.password,http.request.header.*,customer"),
        "span, not redacted: autotelemetry" => redacting("*.password,http.request.header.*,*.token"),
        "span: SDK" => of_sdk(|sdk| Box::new(span(sdk.tracer("bench")))),
        "current span: autotelemetry" => of_tools(|tools| {
            let tracer = tools.tracer("bench");
            Box::new(move |_| drop(black_box(tracer.start_as_current_span("load_cart"))))
        }),
        "current span: SDK" => of_sdk(|sdk| {
            let tracer = sdk.tracer("bench");
            Box::new(move |_| drop(black_box(mark_span_as_active(tracer.start("load_cart")))))
        }),
        "#[instrument]: autotelemetry" => of_tools(|_| Box::new(instrumented)),
        "#[instrument]: stock, our options" => of_sdk(|sdk| {
            let layer = tracing_opentelemetry::layer().with_tracer(sdk.tracer("tracing"));
            let layer = layer.with_location(false).with_threads(false).with_tracked_inactivity(false);
            set_subscriber(layer.with_target(false));
            Box::new(instrumented)
        }),
        "#[instrument]: stock wiring" => of_sdk(|sdk| {
            set_subscriber(tracing_opentelemetry::layer().with_tracer(sdk.tracer("tracing")));
            Box::new(instrumented)
        }),
        "counter: autotelemetry" => Case::new(count(tools().meter("bench").u64_counter("requests").build())),
        "counter: SDK" => {
            let provider = SdkMeterProvider::builder().with_reader(ManualReader::builder().build()).build();
            let counter = provider.meter("bench").u64_counter("requests").build();
            Box::leak(Box::new(provider));
            Case::new(count(counter))
        }
        "disabled span: autotelemetry" => {
            tools();
            Case::new(disabled_span)
        }
        "disabled span: stock wiring" => of_sdk(|sdk| {
            set_subscriber(tracing_opentelemetry::layer().with_tracer(sdk.tracer("tracing")));
            Box::new(disabled_span)
        }),
        other => panic!("no case {other}"),
    }
}

fn main() -> ExitCode {
    compare(CASES, case)
}
