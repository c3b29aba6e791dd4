//! Builds the meter provider from [`Metrics`].
//!
//! One reader serves the scrapes of Prometheus and the pushes to all other exporters: with two, the
//! SDK confuses the values of observable instruments. Both therefore have the same temporality. The
//! validation of the configuration ensures this.

mod instrument_check;
mod meter_provider;
mod periodic_push;
mod prometheus;
mod push_worker;

use std::{sync::Arc, time::Duration};

use opentelemetry::{InstrumentationScope, metrics::MeterProvider as _};
use opentelemetry_sdk::metrics::{ManualReader, SdkMeterProvider, Temporality, reader::MetricReader};

pub use self::meter_provider::MeterProvider;
use self::{instrument_check::InstrumentCheck, periodic_push::PeriodicPush, push_worker::PushTarget};
use super::builder::PipelineBuilder;
use crate::{
    config::{self, ExporterName, Metrics, Signal},
    error::Error,
    export::{callbacks::Callbacks, shared_reader::SharedReader},
};

/// The longest time to wait for a write of lines, without a timeout for exports.
const WRITE_LIMIT: Duration = Duration::from_secs(10);

pub(super) fn provider(
    metrics: &Metrics,
    exporters: &[ExporterName],
    builder: &mut PipelineBuilder<'_>,
) -> Result<MeterProvider, Error> {
    // The exporters were resolved into `exporters`.
    let Metrics { exporters: _, interval, timeout, temporality } = metrics;
    let temporality = to_temporality(*temporality);
    let callbacks = Arc::new(Callbacks::new(builder.inputs.diagnostics));
    let mut targets = Vec::new();
    let mut on_demand: Option<Arc<dyn MetricReader>> = None;
    if let Some(memory) = builder.inputs.memory.clone() {
        let reader = memory.reader(&callbacks);
        builder.add_destination(Signal::Metrics, Arc::clone(&reader) as _);
        on_demand = Some(reader);
    }
    for name in exporters {
        match name {
            ExporterName::Console => targets.push(PushTarget::Console(builder.console(Signal::Metrics))),
            ExporterName::Prometheus => on_demand = Some(prometheus::reader(builder, &callbacks)?),
            ExporterName::Otlp | ExporterName::Named(_) => {
                let exporter = builder.otlp(name, Signal::Metrics, *timeout)?;
                targets.push(PushTarget::Otlp(Box::new(exporter)));
            }
            ExporterName::OtlpFile | ExporterName::OtlpStdout => {
                let exporter = builder.otlp_file(name, Signal::Metrics)?;
                let limit = timeout.limit().unwrap_or(WRITE_LIMIT);
                targets.push(PushTarget::OtlpFile(Box::new(exporter), limit));
            }
            // Rejected by the validation.
            ExporterName::File => {}
        }
    }
    let is_delta = on_demand.is_none() && temporality == Temporality::Delta;
    let mut provider = SdkMeterProvider::builder().with_resource(builder.inputs.resource.clone());
    let is_read = on_demand.is_some() || !targets.is_empty();
    if is_read {
        let reader = on_demand
            .unwrap_or_else(|| Arc::new(ManualReader::builder().with_temporality(temporality).build()));
        if !targets.is_empty() {
            let push = PeriodicPush::start(
                Arc::clone(&reader),
                Arc::clone(&callbacks),
                targets,
                interval.get(),
                builder.shutdown_timeout(),
                builder.inputs.diagnostics,
            )?;
            builder.add_destination(Signal::Metrics, Arc::new(push));
        }
        provider = provider.with_reader(SharedReader(reader));
    }
    let provider = provider.build();
    if let Some(self_metrics) = builder.self_metrics.take() {
        // Not through `MeterProvider`: these callbacks neither panic nor wait.
        self_metrics.register(&provider.meter_with_scope(library_scope()));
    }
    // Without a reader, no measurement is kept anyway.
    let check = is_read.then(|| Arc::new(InstrumentCheck::new(builder.inputs.diagnostics)));
    Ok(MeterProvider::new(provider, callbacks, check, is_delta))
}

fn library_scope() -> InstrumentationScope {
    InstrumentationScope::builder(env!("CARGO_PKG_NAME")).with_version(env!("CARGO_PKG_VERSION")).build()
}

fn to_temporality(temporality: config::Temporality) -> Temporality {
    match temporality {
        config::Temporality::Cumulative => Temporality::Cumulative,
        config::Temporality::Delta => Temporality::Delta,
        config::Temporality::LowMemory => Temporality::LowMemory,
    }
}
