//! Telemetry as careful teams wire it today: the published exporters, batch processors, and
//! `tracing-subscriber`. Every choice is the cheaper one, such as `Targets` instead of `EnvFilter`.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    thread,
    time::Duration,
};

use opentelemetry::{KeyValue, global, trace::TracerProvider as _};
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_otlp::{
    LogExporter, MetricExporter, SpanExporter, WithExportConfig, WithHttpConfig, WithTonicConfig,
    tonic_types::metadata::MetadataMap,
};
use opentelemetry_sdk::{
    Resource,
    logs::{BatchConfigBuilder as LogBatchBuilder, BatchLogProcessor, SdkLoggerProvider},
    metrics::{PeriodicReader, SdkMeterProvider},
    propagation::TraceContextPropagator,
    trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider},
};
use prometheus::{Registry, TextEncoder};
use tracing_subscriber::{
    Layer as _, filter::Targets, fmt, layer::SubscriberExt as _, registry, util::SubscriberInitExt as _,
};

use crate::by_hand_config::{Batch, Config, Otlp};

/// The three exporters, whatever their protocol.
struct Exporters {
    spans: SpanExporter,
    metrics: MetricExporter,
    logs: LogExporter,
}

/// Sets the globals, with all signals exported over OTLP/HTTP.
pub(crate) fn http(config: &Config) {
    fn with<B: WithExportConfig + WithHttpConfig>(builder: B, otlp: &Otlp, signal: &str) -> B {
        builder
            .with_endpoint(format!("{}/v1/{signal}", otlp.endpoint))
            .with_timeout(duration(&otlp.timeout))
            .with_headers(otlp.headers.clone())
    }
    let otlp = &config.otlp;
    install(
        config,
        Exporters {
            spans: with(SpanExporter::builder().with_http(), otlp, "traces").build().unwrap(),
            metrics: with(MetricExporter::builder().with_http(), otlp, "metrics").build().unwrap(),
            logs: with(LogExporter::builder().with_http(), otlp, "logs").build().unwrap(),
        },
    );
}

/// Sets the globals, with all signals exported over gRPC. Returns the runtime of the connections.
pub(crate) fn grpc(config: &Config) -> tokio::runtime::Runtime {
    fn with<B: WithExportConfig + WithTonicConfig>(builder: B, otlp: &Otlp) -> B {
        let mut metadata = MetadataMap::new();
        metadata.insert("authorization", otlp.headers["authorization"].parse().unwrap());
        metadata.insert("x-tenant", otlp.headers["x-tenant"].parse().unwrap());
        builder.with_endpoint(&otlp.endpoint).with_timeout(duration(&otlp.timeout)).with_metadata(metadata)
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let entered = runtime.enter();
    let otlp = &config.otlp;
    install(
        config,
        Exporters {
            spans: with(SpanExporter::builder().with_tonic(), otlp).build().unwrap(),
            metrics: with(MetricExporter::builder().with_tonic(), otlp).build().unwrap(),
            logs: with(LogExporter::builder().with_tonic(), otlp).build().unwrap(),
        },
    );
    drop(entered);
    runtime
}

/// Sets the globals, with a page of metrics and log lines on stdout.
pub(crate) fn prometheus(config: &Config) {
    let pages = Registry::new();
    let reader = opentelemetry_prometheus::exporter().with_registry(pages.clone()).build().unwrap();
    let meters = SdkMeterProvider::builder().with_resource(resource(config)).with_reader(reader).build();
    global::set_meter_provider(meters);
    let listener = TcpListener::bind((config.prometheus.host.as_str(), config.prometheus.port)).unwrap();
    thread::Builder::new()
        .name("metrics".to_owned())
        .spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let _ = stream.read(&mut [0; 1024]).unwrap();
                let page = TextEncoder::new().encode_to_string(&pages.gather()).unwrap();
                write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{page}", page.len()).unwrap();
            }
        })
        .unwrap();
    global::set_text_map_propagator(TraceContextPropagator::new());
    let lines = fmt::layer().json().with_filter(config.logs.level.parse::<Targets>().unwrap());
    registry().with(lines).init();
}

fn install(config: &Config, Exporters { spans, metrics, logs }: Exporters) {
    let resource = resource(config);
    let spans = BatchSpanProcessor::builder(spans).with_batch_config(batch_of(
        &config.traces.batch,
        |delay, queue, batch| {
            BatchConfigBuilder::default()
                .with_scheduled_delay(delay)
                .with_max_queue_size(queue)
                .with_max_export_batch_size(batch)
                .build()
        },
    ));
    let logs = BatchLogProcessor::builder(logs).with_batch_config(batch_of(
        &config.logs.batch,
        |delay, queue, batch| {
            LogBatchBuilder::default()
                .with_scheduled_delay(delay)
                .with_max_queue_size(queue)
                .with_max_export_batch_size(batch)
                .build()
        },
    ));
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(config.traces.sampler_arg)));
    let tracers = SdkTracerProvider::builder()
        .with_resource(resource.clone())
        .with_sampler(sampler)
        .with_span_processor(spans.build())
        .build();
    let reader = PeriodicReader::builder(metrics).with_interval(duration(&config.metrics.interval)).build();
    let meters = SdkMeterProvider::builder().with_resource(resource.clone()).with_reader(reader).build();
    let loggers =
        SdkLoggerProvider::builder().with_resource(resource).with_log_processor(logs.build()).build();
    let level = || config.logs.level.parse::<Targets>().unwrap();
    registry()
        .with(OpenTelemetryTracingBridge::new(&loggers).with_filter(level()))
        .with(tracing_opentelemetry::layer().with_tracer(tracers.tracer("checkout")).with_filter(level()))
        .init();
    global::set_tracer_provider(tracers);
    global::set_meter_provider(meters);
    global::set_text_map_propagator(TraceContextPropagator::new());
    // A program keeps its provider until the shutdown.
    std::mem::forget(loggers);
}

fn batch_of<T>(batch: &Batch, build: impl FnOnce(Duration, usize, usize) -> T) -> T {
    build(duration(&batch.schedule_delay), batch.max_queue_size, batch.max_export_batch_size)
}

fn resource(config: &Config) -> Resource {
    let service = &config.service;
    let attributes = config.resource.attributes.iter();
    Resource::builder()
        .with_service_name(service.name.clone())
        .with_attributes(attributes.map(|(key, value)| KeyValue::new(key.clone(), value.clone())))
        .with_attribute(KeyValue::new("service.version", service.version.clone()))
        .with_attribute(KeyValue::new("service.namespace", service.namespace.clone()))
        .with_attribute(KeyValue::new("deployment.environment.name", service.environment.clone()))
        .build()
}

/// Reads a duration in seconds or milliseconds.
fn duration(text: &str) -> Duration {
    match text.strip_suffix("ms") {
        Some(millis) => Duration::from_millis(millis.parse().unwrap()),
        None => Duration::from_secs(text.trim_end_matches('s').parse().unwrap()),
    }
}
