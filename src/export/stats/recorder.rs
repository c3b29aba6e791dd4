//! Counts what each exporter is given, delivers and loses.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};

use super::{Dropped, ExporterStats};
use crate::{
    config::{ExporterName, Signal},
    diagnostics::{Diagnostics, RateLimit, item_count::ItemCount},
};

/// The account of one exporter for one signal.
#[derive(Debug)]
pub(crate) struct StatsRecorder {
    signal: Signal,
    exporter: ExporterName,
    destination: String,
    /// Says what is lost; nothing when somebody else does.
    logger: Option<(Diagnostics, RateLimit)>,
    /// Items that arrived as soon as they were emitted; the others are counted in two steps.
    delivered: AtomicU64,
    emitted: AtomicU64,
    totals: Mutex<Totals>,
}

#[derive(Debug, Default)]
struct Totals {
    exported: u64,
    failed: u64,
    /// The same items by the word for the cause.
    failed_by_cause: BTreeMap<&'static str, u64>,
    dropped: Dropped,
    /// Lost items that nobody wanted any more, which is no fault.
    ignored: u64,
    last_error: Option<String>,
    last_success: Option<SystemTime>,
    /// What the result of the last flush told of.
    reported: (u64, u64, u64),
    /// What was emitted is settled; what arrives nevertheless was counted as lost.
    is_closed: bool,
}

/// Why items are not even tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    QueueFull,
    ShutDown,
    /// Nobody reads the stream any more.
    Unread,
    Broken(&'static str),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::QueueFull => "the queue was full",
            Self::ShutDown => "telemetry had been shut down",
            Self::Unread => "nobody reads it any more",
            Self::Broken(what) => what,
        })
    }
}

impl Totals {
    fn count_dropped(&mut self, items: u64, reason: Reason) {
        match reason {
            Reason::QueueFull => self.dropped.queue_full += items,
            Reason::ShutDown => self.dropped.shut_down += items,
            Reason::Unread => {
                self.dropped.sink_closed += items;
                self.ignored += items;
            }
            Reason::Broken(_) => self.dropped.sink_closed += items,
        }
        self.remember(reason);
    }

    fn count_failed(&mut self, items: u64, cause: &'static str, error: impl fmt::Display) {
        self.failed += items;
        *self.failed_by_cause.entry(cause).or_default() += items;
        self.remember(error);
    }

    fn remember(&mut self, error: impl fmt::Display) {
        let error = error.to_string();
        if self.last_error.as_ref() != Some(&error) {
            self.last_error = Some(error);
        }
    }

    fn settled(&self) -> u64 {
        self.exported + self.failed + self.dropped.total()
    }
}

/// What an account comes to at one moment.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    pub(crate) exported: u64,
    pub(crate) failed_by_cause: BTreeMap<&'static str, u64>,
    pub(crate) dropped: Dropped,
    /// What waits, or is on its way.
    pub(crate) queued: u64,
}

/// What happened since the last report.
#[derive(Debug, Clone, Default)]
pub(crate) struct Delta {
    pub(crate) exported: u64,
    pub(crate) failed: u64,
    pub(crate) dropped: u64,
    /// What waits now.
    pub(crate) queued: u64,
    /// Why the last items were lost, and on the way where.
    pub(crate) error: String,
}

impl StatsRecorder {
    /// An account that says itself what is lost, at most once a minute.
    pub(crate) fn new(
        signal: Signal,
        exporter: ExporterName,
        destination: impl fmt::Display,
        diagnostics: Diagnostics,
    ) -> Self {
        Self {
            logger: Some((diagnostics, RateLimit::default())),
            ..Self::without_log(signal, exporter, destination)
        }
    }

    /// An account that only counts.
    pub(crate) fn without_log(
        signal: Signal,
        exporter: ExporterName,
        destination: impl fmt::Display,
    ) -> Self {
        Self {
            signal,
            exporter,
            destination: destination.to_string(),
            logger: None,
            delivered: AtomicU64::new(0),
            emitted: AtomicU64::new(0),
            totals: Mutex::default(),
        }
    }

    pub(crate) fn signal(&self) -> Signal {
        self.signal
    }

    pub(crate) fn exporter(&self) -> &ExporterName {
        &self.exporter
    }

    fn lock(&self) -> MutexGuard<'_, Totals> {
        self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that items were meant for the exporter and arrived.
    #[inline]
    pub(crate) fn deliver(&self, items: u64) {
        self.delivered.fetch_add(items, Ordering::Release);
    }

    /// Notes that items were meant for the exporter, and wait. To be called before their end is noted.
    pub(crate) fn emit(&self, items: u64) {
        self.emitted.fetch_add(items, Ordering::Release);
    }

    /// As [`Self::emit`], for who may come when the account is settled: then the items are dropped, and `false` is returned.
    pub(crate) fn try_emit(&self, items: u64) -> bool {
        let mut totals = self.lock();
        self.emit(items);
        if totals.is_closed {
            totals.count_dropped(items, Reason::ShutDown);
        }
        !totals.is_closed
    }

