//! The processor of all log records.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;
use opentelemetry::{
    InstrumentationScope, KeyValue,
    logs::{LogRecord as _, Severity},
};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    logs::{LogProcessor, SdkLogRecord},
};

use super::changes::{Changed, RecordChanges};
use crate::{
    config::LogScopeRule,
    context,
    export::{
        destination::LogDestination,
        flush::{Flush, PendingFlush, wait_all},
        line_writer::with_line,
        unique_keys::{may_repeat_in_scope, unique_scope},
    },
    format::{target, to_any_value},
    logs::{BaggageAttributes, RecordFilter, RecordLimits, RecordSink},
    pipeline::{limits::RecordLimiter, self_metrics::Counters},
};

/// Counts log records, redacts them, enforces their limits and passes them to the destinations
/// whose filters match.
#[derive(Debug)]
pub(crate) struct LogPipeline {
    counters: Option<Arc<Counters>>,
    /// Filters the records that were not filtered before they were made.
    filter: RecordFilter,
    changes: RecordChanges,
    limiter: RecordLimiter,
    scopes: Vec<LogScopeRule>,
    routes: Vec<LogRoute>,
    /// The last of the routes whose destination keeps records: it takes them over without a copy.
    owner: Option<LogRoute>,
    flush_timeout: Duration,
}

/// A destination and the filter in front of it.
#[derive(Debug)]
pub(crate) struct LogRoute {
    pub(crate) filter: RecordFilter,
    pub(crate) destination: Arc<dyn LogDestination>,
}

impl LogPipeline {
    pub(crate) fn new(
        counters: Option<Arc<Counters>>,
        filter: RecordFilter,
        changes: RecordChanges,
        limiter: RecordLimiter,
        scopes: Vec<LogScopeRule>,
        mut routes: Vec<LogRoute>,
        flush_timeout: Duration,
    ) -> Self {
        let owner = routes.iter().rposition(|route| route.destination.keeps_records());
        let owner = owner.map(|index| routes.remove(index));
        Self { counters, filter, changes, limiter, scopes, routes, owner, flush_timeout }
    }

    #[cold]
    fn accepts(&self) -> bool {
        self.routes.iter().chain(&self.owner).any(|route| route.destination.accepts())
    }

    fn flush<'p>(
        &'p self,
        request: fn(&'p dyn Flush) -> PendingFlush<'p>,
        timeout: Duration,
    ) -> OTelSdkResult {
        let routes = self.routes.iter().chain(&self.owner);
        wait_all(routes.map(|route| request(&*route.destination)).collect(), timeout)
    }
}

/// The processor of the records of other bridges, which are not filtered yet.
#[derive(Debug, Default)]
pub(crate) struct UnfilteredRecords(Arc<ArcSwapOption<UnfilteredOutput>>);

/// The output of [`UnfilteredRecords`]. A reload replaces it.
#[derive(Debug)]
pub(crate) struct UnfilteredOutput {
    pub(crate) pipeline: Arc<LogPipeline>,
    pub(crate) baggage: Option<Arc<BaggageAttributes>>,
}

impl UnfilteredRecords {
    /// Returns another handle.
    pub(crate) fn share(&self) -> Self {
        Self(Arc::clone(&self.0))
    }

    /// Replaces the output.
    pub(crate) fn set(&self, output: Option<Arc<UnfilteredOutput>>) {
        self.0.store(output);
    }
}

impl RecordSink for LogPipeline {
    fn limits(&self) -> RecordLimits {
        self.limiter.limits()
    }

    fn emit_record(
        &self,
        record: &mut Option<SdkLogRecord>,
        scope: &Arc<InstrumentationScope>,
        mut is_within_limits: bool,
    ) {
        self.count();
        if let Some(record) = record {
            match self.changes.apply(record, scope) {
                Changed::No => {}
                Changed::Yes => is_within_limits = false,
                Changed::Lost => return,
            }
        }
        if !is_within_limits {
            if let Some(record) = record.take() {
                self.limit(record, scope);
            }
        } else if let Some(owner) = record.as_ref().and_then(|record| self.deliver(record, scope))
            && let Some(record) = record.take()
        {
            owner.emit_owned(record, scope);
        }
    }

    fn is_trace_based(&self, target: &str) -> bool {
        LogScopeRule::find(&self.scopes, target).is_some_and(|rule| rule.trace_based)
    }

