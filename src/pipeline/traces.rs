//! Builds what is behind the tracer provider from [`Traces`].

use std::sync::Arc;

use opentelemetry_sdk::trace::{RandomIdGenerator, Sampler, SdkTracerProvider};

use super::{
    builder::PipelineBuilder,
    fixed::Fixed,
    limits::SpanLimiter,
    processor::{LiveRoutes, SpanChanges, SpanPipeline, SpanRoutes},
    samplers::{OwnSampler, ReloadableSampler, SamplerBuilder, SpanSampler},
    self_metrics::CountingSampler,
};
use crate::{
    config::{self, Config, ExporterName, Signal, Traces},
    error::Error,
    export::destination::SpanDestination,
    logs::BaggageAttributes,
};

/// The parts that a configuration describes.
#[derive(Debug)]
pub(super) struct TraceParts {
    /// `None` keeps the sampler with its state, such as the rest of its rate.
    sampler: Option<SpanSampler>,
    routes: SpanRoutes,
}

/// The parts behind the provider.
#[derive(Debug)]
pub(super) struct LiveTraces {
    sampler: ReloadableSampler,
    routes: LiveRoutes,
}

/// Prepares the parts. `running` is the configuration that is replaced.
pub(super) fn prepare(
    traces: &Traces,
    exporters: &[ExporterName],
    running: Option<&Config>,
    builder: &mut PipelineBuilder<'_>,
) -> Result<TraceParts, Error> {
    // The exporters were resolved into `exporters`. The configuration as a whole resolves the
    // batching of each exporter.
    let Traces { exporters: _, sampler, sampler_arg, baggage_attributes, batch: _, limits, scopes } = traces;
    let attribute_limits = builder.settings.config.span_limits();
    let diagnostics = builder.diagnostics();
    let limiter = SpanLimiter::new(*limits, attribute_limits, diagnostics);
    let destinations = destinations(exporters, builder)?;
    let is_same = running.is_some_and(|running| {
        let was_used = !running.disabled && !running.exporters(Signal::Traces).is_empty();
        let of_running = (&running.traces.sampler, running.traces.sampler_arg);
        was_used && !destinations.is_empty() && of_running == (sampler, *sampler_arg)
    });
    let sampler = if is_same {
        None
    } else if destinations.is_empty() {
        // Creates spans only for sampled callers, so that downstream services stay sampled.
        Some(SpanSampler::Other(Box::new(Sampler::ParentBased(Box::new(Sampler::AlwaysOff)))))
    } else {
        Some(match builder.kept.custom.sampler(sampler) {
            Some((name, own)) => SpanSampler::Other(Box::new(OwnSampler::new(name, own, diagnostics))),
            None => sampler_builder(sampler, builder)?.build(sampler, *sampler_arg)?,
        })
    };
    let changes = SpanChanges {
        processors: builder.fixed.processors.spans(diagnostics),
        redactor: builder.redactor.clone(),
    };
    let routes = SpanRoutes {
        changes,
        limiter,
        scopes: scopes.clone(),
        baggage: BaggageAttributes::new(baggage_attributes),
        destinations,
        flush_timeout: builder.shutdown_timeout(),
    };
    Ok(TraceParts { sampler, routes })
}

/// Creates the provider. All settings are passed to the SDK, since its defaults read the
/// environment. With `is_off`, no reload can add an exporter.
pub(super) fn provider(parts: TraceParts, is_off: bool, fixed: &Fixed) -> (SdkTracerProvider, LiveTraces) {
    let TraceParts { sampler, routes } = parts;
    let mut provider = SdkTracerProvider::builder()
        .with_span_limits(routes.limiter.sdk_limits())
        .with_resource(fixed.resource.clone());
    provider = match fixed.memory.as_ref().and_then(|memory| memory.ids()) {
        Some(ids) => provider.with_id_generator(ids),
        None => provider.with_id_generator(RandomIdGenerator::default()),
    };
    let sampler = ReloadableSampler::new(sampler.unwrap_or(SpanSampler::ParentOrOn));
    let counters = fixed.counters();
    provider = match &counters {
        Some(counters) => {
            let counters = Arc::clone(counters);
            provider.with_sampler(CountingSampler { sampler: sampler.clone(), counters })
        }
        None => provider.with_sampler(sampler.clone()),
    };
    let routes = LiveRoutes::new(routes);
    if !is_off {
        let routes = routes.clone();
        provider = provider.with_span_processor(SpanPipeline { counters, routes });
    }
    (provider.build(), LiveTraces { sampler, routes })
}

impl LiveTraces {
    /// Replaces the parts.
    pub(super) fn set(&self, parts: TraceParts) {
        let TraceParts { sampler, routes } = parts;
        // Spans that the new sampler records find the new routes.
        self.routes.set(routes);
        if let Some(sampler) = sampler {
            self.sampler.set(sampler);
        }
    }
}

/// Starts the runtime if the sampler needs it. Tools that keep telemetry in memory ask no server.
fn sampler_builder<'b>(
    sampler: &config::Sampler,
    builder: &PipelineBuilder<'b>,
) -> Result<SamplerBuilder<'b>, Error> {
    let is_remote = matches!(sampler, config::Sampler::Tree(tree) if tree.is_remote());
    let handle = (is_remote && builder.fixed.memory.is_none()).then(|| builder.runtime());
    let settings = builder.settings;
    Ok(SamplerBuilder {
        diagnostics: builder.diagnostics(),
        proxies: &settings.proxies,
        service: settings.config.service.name.as_ref().map(ToString::to_string).unwrap_or_default(),
        handle: handle.transpose()?,
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
        let batch = builder.settings.config.span_batch(name);
        let (timeout, settings) = (batch.export_timeout, batch.settings());
        let destination: Arc<dyn SpanDestination> = match name {
            ExporterName::Console => builder.console_spans(),
            ExporterName::Otlp | ExporterName::Named(_) => {
                if let Some(custom) = builder.custom_spans(name, timeout, settings)? {
                    builder.add_lasting_destination(Signal::Traces, Arc::clone(&custom) as _);
                    destinations.push(custom);
                    continue;
                }
                builder.otlp_queue(name, Signal::Traces, timeout, settings)?
            }
            ExporterName::OtlpFile | ExporterName::OtlpStdout => {
                builder.otlp_file_queue(name, Signal::Traces, settings)?
            }
            // Rejected by the validation.
            ExporterName::File | ExporterName::Prometheus => continue,
        };
        builder.add_destination(Signal::Traces, Arc::clone(&destination) as _);
        destinations.push(destination);
    }
    Ok(destinations)
}
