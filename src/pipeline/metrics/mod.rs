//! Builds the meter provider from [`Metrics`], and what is behind it.
//!
//! One reader serves the scrapes of Prometheus and the pushes to all other exporters: with two, the
//! SDK confuses the values of observable instruments. Its sums are cumulative beside Prometheus and
//! if the intervals of the exporters differ.

mod attribute_filter;
mod instrument_check;
mod instrument_provider;
mod meter_provider;
mod observed_stream;
mod observed_sums;
pub(super) mod periodic_push;
mod prometheus;
mod push_targets;
pub(super) mod push_worker;
mod reduction;
mod stream_slot;
mod streams;
mod views;

use std::sync::Arc;

use arc_swap::ArcSwap;
use opentelemetry_sdk::metrics::{ManualReader, SdkMeterProvider, Temporality, reader::MetricReader};

pub use self::meter_provider::MeterProvider;
use self::{
    instrument_check::InstrumentCheck, instrument_provider::Shared, observed_sums::ObservedSums, views::Views,
};
use super::builder::PipelineBuilder;
use crate::{
    config::{self, Config, ExporterName, Metrics, Signal},
    error::Error,
    export::{
        callbacks::Callbacks, collector::Collector, overflow_check::OverflowCheck,
        shared_reader::SharedReader,
    },
};

/// The parts behind the provider.
#[derive(Debug)]
pub(super) struct LiveMetrics {
    provider: MeterProvider,
    collector: Arc<Collector>,
    /// The temporality of the reader, which all exporters share.
    temporality: Temporality,
    /// False if no exporter was configured, so that no measurement is kept.
    is_read: bool,
}

/// Creates the provider and its reader. The exporters are prepared afterwards.
pub(super) fn provider(
    metrics: &Metrics,
    exporters: &[ExporterName],
    builder: &mut PipelineBuilder<'_>,
) -> LiveMetrics {
    let Metrics {
        // Were resolved into `exporters`.
        exporters: _,
        // The configuration as a whole resolves the interval of each exporter.
        interval: _,
        timeout: _,
        temporality: _,
        // The SDK records no exemplars, which the validation reports.
        exemplar_filter: _,
        // Read by `Views`.
        histogram_aggregation: _,
        cardinality_limit: _,
        cardinality_limits: _,
        views: _,
        scopes,
    } = metrics;
    let diagnostics = builder.diagnostics();
    let callbacks = Arc::new(Callbacks::new(diagnostics));
    let config = &builder.settings.config;
    let temporality = if needs_totals(config, exporters) { Temporality::Cumulative } else { wanted(metrics) };
    let memory = builder.fixed.memory.clone().map(|memory| memory.reader(&callbacks));
    let is_read = memory.is_some() || !exporters.is_empty();
    let is_delta = memory.is_none() && temporality == Temporality::Delta;
    let reader: Arc<dyn MetricReader> = match memory {
        Some(reader) => {
            builder.add_lasting_destination(Signal::Metrics, Arc::clone(&reader) as _);
            reader
        }
        None => Arc::new(ManualReader::builder().with_temporality(temporality).build()),
    };
    let overflow = OverflowCheck::new(metrics, diagnostics);
    let collector = Arc::new(Collector::new(Arc::clone(&reader), Arc::clone(&callbacks), overflow));
    let mut provider = SdkMeterProvider::builder().with_resource(builder.fixed.resource.clone());
    if is_read {
        provider = provider.with_reader(SharedReader(reader));
    }
    let provider = MeterProvider::new(
        provider.with_view(stream_slot::planned).build(),
        Shared {
            views: Views::new(metrics, diagnostics),
            scopes: ArcSwap::from_pointee(scopes.clone()),
            processors: builder.fixed.processors.measurements(diagnostics),
            callbacks,
            sums: ObservedSums::default(),
            check: is_read.then(|| InstrumentCheck::new(diagnostics)),
            is_delta,
        },
    );
    LiveMetrics { provider, collector, temporality, is_read }
}

impl LiveMetrics {
    pub(super) fn provider(&self) -> &MeterProvider {
        &self.provider
    }

    /// Prepares the exporters.
    pub(super) fn prepare(
        &self,
        metrics: &Metrics,
        exporters: &[ExporterName],
        builder: &mut PipelineBuilder<'_>,
    ) -> Result<(), Error> {
        let is_converted = self.temporality != wanted(metrics);
        push_targets::prepare(metrics, exporters, &self.collector, is_converted, builder)?;
        if exporters.contains(&ExporterName::Prometheus) {
            prometheus::serve(builder, &self.collector)?;
        }
        let (provider, scopes) = (self.provider.clone(), metrics.scopes.clone());
        builder.on_activation(move || provider.set_scopes(scopes));
        Ok(())
    }

    /// Returns whether the reader can serve the exporters of `config`.
    pub(super) fn can_serve(&self, config: &Config) -> bool {
        let exporters = config.exporters(Signal::Metrics);
        exporters.is_empty()
            || (self.is_read
                && (self.temporality == Temporality::Cumulative || !needs_totals(config, exporters)))
    }
}

/// Prometheus needs cumulative sums. A difference would only reach the exporters that are due.
fn needs_totals(config: &Config, exporters: &[ExporterName]) -> bool {
    exporters.contains(&ExporterName::Prometheus) || config.has_different_intervals()
}

fn wanted(metrics: &Metrics) -> Temporality {
    match metrics.temporality {
        config::Temporality::Cumulative => Temporality::Cumulative,
        config::Temporality::Delta => Temporality::Delta,
        config::Temporality::LowMemory => Temporality::LowMemory,
    }
}
