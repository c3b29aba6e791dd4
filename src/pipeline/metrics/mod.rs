//! Builds the meter provider from [`Metrics`].
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
mod periodic_push;
mod prometheus;
mod push_worker;
mod reduction;
mod stream_slot;
mod streams;
mod views;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

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
        // The configuration as a whole resolves the interval of each exporter.
        interval: _,
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
    let config = &builder.inputs.settings.config;
    let wanted = to_temporality(*temporality);
    // Prometheus needs cumulative sums. A difference would only reach the exporters that are due.
    let needs_totals = exporters.contains(&ExporterName::Prometheus) || config.has_different_intervals();
    let temporality = if needs_totals { Temporality::Cumulative } else { wanted };
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
    let mut pushes: BTreeMap<Duration, Vec<PushTarget>> = BTreeMap::new();
    for name in exporters {
        let targets = pushes.entry(config.metric_interval(name)).or_default();
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
    // Each interval has a thread, so that a slow export delays no other interval.
    for (interval, targets) in pushes.into_iter().filter(|(_, targets)| !targets.is_empty()) {
        let timeout = builder.shutdown_timeout();
        let push = PeriodicPush::start(Arc::clone(&collector), targets, interval, timeout, diagnostics)?;
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
