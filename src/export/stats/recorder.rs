//! Counts what each exporter accepts, delivers and loses.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::SystemTime,
};

use arc_swap::ArcSwap;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};

use super::{
    Dropped, ExporterStats,
    refusals::Refusals,
    totals::{ReportedTotals, Totals},
};
pub(crate) use super::{
    reason::Reason,
    totals::{Delta, Snapshot},
};
use crate::{
    config::Signal,
    diagnostics::{DiagnosticLog, RateLimit, item_count::ItemCount},
};

/// Counts the items of one exporter for one signal.
#[derive(Debug)]
pub(crate) struct StatsRecorder {
    signal: Signal,
    exporter: String,
    /// Changes when a reload changes the endpoint, stream or directory.
    destination: ArcSwap<String>,
    /// Reports losses; `None` where [`DestinationHealth`](crate::export::otlp::DestinationHealth)
    /// does.
    logger: Option<(DiagnosticLog, RateLimit)>,
    /// Items that were delivered as soon as they were emitted.
    delivered: AtomicU64,
    /// Items that were refused as soon as they were emitted.
    refused: Refusals,
    /// The other items, which are counted in two steps.
    emitted: AtomicU64,
    totals: Mutex<Totals>,
    is_retired: AtomicBool,
}

impl StatsRecorder {
    /// Returns a recorder that reports losses itself, at most once a minute.
    pub(crate) fn new(
        signal: Signal,
        exporter: impl fmt::Display,
        destination: impl fmt::Display,
        diagnostics: DiagnosticLog,
    ) -> Self {
        Self {
            logger: Some((diagnostics, RateLimit::default())),
            ..Self::without_log(signal, exporter, destination)
        }
    }

    /// Returns a recorder that only counts.
    pub(crate) fn without_log(
        signal: Signal,
        exporter: impl fmt::Display,
        destination: impl fmt::Display,
    ) -> Self {
        Self {
            signal,
            exporter: exporter.to_string(),
            destination: ArcSwap::from_pointee(destination.to_string()),
            logger: None,
            delivered: AtomicU64::new(0),
            refused: Refusals::default(),
            emitted: AtomicU64::new(0),
            totals: Mutex::default(),
            is_retired: AtomicBool::new(false),
        }
    }

    pub(crate) fn signal(&self) -> Signal {
        self.signal
    }

    pub(crate) fn destination(&self) -> Arc<String> {
        self.destination.load_full()
    }

    pub(crate) fn set_destination(&self, destination: impl fmt::Display) {
        self.destination.store(Arc::new(destination.to_string()));
    }

