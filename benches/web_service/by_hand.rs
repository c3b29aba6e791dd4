//! The web service as teams wire it today, without autotelemetry. Routes, spans, metrics and log
//! records are the same. It uses the SDK's batch processors, the published exporters, and
//! `tracing-subscriber` for the log on stdout.
//!
//! Every choice is the cheaper one. The SDK's tracer avoids the boxed spans of the global tracer.
//! Lines are written directly, which costs less than `tracing-appender` if the stream never blocks.
//! The lines have no span ids, which would require a custom formatter.

use std::error::Error;

use autotelemetry::ObservabilityTools;
use opentelemetry::{KeyValue, global};
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_otlp::{LogExporter, MetricExporter, SpanExporter};
use opentelemetry_sdk::{
    Resource,
    logs::SdkLoggerProvider,
    metrics::SdkMeterProvider,
    propagation::{BaggagePropagator, TraceContextPropagator},
    trace::SdkTracerProvider,
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tracing_subscriber::{
    Layer as _,
    filter::{LevelFilter, Targets},
    fmt,
    layer::SubscriberExt as _,
    registry,
};

use crate::{observe::Telemetry, routes, upstream::Upstream};

/// Serves at `address` until SIGTERM. The standard variables set the destination of the telemetry.
#[tokio::main]
pub async fn run(address: &str) -> Result<(), Box<dyn Error>> {
    let resource = Resource::builder()
        .with_service_name("web_service")
        .with_attribute(KeyValue::new("service.version", "0.1.0"))
        .build();
    let tracers = SdkTracerProvider::builder()
        .with_resource(resource.clone())
        .with_batch_exporter(SpanExporter::builder().with_tonic().build()?)
        .build();
    let meters = SdkMeterProvider::builder()
        .with_resource(resource.clone())
        .with_periodic_exporter(MetricExporter::builder().with_tonic().build()?)
        .build();
    let loggers = SdkLoggerProvider::builder()
        .with_resource(resource)
        .with_batch_exporter(LogExporter::builder().with_tonic().build()?)
        .build();
    global::set_text_map_propagator(opentelemetry::propagation::TextMapCompositePropagator::new(vec![
        Box::new(TraceContextPropagator::new()),
        Box::new(BaggagePropagator::new()),
    ]));

    let on_console = Targets::new().with_default(LevelFilter::INFO).with_target("hyper", LevelFilter::WARN);
    // Log records of the exporter's own connection must not be exported.
    let exported = ["hyper", "h2", "tonic", "tower"]
        .into_iter()
        .fold(on_console.clone(), |filter, target| filter.with_target(target, LevelFilter::OFF));
    let subscriber = registry()
        .with(fmt::layer().json().with_filter(on_console))
        .with(OpenTelemetryTracingBridge::new(&loggers).with_filter(exported));
    tracing::subscriber::set_global_default(subscriber)?;

    let mut stop = signal(SignalKind::terminate())?;
    let listener = TcpListener::bind(address).await?;
    tracing::info!(server.address = address, "listening");
    // No request of the benchmark calls the upstream service; the router only requires one.
    let upstream = Upstream::new(&ObservabilityTools::disabled(), format!("http://{address}"))?;
    axum::serve(listener, routes::router(Telemetry::new(&tracers, &meters), upstream))
        .with_graceful_shutdown(async move { stop.recv().await.unwrap_or_default() })
        .await?;
    tracing::info!("stopped");

    tracers.shutdown()?;
    meters.shutdown()?;
    loggers.shutdown()?;
    Ok(())
}
