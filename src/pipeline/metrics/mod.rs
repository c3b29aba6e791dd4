//! Builds the meter provider from [`Metrics`].
//!
//! One reader serves the scrapes of Prometheus and the pushes to all other exporters: with two, the
//! SDK confuses the values of observable instruments. Beside Prometheus, its sums are cumulative.

mod attribute_filter;
mod instrument_check;
mod instrument_provider;
mod meter_provider;
mod observed_stream;
mod observed_sums;
mod periodic_push;
mod prometheus;
mod push_worker;
mod reduction;
mod stream_slot;
mod streams;
mod views;

use std::{sync::Arc, time::Duration};

use opentelemetry_sdk::metrics::{ManualReader, SdkMeterProvider, Temporality, reader::MetricReader};

pub use self::meter_provider::MeterProvider;
use self::{
    instrument_check::InstrumentCheck, instrument_provider::Shared, observed_sums::ObservedSums,
    periodic_push::PeriodicPush, push_worker::PushTarget, views::Views,
};
use super::builder::PipelineBuilder;
use crate::{
    config::{self, ExporterName, Metrics, Signal},
    error::Error,
    export::{
        callbacks::Callbacks, collector::Collector, otlp::MetricItems, overflow_check::OverflowCheck,
        shared_reader::SharedReader,
    },
};

/// The longest time to wait for a write of lines, without a timeout for exports.
const WRITE_LIMIT: Duration = Duration::from_secs(10);

pub(super) fn provider(
    metrics: &Metrics,
    exporters: &[ExporterName],
    builder: &mut PipelineBuilder<'_>,
) -> Result<MeterProvider, Error> {
    let Metrics {
        // Were resolved into `exporters`.
        exporters: _,
        interval,
        timeout,
        temporality,
        // The SDK records no exemplars, which the validation reports.
        exemplar_filter: _,
        // Read by `Views`.
        histogram_aggregation: _,
        cardinality_limit: _,
        cardinality_limits: _,
        views: _,
        scopes,
    } = metrics;
    let diagnostics = builder.inputs.diagnostics;
    let callbacks = Arc::new(Callbacks::new(diagnostics));
    let is_scraped = exporters.contains(&ExporterName::Prometheus);
    let wanted = to_temporality(*temporality);
    // All exporters share one collection, and Prometheus needs cumulative sums.
    let temporality = if is_scraped { Temporality::Cumulative } else { wanted };
    let memory = builder.inputs.memory.clone().map(|memory| memory.reader(&callbacks));
    let is_read = memory.is_some() || !exporters.is_empty();
    let is_delta = memory.is_none() && temporality == Temporality::Delta;
    let reader: Arc<dyn MetricReader> = match memory {
        Some(reader) => {
            builder.add_destination(Signal::Metrics, Arc::clone(&reader) as _);
            reader
        }
        None => Arc::new(ManualReader::builder().with_temporality(temporality).build()),
    };
    let collector = Arc::new(Collector::new(
        Arc::clone(&reader),
        Arc::clone(&callbacks),
        OverflowCheck::new(metrics, diagnostics),
    ));
    let items = || MetricItems::new(temporality != wanted);
    let mut targets = Vec::new();
    for name in exporters {
        match name {
            ExporterName::Console => targets.push(PushTarget::Console(builder.console(Signal::Metrics))),
            ExporterName::Prometheus => prometheus::serve(builder, &collector)?,
            ExporterName::Otlp | ExporterName::Named(_) => {
                if let Some(custom) = builder.custom_metrics(name, *timeout)? {
                    targets.push(PushTarget::Custom(custom));
                    continue;
                }
                let exporter = builder.otlp(name, Signal::Metrics, *timeout)?;
                targets.push(PushTarget::Otlp(Box::new(exporter), items()));
            }
            ExporterName::OtlpFile | ExporterName::OtlpStdout => {
                let exporter = builder.otlp_file(name, Signal::Metrics)?;
                let limit = timeout.limit().unwrap_or(WRITE_LIMIT);
                targets.push(PushTarget::OtlpFile(Box::new(exporter), items(), limit));
            }
            // Rejected by the validation.
            ExporterName::File => {}
        }
    }
    if !targets.is_empty() {
        let timeout = builder.shutdown_timeout();
        let push = PeriodicPush::start(collector, targets, interval.get(), timeout, diagnostics)?;
        builder.add_destination(Signal::Metrics, Arc::new(push));
    }
    let mut provider = SdkMeterProvider::builder().with_resource(builder.inputs.resource.clone());
    if is_read {
        provider = provider.with_reader(SharedReader(reader));
    }
    let provider = provider.with_view(stream_slot::planned).build();
    let provider = MeterProvider::new(
        provider,
        Shared {
            views: Views::new(metrics, diagnostics),
            scopes: scopes.clone(),
            processors: builder.inputs.processors.measurements(diagnostics),
            callbacks,
            sums: ObservedSums::default(),
            check: is_read.then(|| InstrumentCheck::new(diagnostics)),
            is_delta,
        },
    );
    if let Some(self_metrics) = builder.self_metrics.take() {
        self_metrics.register(&provider.library_meter());
    }
    Ok(provider)
}

fn to_temporality(temporality: config::Temporality) -> Temporality {
    match temporality {
        config::Temporality::Cumulative => Temporality::Cumulative,
        config::Temporality::Delta => Temporality::Delta,
        config::Temporality::LowMemory => Temporality::LowMemory,
    }
}
