//! Builds the tracer provider from [`Traces`].
//!
//! All settings are passed to the SDK, since its defaults read the environment.

use std::sync::Arc;

use opentelemetry_sdk::trace::{RandomIdGenerator, Sampler, SdkTracerProvider};

use super::{
    builder::PipelineBuilder,
    limits::SpanLimiter,
    processor::{SpanChanges, SpanPipeline},
    samplers::{OwnSampler, SamplerBuilder, SpanSampler},
    self_metrics::CountingSampler,
};
use crate::{
    config::{self, ExporterName, Signal, Traces},
    error::Error,
    export::{console::ConsoleSpanDestination, destination::SpanDestination, runtime::ExportRuntime},
    logs::BaggageAttributes,
};

pub(super) fn provider(
    traces: &Traces,
    exporters: &[ExporterName],
    builder: &mut PipelineBuilder<'_>,
) -> Result<SdkTracerProvider, Error> {
    // The exporters were resolved into `exporters`. The configuration as a whole resolves the
    // batching of each exporter.
    let Traces { exporters: _, sampler, sampler_arg, baggage_attributes, batch: _, limits, scopes } = traces;
    let attribute_limits = builder.inputs.settings.config.span_limits();
    let limiter = SpanLimiter::new(*limits, attribute_limits, builder.inputs.diagnostics);
    let destinations = destinations(exporters, builder)?;
    let mut provider = SdkTracerProvider::builder()
        .with_span_limits(limiter.sdk_limits())
        .with_resource(builder.inputs.resource.clone());
    provider = match builder.inputs.memory.as_ref().and_then(|memory| memory.ids()) {
        Some(ids) => provider.with_id_generator(ids),
        None => provider.with_id_generator(RandomIdGenerator::default()),
    };
    let sampler = if destinations.is_empty() {
        // Creates spans only for sampled callers, so that downstream services stay sampled.
        SpanSampler::Other(Box::new(Sampler::ParentBased(Box::new(Sampler::AlwaysOff))))
    } else {
        match builder.custom.take_sampler(sampler) {
            Some((name, own)) => {
                SpanSampler::Other(Box::new(OwnSampler::new(name, own, builder.inputs.diagnostics)))
            }
            None => sampler_builder(sampler, builder)?.build(sampler, *sampler_arg)?,
        }
    };
    let counters = builder.counters();
    provider = match &counters {
        Some(counters) => provider.with_sampler(CountingSampler { sampler, counters: Arc::clone(counters) }),
        None => provider.with_sampler(sampler),
    };
    if !destinations.is_empty() {
        let flush_timeout = builder.shutdown_timeout();
        let changes = SpanChanges {
            processors: builder.inputs.processors.spans(builder.inputs.diagnostics),
            redactor: builder.inputs.redactor.clone(),
        };
        let baggage = BaggageAttributes::new(baggage_attributes);
        provider = provider.with_span_processor(SpanPipeline::new(
            counters,
            changes,
            limiter,
            scopes.clone(),
            baggage,
            destinations,
            flush_timeout,
        ));
    }
    Ok(provider.build())
}

/// Starts the runtime if the sampler needs it. Tools that keep telemetry in memory ask no server.
fn sampler_builder<'b>(
    sampler: &config::Sampler,
    builder: &'b mut PipelineBuilder<'_>,
) -> Result<SamplerBuilder<'b>, Error> {
    let is_remote = matches!(sampler, config::Sampler::Tree(tree) if tree.is_remote());
    let handle = (is_remote && builder.inputs.memory.is_none()).then(|| builder.runtime.get());
    let settings = builder.inputs.settings;
    Ok(SamplerBuilder {
        diagnostics: builder.inputs.diagnostics,
        proxies: &settings.proxies,
        service: settings.config.service.name.as_ref().map(ToString::to_string).unwrap_or_default(),
        handle: handle.transpose()?.map(ExportRuntime::handle),
    })
}

fn destinations(
    exporters: &[ExporterName],
    builder: &mut PipelineBuilder<'_>,
) -> Result<Vec<Arc<dyn SpanDestination>>, Error> {
    let mut destinations: Vec<Arc<dyn SpanDestination>> = Vec::new();
    if let Some(memory) = builder.memory(Signal::Traces) {
        destinations.push(memory);
    }
    for name in exporters {
        let batch = builder.inputs.settings.config.span_batch(name);
        let destination: Arc<dyn SpanDestination> = match name {
            ExporterName::Console => Arc::new(ConsoleSpanDestination::new(builder.console(Signal::Traces))),
            ExporterName::Otlp | ExporterName::Named(_) => {
                let (timeout, settings) = (batch.export_timeout, batch.settings());
                match builder.custom_spans(name, timeout, settings)? {
                    Some(custom) => custom,
                    None => builder.otlp_queue(name, Signal::Traces, timeout, settings)?,
                }
            }
            ExporterName::OtlpFile | ExporterName::OtlpStdout => {
                builder.otlp_file_queue(name, Signal::Traces, batch.settings())?
            }
            // Rejected by the validation.
            ExporterName::File | ExporterName::Prometheus => continue,
        };
        builder.add_destination(Signal::Traces, Arc::clone(&destination) as _);
        destinations.push(destination);
    }
    Ok(destinations)
}
