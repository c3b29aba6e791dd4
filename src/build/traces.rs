//! Builds the tracer provider from [`Traces`]. Every setting is passed, since the SDK's defaults read the environment.

use std::sync::Arc;

use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, RandomIdGenerator, Sampler, SdkTracerProvider, SpanLimits,
    SpanProcessor,
};

use super::{Parts, exporter::console::ConsoleSpans, fanout::Fanout};
use crate::{
    config::{self, ExporterRef, Ratio, Signal, SpanBatch, Traces},
    error::Error,
};

pub(super) fn provider(
    traces: &Traces,
    exporters: &[ExporterRef],
    parts: &mut Parts<'_>,
) -> Result<SdkTracerProvider, Error> {
    // What goes where was resolved into `exporters`.
    let Traces { exporters: _, sampler, sampler_arg, batch } = traces;
    let mut builder = SdkTracerProvider::builder()
        .with_id_generator(RandomIdGenerator::default())
        .with_span_limits(SpanLimits::default())
        .with_resource(parts.resource.clone());
    builder = if exporters.is_empty() {
        // Nobody would see a span. Those of sampled callers are still made, so that what they call stays sampled.
        builder.with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOff)))
    } else {
        builder.with_sampler(to_sampler(*sampler, *sampler_arg))
    };
    let mut processors = Fanout::<dyn SpanProcessor>::new(parts.shutdown_timeout());
    for exporter in exporters {
        match exporter {
            ExporterRef::Console => {
                processors.add(Box::new(ConsoleSpans::new(Arc::clone(parts.console()))), None);
            }
            ExporterRef::Otlp | ExporterRef::Named(_) | ExporterRef::Prometheus => {
                let Some(exporter) = parts.otlp(exporter, Signal::Traces, batch.export_timeout)? else {
                    continue;
                };
                let SpanBatch { schedule_delay, export_timeout: _, max_queue_size, max_export_batch_size: _ } =
                    batch;
                // All three at once: the SDK clamps one by what the environment says about another.
                let config = BatchConfigBuilder::default()
                    .with_max_queue_size(max_queue_size.get() as usize)
                    .with_max_export_batch_size(batch.batch_size() as usize)
                    .with_scheduled_delay(schedule_delay.get())
                    .build();
                let tally = exporter.tally();
                let processor = BatchSpanProcessor::builder(exporter).with_batch_config(config).build();
                processors.add(Box::new(processor), Some(tally));
            }
        }
    }
    if !processors.is_empty() {
        builder = builder.with_span_processor(processors);
    }
    Ok(builder.build())
}

fn to_sampler(sampler: config::Sampler, ratio: Option<Ratio>) -> Sampler {
    let share = || Sampler::TraceIdRatioBased(ratio.unwrap_or(Ratio::ONE).get());
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
