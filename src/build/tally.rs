//! Counts what each exporter is given, delivers and loses.

use std::{
    fmt,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};

use crate::{
    config::{ExporterRef, Signal},
    diagnostics::{Diagnostics, RateLimit},
    stats::ExporterStats,
};

/// The account of one exporter for one signal.
#[derive(Debug)]
pub(crate) struct Tally {
    signal: Signal,
    exporter: ExporterRef,
    destination: String,
    diagnostics: Diagnostics,
    /// Items that arrived as soon as they were emitted; the others are counted in two steps.
    delivered: AtomicU64,
    emitted: AtomicU64,
    exported: AtomicU64,
    failed: AtomicU64,
    dropped: AtomicU64,
    /// Lost items that the result of a flush or shutdown told of, or need not.
    reported: AtomicU64,
    last_error: Mutex<Option<String>>,
    limit: RateLimit,
}

impl Tally {
    pub(crate) fn new(
        signal: Signal,
        exporter: ExporterRef,
        destination: impl fmt::Display,
        diagnostics: Diagnostics,
    ) -> Self {
        Self {
            signal,
            exporter,
            destination: destination.to_string(),
            diagnostics,
            delivered: AtomicU64::new(0),
            emitted: AtomicU64::new(0),
            exported: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            reported: AtomicU64::new(0),
            last_error: Mutex::default(),
            limit: RateLimit::default(),
        }
    }

    pub(crate) fn signal(&self) -> Signal {
        self.signal
    }

    /// Notes that items were meant for the exporter and arrived.
    #[inline]
    pub(crate) fn deliver(&self, items: u64) {
        self.delivered.fetch_add(items, Ordering::Release);
    }

    /// Notes that items were meant for the exporter.
    pub(crate) fn emit(&self, items: u64) {
        self.emitted.fetch_add(items, Ordering::Relaxed);
    }

    /// Notes that items arrived.
    pub(crate) fn export(&self, items: u64) {
        self.exported.fetch_add(items, Ordering::Release);
    }

    /// Notes that items did not arrive, says so on standard error, and makes the SDK's error of it.
    pub(crate) fn fail(&self, items: u64, error: impl fmt::Display) -> OTelSdkResult {
        self.failed.fetch_add(items, Ordering::Release);
        let error = error.to_string();
        self.lose(items, &error);
        Err(OTelSdkError::InternalFailure(error))
    }

    /// Notes that items were not even tried, and says so on standard error.
    pub(crate) fn drop_items(&self, items: u64, reason: &str) {
        self.dropped.fetch_add(items, Ordering::Release);
        self.lose(items, reason);
    }

    /// Notes that nobody wants the items any more, which is no fault.
    pub(crate) fn spare(&self, items: u64, reason: &str) {
        self.reported.fetch_add(items, Ordering::Relaxed);
        self.dropped.fetch_add(items, Ordering::Release);
        self.remember(reason);
    }

    fn remember(&self, error: &str) {
        let mut last_error = self.last_error.lock().unwrap_or_else(PoisonError::into_inner);
        if last_error.as_deref() != Some(error) {
            *last_error = Some(error.to_owned());
        }
    }

    fn lose(&self, items: u64, error: &str) {
        if items == 0 {
            return;
        }
        self.remember(error);
        if let Some(items) = self.limit.due_for(items) {
            let (noun, destination) = (noun(self.signal, items), &self.destination);
            self.diagnostics.error(format_args!("{items} {noun} for {destination} lost: {error}"));
        }
    }

    /// Shows what the server said although it accepted everything.
    pub(crate) fn remark(&self, message: &str) {
        if self.limit.is_due() {
            self.diagnostics.warn(format_args!("{} says: {message}", self.destination));
        }
    }

    /// How many items were lost since this was asked last.
    pub(crate) fn newly_lost(&self) -> u64 {
        let lost = self.failed.load(Ordering::Relaxed) + self.dropped.load(Ordering::Relaxed);
        lost.saturating_sub(self.reported.swap(lost, Ordering::Relaxed))
    }

    /// Why the last items were lost, and on the way where.
    pub(crate) fn last_error(&self) -> String {
        let error = self.last_error.lock().unwrap_or_else(PoisonError::into_inner);
        format!("{}: {}", self.destination, error.as_deref().unwrap_or_default())
    }

    pub(crate) fn stats(&self) -> ExporterStats {
        // What was emitted is read last: an item that is counted elsewhere was emitted before.
        let delivered = self.delivered.load(Ordering::Acquire);
        let exported = delivered + self.exported.load(Ordering::Acquire);
        let failed = self.failed.load(Ordering::Acquire);
        let dropped = self.dropped.load(Ordering::Acquire);
        let emitted = delivered + self.emitted.load(Ordering::Acquire);
        ExporterStats {
            signal: self.signal,
            exporter: self.exporter.to_string(),
            destination: self.destination.clone(),
            emitted,
            exported,
            failed,
            dropped,
            queued: emitted.saturating_sub(exported + failed + dropped),
            last_error: self.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}

fn noun(signal: Signal, items: u64) -> &'static str {
    match (signal, items) {
        (Signal::Traces, 1) => "span",
        (Signal::Traces, _) => "spans",
        (Signal::Metrics, 1) => "data point",
        (Signal::Metrics, _) => "data points",
        (Signal::Logs, 1) => "log record",
        (Signal::Logs, _) => "log records",
    }
}
