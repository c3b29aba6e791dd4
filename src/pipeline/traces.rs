//! Builds the tracer provider from [`Traces`].
//!
//! All settings are passed to the SDK, since its defaults read the environment.

use std::sync::Arc;

use opentelemetry_sdk::trace::{RandomIdGenerator, Sampler, SdkTracerProvider};

use super::{
    builder::PipelineBuilder, limits::SpanLimiter, processor::SpanPipeline, self_metrics::CountingSampler,
    span_sampler::SpanSampler,
};
use crate::{
    config::{self, ExporterName, SamplingRatio, Signal, SpanBatch, Traces},
    error::Error,
    export::{console::ConsoleSpanDestination, destination::SpanDestination},
};

pub(super) fn provider(
    traces: &Traces,
    exporters: &[ExporterName],
    builder: &mut PipelineBuilder<'_>,
) -> Result<SdkTracerProvider, Error> {
    // The exporters were resolved into `exporters`.
    let Traces { exporters: _, sampler, sampler_arg, batch, limits, scopes } = traces;
    let attribute_limits = builder.inputs.settings.config.span_limits();
    let limiter = SpanLimiter::new(*limits, attribute_limits, builder.inputs.diagnostics);
    let destinations = destinations(batch, exporters, builder)?;
    let mut provider = SdkTracerProvider::builder()
        .with_span_limits(limiter.sdk_limits())
        .with_resource(builder.inputs.resource.clone());
    provider = match builder.inputs.memory.as_ref().and_then(|memory| memory.ids()) {
        Some(ids) => provider.with_id_generator(ids),
        None => provider.with_id_generator(RandomIdGenerator::default()),
    };
    let sampler = if destinations.is_empty() {
        // Creates spans only for sampled callers, so that downstream services stay sampled.
        SpanSampler::Other(Sampler::ParentBased(Box::new(Sampler::AlwaysOff)))
    } else {
        to_sampler(*sampler, *sampler_arg)
    };
    let counters = builder.counters();
    provider = match &counters {
        Some(counters) => provider.with_sampler(CountingSampler { sampler, counters: Arc::clone(counters) }),
        None => provider.with_sampler(sampler),
    };
    if !destinations.is_empty() {
        let flush_timeout = builder.shutdown_timeout();
        let redactor = builder.inputs.redactor.clone();
        provider = provider.with_span_processor(SpanPipeline::new(
            counters,
            redactor,
            limiter,
            scopes.clone(),
            destinations,
            flush_timeout,
        ));
    }
    Ok(provider.build())
}

fn destinations(
    batch: &SpanBatch,
    exporters: &[ExporterName],
    builder: &mut PipelineBuilder<'_>,
) -> Result<Vec<Arc<dyn SpanDestination>>, Error> {
    let mut destinations: Vec<Arc<dyn SpanDestination>> = Vec::new();
    if let Some(memory) = builder.memory(Signal::Traces) {
        destinations.push(memory);
    }
    for name in exporters {
        let destination: Arc<dyn SpanDestination> = match name {
            ExporterName::Console => Arc::new(ConsoleSpanDestination::new(builder.console(Signal::Traces))),
            ExporterName::Otlp | ExporterName::Named(_) => {
                builder.otlp_queue(name, Signal::Traces, batch.export_timeout, batch.settings())?
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

fn to_sampler(sampler: config::Sampler, ratio: Option<SamplingRatio>) -> SpanSampler {
    let share = || Sampler::TraceIdRatioBased(ratio.unwrap_or(SamplingRatio::ONE).get());
    let parent_or = |root| Sampler::ParentBased(Box::new(root));
    SpanSampler::Other(match sampler {
        config::Sampler::ParentBasedAlwaysOn => return SpanSampler::ParentOrOn,
        config::Sampler::AlwaysOn => Sampler::AlwaysOn,
        config::Sampler::AlwaysOff => Sampler::AlwaysOff,
        config::Sampler::TraceIdRatio => share(),
        config::Sampler::ParentBasedAlwaysOff => parent_or(Sampler::AlwaysOff),
        config::Sampler::ParentBasedTraceIdRatio => parent_or(share()),
    })
}
