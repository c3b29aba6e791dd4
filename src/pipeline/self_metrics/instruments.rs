//! The instruments, all of them observable except the durations of exports.

use std::sync::Arc;

use arc_swap::ArcSwap;
use opentelemetry::metrics::{AsyncInstrument, Meter};

use super::{
    MeasuredExporters,
    counters::Counters,
    measured_exporter::{MeasuredExporter, Observe},
};
use crate::config::Signal;

/// Creates the instruments of the exporters of one signal.
pub(super) fn register_exporters(meter: &Meter, signal: Signal, exporters: &Arc<ArcSwap<MeasuredExporters>>) {
    let instruments = Instruments::new(meter, signal, exporters);
    instruments.up_down_counter(
        "exporter.{item}.inflight",
        "that an exporter has received and not delivered yet",
        MeasuredExporter::observe_in_flight,
    );
    instruments.counter(
        "exporter.{item}.exported",
        "that an exporter has finished with",
        MeasuredExporter::observe_exported,
    );
    // Metrics have no queue.
    if signal == Signal::Metrics {
        return;
    }
    instruments.up_down_counter(
        "processor.{item}.queue.size",
        "in the queue of a processor",
        MeasuredExporter::observe_queue_size,
    );
    instruments.up_down_counter(
        "processor.{item}.queue.capacity",
        "that the queue of a processor can hold",
        MeasuredExporter::observe_queue_capacity,
    );
    instruments.counter(
        "processor.{item}.processed",
        "that a processor has finished with",
        MeasuredExporter::observe_processed,
    );
}

/// Creates the instruments for created items.
pub(super) fn register_counters(meter: &Meter, counters: &Arc<Counters>) {
    let counted = Arc::clone(counters);
    meter
        .u64_observable_counter("otel.sdk.span.started")
        .with_unit("{span}")
        .with_description("The number of spans that were started, sampled or not")
        .with_callback(move |observer: &dyn AsyncInstrument<u64>| {
            for (spans, attributes) in counted.started() {
                observer.observe(spans, &attributes);
            }
        })
        .build();
    let counted = Arc::clone(counters);
    meter
        .i64_observable_up_down_counter("otel.sdk.span.live")
        .with_unit("{span}")
        .with_description("The number of recorded spans that have not ended")
        .with_callback(move |observer: &dyn AsyncInstrument<i64>| {
            for (spans, attribute) in counted.live() {
                observer.observe(signed(spans), &[attribute]);
            }
        })
        .build();
    let counted = Arc::clone(counters);
    meter
        .u64_observable_counter("otel.sdk.log.created")
        .with_unit("{log_record}")
        .with_description("The number of log records that were made")
        .with_callback(move |observer: &dyn AsyncInstrument<u64>| observer.observe(counted.records(), &[]))
        .build();
}

/// Observes the values of one exporter.
type Read = fn(&MeasuredExporter, Observe<'_>);

/// Creates instruments that read the exporters of one signal.
struct Instruments<'m> {
    meter: &'m Meter,
    exporters: &'m Arc<ArcSwap<MeasuredExporters>>,
    signal: Signal,
    /// The signal in names, for `{item}`.
    item: &'static str,
    unit: &'static str,
    /// The signal in descriptions.
    items: &'static str,
}

impl<'m> Instruments<'m> {
    fn new(meter: &'m Meter, signal: Signal, exporters: &'m Arc<ArcSwap<MeasuredExporters>>) -> Self {
        let (item, unit, items) = match signal {
            Signal::Traces => ("span", "{span}", "spans"),
            Signal::Metrics => ("metric_data_point", "{data_point}", "metric data points"),
            Signal::Logs => ("log", "{log_record}", "log records"),
        };
        Self { meter, exporters, signal, item, unit, items }
    }

    fn name(&self, name: &str) -> String {
        format!("otel.sdk.{}", name.replace("{item}", self.item))
    }

    fn description(&self, items_that: &str) -> String {
        format!("The number of {} {items_that}", self.items)
    }

    fn counter(&self, name: &str, items_that: &str, read: Read) {
        let (exporters, signal) = (Arc::clone(self.exporters), self.signal);
        self.meter
            .u64_observable_counter(self.name(name))
            .with_unit(self.unit)
            .with_description(self.description(items_that))
            .with_callback(move |observer: &dyn AsyncInstrument<u64>| {
                for exporter in exporters.load_full().of(signal) {
                    read(exporter, &|value, attributes| observer.observe(value, attributes));
                }
            })
            .build();
    }

    fn up_down_counter(&self, name: &str, items_that: &str, read: Read) {
        let (exporters, signal) = (Arc::clone(self.exporters), self.signal);
        self.meter
            .i64_observable_up_down_counter(self.name(name))
            .with_unit(self.unit)
            .with_description(self.description(items_that))
            .with_callback(move |observer: &dyn AsyncInstrument<i64>| {
                for exporter in exporters.load_full().of(signal) {
                    read(exporter, &|value, attributes| observer.observe(signed(value), attributes));
                }
            })
            .build();
    }
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
