//! The cost of spans and measurements on the thread of the program, compared with wiring by hand.
//!
//! `cargo bench -p autotelemetry-benches --bench hot`
//!
//! The exporters of the wiring by hand do nothing, because only the thread of the program is
//! measured; see `lib.rs` for how. `benches/logs.rs` does the same for log records.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and may panic")]

use std::{fs, hint::black_box, process::ExitCode};

use autotelemetry::{ObservabilityTools, prelude::*};
use autotelemetry_benches::{Case, accept_all, compare};
use opentelemetry::{
    metrics::{Counter, Histogram, MeterProvider as _},
    trace::{Tracer, TracerProvider as _, mark_span_as_active},
};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    metrics::{Aggregation, Instrument, ManualReader, SdkMeterProvider, Stream},
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
    ("span, sampled by rules: autotelemetry", "span: autotelemetry"),
    ("current span: autotelemetry", "current span: SDK"),
    ("current span: SDK", "current span: SDK"),
    ("#[instrument]: autotelemetry", "#[instrument]: stock wiring"),
    ("#[instrument]: stock, our options", "#[instrument]: stock wiring"),
    ("#[instrument]: stock wiring", "#[instrument]: stock wiring"),
    ("counter: autotelemetry", "counter: SDK"),
    ("counter: SDK", "counter: SDK"),
    ("counter, fewer attributes: autotelemetry", "counter: autotelemetry"),
    ("histogram: autotelemetry", "histogram: SDK"),
    ("histogram: SDK", "histogram: SDK"),
    ("exponential: autotelemetry", "exponential: SDK"),
    ("exponential: SDK", "exponential: SDK"),
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

fn record(histogram: Histogram<f64>) -> impl Fn(i64) {
    #[expect(clippy::cast_precision_loss, reason = "bursts are short")]
    move |number| histogram.record(number as f64, &[KeyValue::new("method", "GET")])
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
    tools_with("")
}

/// Same as [`tools`], with a configuration file.
fn tools_with(text: &str) -> &'static ObservabilityTools {
    let none: [(&str, &str); 0] = [];
    let file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    fs::write(file.path(), text).unwrap();
    let builder = ObservabilityTools::builder()
        .config_file(file.path())
        .service_name("bench")
        .env_vars(none)
        .set("otlp.endpoint", format!("http://{}", accept_all()))
        .set("logs.exporters", "otlp")
        .set("traces.exporters", "otlp")
        .set("metrics.exporters", "otlp");
    Box::leak(Box::new(builder.install().unwrap()))
}

/// Returns a meter of the SDK with this aggregation of histograms, if it is not the default.
fn sdk_meter(aggregation: Option<Aggregation>) -> Meter {
    let view = move |_: &Instrument| {
        let aggregation = aggregation.clone()?;
        Stream::builder().with_aggregation(aggregation).build().ok()
    };
    let reader = ManualReader::builder().build();
    let provider = SdkMeterProvider::builder().with_reader(reader).with_view(view).build();
    let meter = provider.meter("bench");
    Box::leak(Box::new(provider));
    meter
}

fn sdk() -> SdkTracerProvider {
    SdkTracerProvider::builder().with_span_processor(BatchSpanProcessor::builder(Nothing).build()).build()
}

/// Returns a case of spans with this configuration file.
fn span_with(text: &str) -> Case {
    let tools = tools_with(text);
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
        "span, redacted: autotelemetry" => {
            span_with(r#"redact.keys = ["*.password", "http.request.header.*", "customer"]"#)
        }
        "span, not redacted: autotelemetry" => {
            span_with(r#"redact.keys = ["*.password", "http.request.header.*", "*.token"]"#)
        }
        // The last of three rules applies.
        "span, sampled by rules: autotelemetry" => span_with(
            r#"traces.sampler.rule_based.rules = [
                { span_name = "GET /health*", sampler = "always_off" },
                { attribute_values = { key = "url.path", values = ["/ready"] }, sampler = "always_off" },
                { sampler = "always_on" },
            ]"#,
        ),
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
        "counter: SDK" => Case::new(count(sdk_meter(None).u64_counter("requests").build())),
        "counter, fewer attributes: autotelemetry" => {
            let view = r#"metrics.views = [{ instrument_name = "requests", attribute_keys = ["route"] }]"#;
            Case::new(count(tools_with(view).meter("bench").u64_counter("requests").build()))
        }
        "histogram: autotelemetry" => {
            Case::new(record(tools().meter("bench").f64_histogram("duration").build()))
        }
        "histogram: SDK" => Case::new(record(sdk_meter(None).f64_histogram("duration").build())),
        "exponential: autotelemetry" => {
            let tools = tools_with(r#"metrics.histogram_aggregation = "base2_exponential_bucket_histogram""#);
            Case::new(record(tools.meter("bench").f64_histogram("duration").build()))
        }
        "exponential: SDK" => {
            let aggregation =
                Aggregation::Base2ExponentialHistogram { max_size: 160, max_scale: 20, record_min_max: true };
            Case::new(record(sdk_meter(Some(aggregation)).f64_histogram("duration").build()))
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
