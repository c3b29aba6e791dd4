//! The metrics about telemetry itself, by the semantic conventions ("OpenTelemetry SDK metrics").
//!
//! Nearly all are read from the accounts when metrics are collected, so that they cost nothing in between.

pub(crate) mod component;
pub(crate) mod counters;

use std::sync::Arc;

use opentelemetry::{
    KeyValue,
    metrics::{AsyncInstrument, Meter},
};

use self::{component::Component, counters::Counters};
use crate::{
    config::{Config, Signal},
    export::{
        queue::QueueMonitor,
        stats::{
            Dropped,
            recorder::{Snapshot, StatsRecorder},
        },
    },
};

/// An exporter of one signal, and what is in front of it.
struct Measured {
    stats: Arc<StatsRecorder>,
    attributes: Vec<KeyValue>,
    /// The queue, with the attributes of its processor.
    queue: Option<(Arc<dyn QueueMonitor>, Vec<KeyValue>)>,
}

/// Makes the instruments.
pub(crate) fn register(
    meter: &Meter,
    config: &Config,
    recorders: &[Arc<StatsRecorder>],
    queues: &[Arc<dyn QueueMonitor>],
    counters: &Arc<Counters>,
) {
    for signal in Signal::ALL {
        let of_signal = recorders.iter().filter(|stats| stats.signal() == signal);
        let exporters: Arc<[Measured]> = of_signal
            .map(|stats| Measured {
                stats: Arc::clone(stats),
                attributes: exporter_attributes(config, stats),
                queue: queues.iter().find(|queue| Arc::ptr_eq(queue.stats(), stats)).map(|queue| {
                    (Arc::clone(queue), Component::processor(signal, stats.exporter()).attributes())
                }),
            })
            .collect();
        if exporters.is_empty() {
            continue;
        }
        let instruments = Instruments::new(meter, signal);
        instruments.of_exporters(&exporters);
        if exporters.iter().any(|exporter| exporter.queue.is_some()) {
            instruments.of_queues(&exporters);
        }
    }
    of_census(meter, counters);
}

fn exporter_attributes(config: &Config, stats: &StatsRecorder) -> Vec<KeyValue> {
    let settings = config.otlp_settings(stats.exporter(), stats.signal());
    Component::exporter(stats.signal(), stats.exporter(), settings.as_ref()).attributes()
}

/// What the instruments of a signal are made with.
struct Instruments<'m> {
    meter: &'m Meter,
    /// What stands for the signal in names.
    item: &'static str,
    unit: &'static str,
    /// In descriptions.
    items: &'static str,
}

impl<'m> Instruments<'m> {
    fn new(meter: &'m Meter, signal: Signal) -> Self {
        let (item, unit, items) = match signal {
            Signal::Traces => ("span", "{span}", "spans"),
            Signal::Metrics => ("metric_data_point", "{data_point}", "metric data points"),
            Signal::Logs => ("log", "{log_record}", "log records"),
        };
        Self { meter, item, unit, items }
    }

    fn of_exporters(&self, exporters: &Arc<[Measured]>) {
        let item = self.item;
        let what = format!("exporter.{item}.inflight");
        self.level(&what, "that an exporter has and did not deliver yet", exporters, |exporter, observe| {
            observe(exporter.in_flight(), &exporter.attributes);
        });
        let what = format!("exporter.{item}.exported");
        self.count(&what, "that an exporter has finished with", exporters, |exporter, observe| {
            let Snapshot { exported, failed_by_cause, dropped, queued: _ } = exporter.stats.snapshot();
            observe(exported, &exporter.attributes);
            for (cause, failed) in failed_by_cause {
                observe(failed, &with_error(&exporter.attributes, cause));
            }
            // What a queue dropped is counted there, and never came here.
            if exporter.queue.is_none() {
                for (reason, dropped) in by_reason(dropped) {
                    observe(dropped, &with_error(&exporter.attributes, reason));
                }
            }
        });
    }

    fn of_queues(&self, exporters: &Arc<[Measured]>) {
        let item = self.item;
        let what = format!("processor.{item}.queue.size");
        self.level(&what, "in the queue of a processor", exporters, |exporter, observe| {
            if let Some((queue, attributes)) = &exporter.queue {
                observe(queue.snapshot().size, attributes);
            }
        });
        let what = format!("processor.{item}.queue.capacity");
        self.level(&what, "that the queue of a processor can hold", exporters, |exporter, observe| {
            if let Some((queue, attributes)) = &exporter.queue {
                observe(queue.snapshot().capacity, attributes);
            }
        });
        let what = format!("processor.{item}.processed");
        self.count(&what, "that a processor has finished with", exporters, |exporter, observe| {
            if let Some((queue, attributes)) = &exporter.queue {
                let level = queue.snapshot();
                observe(level.exported_total(), attributes);
                for (reason, dropped) in by_reason(level.snapshot.dropped) {
                    observe(dropped, &with_error(attributes, reason));
                }
            }
        });
    }

    /// A number that grows.
    fn count(&self, what: &str, items_that: &str, exporters: &Arc<[Measured]>, read: Read) {
        let exporters = Arc::clone(exporters);
        self.meter
            .u64_observable_counter(format!("otel.sdk.{what}"))
            .with_unit(self.unit)
            .with_description(format!("The number of {} {items_that}", self.items))
            .with_callback(move |observer: &dyn AsyncInstrument<u64>| {
                for exporter in &*exporters {
                    read(exporter, &|value, attributes| observer.observe(value, attributes));
                }
            })
            .build();
    }

    /// A number that rises and falls.
    fn level(&self, what: &str, items_that: &str, exporters: &Arc<[Measured]>, read: Read) {
        let exporters = Arc::clone(exporters);
        self.meter
            .i64_observable_up_down_counter(format!("otel.sdk.{what}"))
            .with_unit(self.unit)
            .with_description(format!("The number of {} {items_that}", self.items))
            .with_callback(move |observer: &dyn AsyncInstrument<i64>| {
                for exporter in &*exporters {
                    read(exporter, &|value, attributes| observer.observe(signed(value), attributes));
                }
            })
            .build();
    }
}

/// Tells values of one exporter, each with its attributes.
type Read = fn(&Measured, &dyn Fn(u64, &[KeyValue]));

impl Measured {
    fn in_flight(&self) -> u64 {
        match &self.queue {
            Some((queue, _)) => queue.snapshot().in_flight(),
            None => self.stats.snapshot().queued,
        }
    }
}

fn with_error(attributes: &[KeyValue], cause: &'static str) -> Vec<KeyValue> {
    let mut attributes = attributes.to_vec();
    attributes.push(KeyValue::new("error.type", cause));
    attributes
}

/// What was dropped, where anything was.
fn by_reason(dropped: Dropped) -> impl Iterator<Item = (&'static str, u64)> {
    let Dropped { queue_full, shut_down, sink_closed } = dropped;
    [("queue_full", queue_full), ("already_shutdown", shut_down), ("closed", sink_closed)]
        .into_iter()
        .filter(|(_, dropped)| *dropped > 0)
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn of_census(meter: &Meter, counters: &Arc<Counters>) {
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
            let (spans, attribute) = counted.live();
            observer.observe(signed(spans), &[attribute]);
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
