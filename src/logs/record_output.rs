//! Where log records go.

use std::{fmt, sync::Arc};

use opentelemetry::{InstrumentationScope, logs::Severity};
use opentelemetry_sdk::logs::SdkLogRecord;

use super::{baggage_attributes::BaggageAttributes, record_source::RecordLimits};
use crate::live_cell::{LiveCell, live};

/// Receives log records that have passed the filter.
pub(crate) trait RecordSink: fmt::Debug + Send + Sync {
    fn limits(&self) -> RecordLimits;

    /// Takes the record out of `record`; passing it by value would copy it. `is_within_limits` is
    /// `false` if that is unknown.
    fn emit_record(
        &self,
        record: &mut Option<SdkLogRecord>,
        scope: &Arc<InstrumentationScope>,
        is_within_limits: bool,
    );

    /// Returns whether records of this target are dropped in a trace that is not sampled.
    fn is_trace_based(&self, target: &str) -> bool;

    /// Returns whether all destinations write lines of JSON, and nothing else.
    fn writes_json(&self) -> bool;

    /// Emits a record as a line of JSON, which `write` appends.
    fn emit_line(&self, target: &str, severity: Severity, write: &mut dyn FnMut(&mut String));
}

/// The sink, and what emitters add to its records.
#[derive(Debug, Default)]
pub(crate) struct RecordOutput {
    /// `None` if no exporter gets records.
    sink: Option<Arc<dyn RecordSink>>,
    /// A copy of the answer of the sink.
    writes_json: bool,
    /// Selects the entries of baggage that records carry; usually there is none.
    baggage: Option<Arc<BaggageAttributes>>,
}

/// The output that all emitters share. A reload replaces it.
pub(crate) type SharedOutput = Arc<LiveCell<RecordOutput>>;

live!(RecordOutput);

impl RecordOutput {
    pub(crate) fn new(sink: Arc<dyn RecordSink>, baggage: Option<Arc<BaggageAttributes>>) -> Self {
        Self { writes_json: sink.writes_json(), sink: Some(sink), baggage }
    }

    #[inline]
    pub(super) fn sink(&self) -> Option<&dyn RecordSink> {
        self.sink.as_deref()
    }

    #[inline]
    pub(super) fn writes_json(&self) -> bool {
        self.writes_json
    }

    #[inline]
    pub(super) fn baggage(&self) -> Option<&BaggageAttributes> {
        self.baggage.as_deref()
    }
}
