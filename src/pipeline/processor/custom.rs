//! Processors that the program adds in code. They run before all exporters.

use std::{fmt, sync::Arc};

use opentelemetry::{
    InstrumentationScope, Key, KeyValue,
    logs::{AnyValue, Severity},
};
use opentelemetry_sdk::{logs::SdkLogRecord, trace::SpanData};

use crate::{
    diagnostics::{DiagnosticLog, RateLimit},
    format::target,
    pipeline::record_replacer::RecordReplacer,
    shield::shielded,
};

/// A processor that may change an item. An item whose processor panics is lost: it may still hold
/// data that the processor removes.
struct Processor<F: ?Sized> {
    name: String,
    panicked: RateLimit,
    process: Box<F>,
}

impl<F: ?Sized> fmt::Debug for Processor<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Processor").field(&self.name).finish()
    }
}

type ProcessSpan = dyn Fn(&mut SpanData) + Send + Sync;
type ProcessRecord = dyn Fn(&mut ProcessedLogRecord<'_>) + Send + Sync;
type ProcessMeasurement = dyn Fn(&mut Vec<KeyValue>) + Send + Sync;

/// The processors of all signals, each in the order in which they were added.
#[derive(Debug, Default)]
pub(crate) struct CustomProcessors {
    spans: Vec<Processor<ProcessSpan>>,
    records: Vec<Processor<ProcessRecord>>,
    measurements: Vec<Processor<ProcessMeasurement>>,
}

/// A log record that a processor changes, before any exporter gets it.
#[derive(Debug)]
#[non_exhaustive]
pub struct ProcessedLogRecord<'r> {
    /// The body.
    pub body: Option<AnyValue>,
    /// The attributes.
    pub attributes: Vec<(Key, AnyValue)>,
    record: &'r SdkLogRecord,
    scope: &'r InstrumentationScope,
}

impl ProcessedLogRecord<'_> {
    /// Returns the target: the name of the logger, or the target of the event.
    #[must_use]
    pub fn target(&self) -> &str {
        target(self.record, self.scope)
    }

    /// Returns the severity.
    #[must_use]
    pub fn severity(&self) -> Option<Severity> {
        self.record.severity_number()
    }
}

impl CustomProcessors {
    pub(crate) fn add_span(&mut self, name: String, process: Box<ProcessSpan>) {
        self.spans.push(Processor { name, panicked: RateLimit::default(), process });
    }

    pub(crate) fn add_record(&mut self, name: String, process: Box<ProcessRecord>) {
        self.records.push(Processor { name, panicked: RateLimit::default(), process });
    }

    pub(crate) fn add_measurement(&mut self, name: String, process: Box<ProcessMeasurement>) {
        self.measurements.push(Processor { name, panicked: RateLimit::default(), process });
    }

    /// Returns the processors of spans, if there are any.
    pub(crate) fn spans(self: &Arc<Self>, diagnostics: DiagnosticLog) -> Option<SpanProcessors> {
        (!self.spans.is_empty()).then(|| SpanProcessors { all: Arc::clone(self), diagnostics })
    }

    /// Returns the processors of log records, if there are any.
    pub(crate) fn records(self: &Arc<Self>, diagnostics: DiagnosticLog) -> Option<RecordProcessors> {
        (!self.records.is_empty()).then(|| RecordProcessors {
            all: Arc::clone(self),
            replacer: RecordReplacer::new(),
            diagnostics,
        })
    }

    /// Returns the processors of measurements, if there are any.
    pub(crate) fn measurements(
        self: &Arc<Self>,
        diagnostics: DiagnosticLog,
    ) -> Option<MeasurementProcessors> {
        (!self.measurements.is_empty()).then(|| MeasurementProcessors { all: Arc::clone(self), diagnostics })
    }
}

/// Calls each processor. Returns `false` if one panics.
fn run<F: ?Sized>(
    processors: &[Processor<F>],
    item: &str,
    diagnostics: DiagnosticLog,
    mut call: impl FnMut(&F),
) -> bool {
    for processor in processors {
        if shielded(|| call(&processor.process)).is_none() {
            if let Some(lost) = processor.panicked.due_for(1) {
                let (name, s) = (&processor.name, if lost == 1 { "" } else { "s" });
                diagnostics.error(format_args!("{lost} {item}{s} lost: the processor \"{name}\" panicked"));
            }
            return false;
        }
    }
    true
}

/// The processors of spans.
#[derive(Debug)]
pub(crate) struct SpanProcessors {
    all: Arc<CustomProcessors>,
    diagnostics: DiagnosticLog,
}

impl SpanProcessors {
    /// Returns `false` if the span is lost.
    pub(super) fn process(&self, span: &mut SpanData) -> bool {
        run(&self.all.spans, "span", self.diagnostics, |process| process(span))
    }
}

/// The processors of log records.
#[derive(Debug)]
pub(crate) struct RecordProcessors {
    all: Arc<CustomProcessors>,
    replacer: RecordReplacer,
    diagnostics: DiagnosticLog,
}

impl RecordProcessors {
    /// Returns `false` if the record is lost.
    pub(super) fn process(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope) -> bool {
        let mut processed = ProcessedLogRecord {
            body: record.body().cloned(),
            attributes: record.attributes_iter().cloned().collect(),
            record,
            scope,
        };
        if !run(&self.all.records, "log record", self.diagnostics, |process| process(&mut processed)) {
            return false;
        }
        let ProcessedLogRecord { body, attributes, .. } = processed;
        self.replacer.replace(record, body, attributes);
        true
    }
}

/// The processors of the attributes of measurements.
#[derive(Debug, Clone)]
pub(crate) struct MeasurementProcessors {
    all: Arc<CustomProcessors>,
    diagnostics: DiagnosticLog,
}

impl MeasurementProcessors {
    /// Calls `record` with the processed attributes, unless the measurement is lost.
    pub(crate) fn process(&self, attributes: &[KeyValue], record: impl FnOnce(&[KeyValue])) {
        let mut attributes = attributes.to_vec();
        if run(&self.all.measurements, "measurement", self.diagnostics, |process| process(&mut attributes)) {
            record(&attributes);
        }
    }
}
