//! Builds the tracer provider from [`Traces`]. Every setting is passed, since the SDK's defaults read the environment.

use std::sync::Arc;

use opentelemetry_sdk::trace::{RandomIdGenerator, Sampler, SdkTracerProvider, SpanLimits, SpanProcessor};

use super::{
    PipelineBuilder,
    limits::LimitsProcessor,
    processor::MultiProcessor,
    self_metrics::counters::{CountingProcessor, CountingSampler},
};
use crate::{
    config::{self, AttributeLimits, ExporterName, SamplingRatio, Signal, SpanBatch, Traces},
    error::Error,
    export::console::ConsoleSpanProcessor,
};

pub(crate) fn provider(
    traces: &Traces,
    exporters: &[ExporterName],
    parts: &mut PipelineBuilder<'_>,
) -> Result<SdkTracerProvider, Error> {
    // What goes where was resolved into `exporters`.
    let Traces { exporters: _, sampler, sampler_arg, batch, limits } = traces;
    let of_attributes = parts.settings.config.span_limits();
    let mut builder = SdkTracerProvider::builder()
        .with_span_limits(to_limits(*limits, of_attributes))
        .with_resource(parts.resource.clone());
    builder = match parts.memory.as_ref().and_then(|memory| memory.ids()) {
        Some(ids) => builder.with_id_generator(ids),
        None => builder.with_id_generator(RandomIdGenerator::default()),
    };
    let sampler = if exporters.is_empty() {
        // Nobody would see a span. Those of sampled callers are still made, so that what they call stays sampled.
        Sampler::ParentBased(Box::new(Sampler::AlwaysOff))
    } else {
        to_sampler(*sampler, *sampler_arg)
    };
    let counters = parts.own.as_ref().map(|own| Arc::clone(&own.counters));
    builder = match &counters {
        Some(counters) => builder.with_sampler(CountingSampler { sampler, counters: Arc::clone(counters) }),
        None => builder.with_sampler(sampler),
    };
    let mut processors = MultiProcessor::<dyn SpanProcessor>::new();
    for exporter in exporters {
        match exporter {
            ExporterName::Console => {
                processors.add(Box::new(ConsoleSpanProcessor::new(parts.console(Signal::Traces))));
            }
            ExporterName::Memory => {
                if let Some(processor) = parts.memory(Signal::Traces) {
                    processors.add(Box::new(processor));
                }
            }
            ExporterName::Otlp | ExporterName::Named(_) | ExporterName::File | ExporterName::Prometheus => {
                let Some(exporter) = parts.otlp(exporter, Signal::Traces, batch.export_timeout)? else {
                    continue;
                };
                let SpanBatch { schedule_delay, export_timeout: _, max_queue_size, max_export_batch_size: _ } =
                    batch;
                let sizes = (*max_queue_size, batch.batch_size());
                processors.add(Box::new(parts.batch(exporter, sizes, schedule_delay.get())?));
            }
        }
    }
    if !processors.is_empty() {
        let processor = LimitsProcessor::new(processors, of_attributes, parts.diagnostics);
        builder = match counters {
            Some(counters) => builder.with_span_processor(CountingProcessor { processor, counters }),
            None => builder.with_span_processor(processor),
        };
    }
    Ok(builder.build())
}

fn to_limits(limits: config::SpanLimits, of_attributes: AttributeLimits) -> SpanLimits {
    let config::SpanLimits {
        // Resolved into `of_attributes`; of these two the SDK knows the first.
        attribute_count_limit: _,
        attribute_value_length_limit: _,
        event_count_limit,
        link_count_limit,
        event_attribute_count_limit,
        link_attribute_count_limit,
    } = limits;
    SpanLimits {
        max_events_per_span: event_count_limit.get(),
        max_attributes_per_span: of_attributes.attribute_count_limit.get(),
        max_links_per_span: link_count_limit.get(),
        max_attributes_per_event: event_attribute_count_limit.get(),
        max_attributes_per_link: link_attribute_count_limit.get(),
    }
}

fn to_sampler(sampler: config::Sampler, ratio: Option<SamplingRatio>) -> Sampler {
    let share = || Sampler::TraceIdRatioBased(ratio.unwrap_or(SamplingRatio::ONE).get());
    let parent_or = |root| Sampler::ParentBased(Box::new(root));
    match sampler {
        config::Sampler::AlwaysOn => Sampler::AlwaysOn,
        config::Sampler::AlwaysOff => Sampler::AlwaysOff,
        config::Sampler::TraceIdRatio => share(),
        config::Sampler::ParentBasedAlwaysOn => parent_or(Sampler::AlwaysOn),
        config::Sampler::ParentBasedAlwaysOff => parent_or(Sampler::AlwaysOff),
        config::Sampler::ParentBasedTraceIdRatio => parent_or(share()),
    }
}
