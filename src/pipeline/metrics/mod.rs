//! Builds the meter provider from [`Metrics`].
//!
//! One reader serves the scrapes of Prometheus and the pushes to all other exporters: with two, the SDK mixes up what
//! observable instruments report. So both have the same temporality, which validation sees to.

mod provider;
mod push;
mod reader;

use std::sync::Arc;

use opentelemetry::{InstrumentationScope, metrics::MeterProvider as _};
use opentelemetry_sdk::metrics::{ManualReader, SdkMeterProvider, Temporality, reader::MetricReader};

pub use self::provider::MeterProvider;
use self::{
    push::{PeriodicPush, Sink},
    reader::PushReader,
};
use super::{PipelineBuilder, self_metrics};
use crate::export::callbacks::Callbacks;
use crate::{
    config::{self, ExporterName, Metrics, Signal},
    error::Error,
};

pub(crate) fn provider(
    metrics: &Metrics,
    exporters: &[ExporterName],
    parts: &mut PipelineBuilder<'_>,
) -> Result<MeterProvider, Error> {
    // What goes where was resolved into `exporters`.
    let Metrics { exporters: _, interval, timeout, temporality } = metrics;
    let temporality = to_temporality(*temporality);
    let callbacks = Arc::new(Callbacks::new(parts.diagnostics));
    let mut sinks = Vec::new();
    let mut scraped: Option<Arc<dyn MetricReader>> = None;
    for exporter in exporters {
        match exporter {
            ExporterName::Console => sinks.push(Sink::Console(parts.console(Signal::Metrics))),
            ExporterName::Prometheus => scraped = Some(parts.prometheus(&callbacks)?),
            ExporterName::Memory => {
                scraped =
                    parts.memory.as_ref().map(|memory| memory.reader(&callbacks) as Arc<dyn MetricReader>);
            }
            ExporterName::Otlp | ExporterName::Named(_) | ExporterName::File => {
                sinks.extend(
                    parts
                        .otlp(exporter, Signal::Metrics, *timeout)?
                        .map(|exporter| Sink::Otlp(Box::new(exporter))),
                );
            }
        }
    }
    let is_delta = scraped.is_none() && temporality == Temporality::Delta;
    let mut builder = SdkMeterProvider::builder().with_resource(parts.resource.clone());
    if scraped.is_some() || !sinks.is_empty() {
        let reader = scraped
            .unwrap_or_else(|| Arc::new(ManualReader::builder().with_temporality(temporality).build()));
        let push = if sinks.is_empty() {
            None
        } else {
            let limit = parts.shutdown_timeout();
            let (reader, callbacks) = (Arc::clone(&reader), Arc::clone(&callbacks));
            Some(PeriodicPush::start(reader, callbacks, sinks, interval.get(), limit, parts.diagnostics)?)
        };
        builder = builder.with_reader(PushReader::new(reader, push));
    }
    let sdk = builder.build();
    if let Some(own) = &parts.own {
        // Its callbacks are none of the program's, and wait for nothing.
        let meter = sdk.meter_with_scope(own_scope());
        own.durations.init(&meter);
        self_metrics::register(
            &meter,
            &parts.settings.config,
            &parts.recorders,
            &parts.queues,
            &own.counters,
        );
    }
    Ok(MeterProvider::new(sdk, callbacks, is_delta))
}

fn own_scope() -> InstrumentationScope {
    InstrumentationScope::builder(env!("CARGO_PKG_NAME")).with_version(env!("CARGO_PKG_VERSION")).build()
}

fn to_temporality(temporality: config::Temporality) -> Temporality {
    match temporality {
        config::Temporality::Cumulative => Temporality::Cumulative,
        config::Temporality::Delta => Temporality::Delta,
        config::Temporality::LowMemory => Temporality::LowMemory,
    }
}