    /// Notes whether a reload has removed the exporter.
    pub(crate) fn set_retired(&self, is_retired: bool) {
        self.is_retired.store(is_retired, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Totals> {
        self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records items that were emitted and delivered at once.
    #[inline]
    pub(crate) fn deliver(&self, items: u64) {
        self.delivered.fetch_add(items, Ordering::Release);
    }

    /// Records items that were emitted and are queued. Called before their outcome is recorded.
    pub(crate) fn emit(&self, items: u64) {
        self.emitted.fetch_add(items, Ordering::Release);
    }

    /// Same as [`emit`](Self::emit), but items that arrive after [`close`](Self::close) are
    /// dropped. The result is then `false`.
    pub(crate) fn try_emit(&self, items: u64) -> bool {
        let totals = self.lock();
        if totals.is_closed {
            self.refused.add(items, Reason::ShutDown);
        } else {
            self.emit(items);
        }
        !totals.is_closed
    }

    /// Records items that were emitted and not accepted. Takes no lock and no memory, except for
    /// the message that is due once a minute.
    pub(crate) fn refuse(&self, items: u64, reason: Reason) {
        self.refused.add(items, reason);
        if reason != Reason::Unread {
            self.log_loss(items, &reason);
        }
    }

    /// Records queued items that are dropped without an export attempt.
    pub(crate) fn discard(&self, items: u64, reason: Reason) {
        let mut totals = self.lock();
        if items > 0 && !totals.is_closed {
            totals.count_dropped(items, reason);
            self.refused.forget_last();
            drop(totals);
            if reason != Reason::Unread {
                self.log_loss(items, &reason);
            }
        }
    }

    /// Records queued items that were delivered.
    pub(crate) fn export(&self, items: u64) {
        let mut totals = self.lock();
        if !totals.is_closed {
            totals.exported += items;
        }
    }

    /// Same as [`export`](Self::export), but also records the time.
    pub(crate) fn export_timed(&self, items: u64) {
        let mut totals = self.lock();
        if !totals.is_closed {
            totals.exported += items;
            totals.last_success = Some(SystemTime::now());
        }
    }

    /// Records queued items whose export failed, and returns the SDK's error. `cause` is one of a
    /// few fixed words, since it becomes an attribute.
    pub(crate) fn fail(&self, items: u64, cause: &'static str, error: impl fmt::Display) -> OTelSdkResult {
        self.record_failed(items, cause, &error);
        Err(OTelSdkError::InternalFailure(error.to_string()))
    }

    /// Same as [`fail`](Self::fail), without a result.
    pub(crate) fn record_failed(&self, items: u64, cause: &'static str, error: impl fmt::Display) {
        let mut totals = self.lock();
        if !totals.is_closed {
            totals.count_failed(items, cause, &error);
            self.refused.forget_last();
            drop(totals);
            self.log_loss(items, &error);
        }
    }

    fn log_loss(&self, items: u64, error: &dyn fmt::Display) {
        if let Some((diagnostics, limit)) = &self.logger
            && items > 0
            && let Some(items) = limit.due_for(items)
        {
            let (items, destination) = (ItemCount(items, self.signal), self.destination.load());
            diagnostics.error(format_args!("{items} for {destination} lost: {error}"));
        }
    }

    /// Settles all counts: items without an outcome count as lost. Later outcomes are ignored.
    pub(crate) fn close(&self) {
        let mut totals = self.lock();
        if totals.is_closed {
            return;
        }
        totals.is_closed = true;
        let left = self.emitted.load(Ordering::Acquire).saturating_sub(totals.settled());
        if left == 0 {
            return;
        }
        self.refused.forget_last();
        match self.logger {
            // Lines that remain were never attempted; requests without a response were.
            Some(_) => totals.count_dropped(left, Reason::ShutDown),
            None => totals.count_failed(left, "timeout", "no response before the shutdown"),
        }
    }

    /// Returns the number of lost items, except those that had no reader.
    pub(crate) fn lost(&self) -> u64 {
        let totals = self.lock();
        totals.failed + self.dropped(&totals).lost()
    }

    fn dropped(&self, totals: &Totals) -> Dropped {
        let mut dropped = totals.dropped;
        dropped.append(self.refused.counts());
        dropped
    }

    fn last_error(&self, totals: &Totals) -> Option<String> {
        match self.refused.last_reason() {
            Some(reason) => Some(reason.to_string()),
            None => totals.last_error.clone(),
        }
    }

    /// Returns the number of items that are queued or being exported.
    pub(crate) fn queued(&self) -> u64 {
        let settled = self.lock().settled();
        self.emitted.load(Ordering::Acquire).saturating_sub(settled)
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let totals = self.lock();
        Snapshot {
            exported: self.delivered.load(Ordering::Acquire) + totals.exported,
            failed_by_cause: totals.failed_by_cause.clone(),
            dropped: self.dropped(&totals),
            queued: self.emitted.load(Ordering::Acquire).saturating_sub(totals.settled()),
        }
    }

    /// Returns what changed since the last call.
    pub(crate) fn delta(&self) -> Delta {
        let mut totals = self.lock();
        let exported = self.delivered.load(Ordering::Acquire) + totals.exported;
        let dropped = self.dropped(&totals).lost();
        let now = ReportedTotals { exported, failed: totals.failed, dropped };
        let reported = std::mem::replace(&mut totals.reported, now);
        let error = self.last_error(&totals).unwrap_or_default();
        Delta {
            exported: now.exported.saturating_sub(reported.exported),
            failed: now.failed.saturating_sub(reported.failed),
            dropped: now.dropped.saturating_sub(reported.dropped),
            queued: self.emitted.load(Ordering::Acquire).saturating_sub(totals.settled()),
            error: format!("{}: {error}", self.destination.load()),
        }
    }

    pub(crate) fn stats(&self) -> ExporterStats {
        let totals = self.lock();
        // The emitted items are read last: an item with an outcome was emitted before.
        let delivered = self.delivered.load(Ordering::Acquire);
        let queued = self.emitted.load(Ordering::Acquire).saturating_sub(totals.settled());
        let dropped = self.dropped(&totals);
        let exported = delivered + totals.exported;
        ExporterStats {
            signal: self.signal,
            exporter: self.exporter.clone(),
            destination: self.destination.load().to_string(),
            is_retired: self.is_retired.load(Ordering::Relaxed),
            emitted: exported + totals.failed + dropped.total() + queued,
            exported,
            failed: totals.failed,
            dropped,
            queued,
            last_error: self.last_error(&totals),
            last_success: totals.last_success,
        }
    }
}
