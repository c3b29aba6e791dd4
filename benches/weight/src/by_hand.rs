//! The same signals, wired by hand from the published crates: OTLP over HTTP, JSON lines on stdout,
//! and a filter from `RUST_LOG`. It has neither TLS, gRPC, Prometheus nor a file.

use opentelemetry::{global, trace::TracerProvider as _};
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_otlp::{LogExporter, MetricExporter, SpanExporter};
use opentelemetry_sdk::{
    Resource, logs::SdkLoggerProvider, metrics::SdkMeterProvider, propagation::TraceContextPropagator,
    trace::SdkTracerProvider,
};
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt as _, registry, util::SubscriberInitExt as _};

pub fn run(program: fn()) {
    let resource = Resource::builder().build();
    let tracers = SdkTracerProvider::builder()
        .with_resource(resource.clone())
        .with_batch_exporter(SpanExporter::builder().with_http().build().unwrap())
        .build();
    let meters = SdkMeterProvider::builder()
        .with_resource(resource.clone())
        .with_periodic_exporter(MetricExporter::builder().with_http().build().unwrap())
        .build();
    let loggers = SdkLoggerProvider::builder()
        .with_resource(resource)
        .with_batch_exporter(LogExporter::builder().with_http().build().unwrap())
        .build();
    registry()
        .with(EnvFilter::from_default_env())
        .with(fmt::layer().json())
        .with(OpenTelemetryTracingBridge::new(&loggers))
        .with(tracing_opentelemetry::layer().with_tracer(tracers.tracer("weight")))
        .init();
    global::set_tracer_provider(tracers.clone());
    global::set_meter_provider(meters.clone());
    global::set_text_map_propagator(TraceContextPropagator::new());
    program();
    let _ = tracers.shutdown();
    let _ = meters.shutdown();
    let _ = loggers.shutdown();
}