    fn writes_json(&self) -> bool {
        self.changes.is_empty()
            && self.owner.is_none()
            && self.routes.iter().all(|route| route.destination.writes_json())
    }

    fn emit_line(&self, target: &str, severity: Severity, write: &mut dyn FnMut(&mut String)) {
        self.count();
        with_line(|line| {
            for LogRoute { filter, destination } in &self.routes {
                if filter.enables(target, Some(severity)) && !destination.refuses_line() {
                    if line.is_empty() {
                        write(line);
                    }
                    destination.write_line(line);
                }
            }
        });
    }
}

impl LogPipeline {
    fn count(&self) {
        if let Some(counters) = &self.counters {
            counters.count_record();
        }
    }

    /// Enforces the limits and passes the record on. A record that is lost costs no copies.
    fn limit(&self, mut record: SdkLogRecord, scope: &Arc<InstrumentationScope>) {
        if !self.limiter.is_within_limits(&record) {
            if !self.accepts() {
                return self.refuse(&record, scope);
            }
            self.limiter.replace(&mut record);
        }
        if let Some(owner) = self.deliver(&record, scope) {
            owner.emit_owned(record, scope);
        }
    }

    /// Passes a record to the destinations whose filters match, except for the one that takes it
    /// over, which is returned.
    #[expect(clippy::inline_always, reason = "nearly all records have one destination")]
    #[inline(always)]
    fn deliver(
        &self,
        record: &SdkLogRecord,
        scope: &Arc<InstrumentationScope>,
    ) -> Option<&dyn LogDestination> {
        // The general filter takes a lock and is evaluated at most once.
        let mut general = None;
        let mut matches = |filter: &RecordFilter| match filter {
            RecordFilter::General(_) => *general.get_or_insert_with(|| filter.matches(record, scope)),
            filter => filter.matches(record, scope),
        };
        for LogRoute { filter, destination } in &self.routes {
            if matches(filter) {
                destination.emit(record, scope);
            }
        }
        let owner = self.owner.as_ref().filter(|owner| matches(&owner.filter))?;
        Some(&*owner.destination)
    }

    /// Counts a record as lost at the destinations whose filters match.
    #[cold]
    fn refuse(&self, record: &SdkLogRecord, scope: &InstrumentationScope) {
        for LogRoute { filter, destination } in self.routes.iter().chain(&self.owner) {
            if filter.matches(record, scope) {
                destination.refuse();
            }
        }
    }
}

/// Adds attributes from the current baggage. Those of the record stay.
#[cold]
fn add_baggage(record: &mut SdkLogRecord, baggage: &BaggageAttributes) {
    for KeyValue { key, value, .. } in
        context::with_current(|current| baggage.of(current)).unwrap_or_default()
    {
        if record.attributes_iter().all(|(other, _)| *other != key) {
            record.add_attribute(key, to_any_value(&value));
        }
    }
}

impl LogProcessor for UnfilteredRecords {
    fn emit(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope) {
        // Other bridges may receive the records of the network crates about an export.
        if context::is_export_thread() {
            return;
        }
        // The SDK has accessed the current context.
        context::watch_current();
        let output = self.0.load();
        let Some(UnfilteredOutput { pipeline, baggage }) = output.as_deref() else { return };
        pipeline.count();
        let is_unsampled = record
            .trace_context()
            .is_some_and(|ids| ids.trace_flags.is_some_and(|flags| !flags.is_sampled()));
        if !pipeline.filter.matches(record, scope)
            || (is_unsampled && pipeline.is_trace_based(target(record, scope)))
        {
            return;
        }
        // The SDK drops the record after this, since there is no other processor.
        let mut record = pipeline.limiter.take(record);
        if let Some(baggage) = baggage {
            add_baggage(&mut record, baggage);
        }
        if pipeline.changes.apply(&mut record, scope) == Changed::Lost {
            return;
        }
        let unique = if may_repeat_in_scope(scope) { unique_scope(scope) } else { None };
        pipeline.limit(record, &Arc::new(unique.unwrap_or_else(|| scope.clone())));
    }

    fn force_flush(&self) -> OTelSdkResult {
        let Some(output) = self.0.load_full() else { return Ok(()) };
        output.pipeline.flush(PendingFlush::request, output.pipeline.flush_timeout)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        let Some(output) = self.0.load_full() else { return Ok(()) };
        output.pipeline.flush(PendingFlush::request_last, timeout)
    }
}