    /// Notes that items were meant for the exporter and find no way in.
    pub(crate) fn refuse(&self, items: u64, reason: Reason) {
        let mut totals = self.lock();
        self.emit(items);
        totals.count_dropped(items, reason);
        drop(totals);
        if reason != Reason::Unread {
            self.log_loss(items, &reason);
        }
    }

    /// Notes that items that waited will not be tried.
    pub(crate) fn discard(&self, items: u64, reason: Reason) {
        let mut totals = self.lock();
        if items > 0 && !totals.is_closed {
            totals.count_dropped(items, reason);
            drop(totals);
            if reason != Reason::Unread {
                self.log_loss(items, &reason);
            }
        }
    }

    /// Notes that items that waited arrived.
    pub(crate) fn export(&self, items: u64) {
        let mut totals = self.lock();
        if !totals.is_closed {
            totals.exported += items;
        }
    }

    /// Notes that a destination took items, now.
    pub(crate) fn export_timed(&self, items: u64) {
        let mut totals = self.lock();
        if !totals.is_closed {
            totals.exported += items;
            totals.last_success = Some(SystemTime::now());
        }
    }

    /// Notes that items that waited were tried and did not arrive, and makes the SDK's error of it. `cause` is one of few words.
    pub(crate) fn fail(&self, items: u64, cause: &'static str, error: impl fmt::Display) -> OTelSdkResult {
        let mut totals = self.lock();
        if !totals.is_closed {
            totals.count_failed(items, cause, &error);
            drop(totals);
            self.log_loss(items, &error);
        }
        Err(OTelSdkError::InternalFailure(error.to_string()))
    }

    fn log_loss(&self, items: u64, error: &dyn fmt::Display) {
        if let Some((diagnostics, limit)) = &self.logger
            && items > 0
            && let Some(items) = limit.due_for(items)
        {
            let (items, destination) = (ItemCount(items, self.signal), &self.destination);
            diagnostics.error(format_args!("{items} for {destination} lost: {error}"));
        }
    }

    /// Settles the account: what is still on its way did not arrive. What does so later is counted no more.
    pub(crate) fn close(&self) {
        let mut totals = self.lock();
        if totals.is_closed {
            return;
        }
        totals.is_closed = true;
        let left = self.emitted.load(Ordering::Acquire).saturating_sub(totals.settled());
        if left > 0 {
            match self.exporter {
                ExporterName::Console | ExporterName::File | ExporterName::Memory => {
                    totals.count_dropped(left, Reason::ShutDown);
                }
                ExporterName::Otlp | ExporterName::Named(_) | ExporterName::Prometheus => {
                    totals.count_failed(left, "timeout", "no answer before telemetry was shut down");
                }
            }
        }
    }

    /// How many items were lost so far, but for those that nobody wanted any more.
    pub(crate) fn lost(&self) -> u64 {
        let totals = self.lock();
        totals.failed + totals.dropped.total() - totals.ignored
    }

    /// How many items wait, or are on their way.
    pub(crate) fn queued(&self) -> u64 {
        let settled = self.lock().settled();
        self.emitted.load(Ordering::Acquire).saturating_sub(settled)
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let totals = self.lock();
        Snapshot {
            exported: self.delivered.load(Ordering::Acquire) + totals.exported,
            failed_by_cause: totals.failed_by_cause.clone(),
            dropped: totals.dropped,
            queued: self.emitted.load(Ordering::Acquire).saturating_sub(totals.settled()),
        }
    }

    /// What happened since this was asked last.
    pub(crate) fn delta(&self) -> Delta {
        let mut totals = self.lock();
        let exported = self.delivered.load(Ordering::Acquire) + totals.exported;
        let now = (exported, totals.failed, totals.dropped.total() - totals.ignored);
        let reported = std::mem::replace(&mut totals.reported, now);
        let error = totals.last_error.as_deref().unwrap_or_default();
        Delta {
            exported: now.0.saturating_sub(reported.0),
            failed: now.1.saturating_sub(reported.1),
            dropped: now.2.saturating_sub(reported.2),
            queued: self.emitted.load(Ordering::Acquire).saturating_sub(totals.settled()),
            error: format!("{}: {error}", self.destination),
        }
    }

    pub(crate) fn stats(&self) -> ExporterStats {
        let totals = self.lock();
        // What was emitted is read last: an item that is counted elsewhere was emitted before.
        let delivered = self.delivered.load(Ordering::Acquire);
        let emitted = delivered + self.emitted.load(Ordering::Acquire);
        ExporterStats {
            signal: self.signal,
            exporter: self.exporter.to_string(),
            destination: self.destination.clone(),
            emitted,
            exported: delivered + totals.exported,
            failed: totals.failed,
            dropped: totals.dropped.total(),
            dropped_by_reason: totals.dropped,
            queued: emitted.saturating_sub(delivered + totals.settled()),
            last_error: totals.last_error.clone(),
            last_success: totals.last_success,
        }
    }
}
