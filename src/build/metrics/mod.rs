//! Builds the meter provider from [`Metrics`].
//!
//! One reader serves the scrapes of Prometheus and the pushes to all other exporters: with two, the SDK mixes up what
//! observable instruments report. Only when pushes want another temporality than Prometheus are there two.

mod health;
mod push;
mod reader;

use std::sync::Arc;

use opentelemetry_sdk::metrics::{ManualReader, SdkMeterProvider, reader::MetricReader};

pub(super) use self::health::Health;
use self::{
    push::{Push, Sink},
    reader::PushReader,
};
use super::Parts;
use crate::{
    config::{self, ExporterRef, Metrics, Signal},
    error::Error,
};

pub(super) fn provider(
    metrics: &Metrics,
    exporters: &[ExporterRef],
    parts: &mut Parts<'_>,
) -> Result<SdkMeterProvider, Error> {
    // What goes where was resolved into `exporters`.
    let Metrics { exporters: _, interval, timeout, temporality } = metrics;
    let mut sinks = Vec::new();
    let mut scraped = false;
    for exporter in exporters {
        match exporter {
            ExporterRef::Console => sinks.push(Sink::Console(parts.console(Signal::Metrics))),
            ExporterRef::Prometheus => scraped = true,
            ExporterRef::Otlp | ExporterRef::Named(_) | ExporterRef::File => {
                sinks.extend(
                    parts
                        .otlp(exporter, Signal::Metrics, *timeout)?
                        .map(|exporter| Sink::Otlp(Box::new(exporter))),
                );
            }
        }
    }
    let mut builder = SdkMeterProvider::builder().with_resource(parts.resource.clone());
    let health = Health::new(parts.diagnostics);
    let mut shared: Option<Arc<dyn MetricReader>> = None;
    if scraped {
        let reader = parts.prometheus(&health)?;
        if sinks.is_empty() || *temporality != config::Temporality::Cumulative {
            builder = builder.with_reader(PushReader::new(reader, None));
        } else {
            shared = Some(reader);
        }
    }
    if !sinks.is_empty() {
        let reader = shared.unwrap_or_else(|| {
            Arc::new(ManualReader::builder().with_temporality(to_temporality(*temporality)).build())
        });
        let push = Push::start(Arc::clone(&reader), sinks, interval.get(), health, parts.diagnostics)?;
        builder = builder.with_reader(PushReader::new(reader, Some(push)));
    }
    Ok(builder.build())
}

fn to_temporality(temporality: config::Temporality) -> opentelemetry_sdk::metrics::Temporality {
    use opentelemetry_sdk::metrics::Temporality;
    match temporality {
        config::Temporality::Cumulative => Temporality::Cumulative,
        config::Temporality::Delta => Temporality::Delta,
        config::Temporality::LowMemory => Temporality::LowMemory,
    }
}
