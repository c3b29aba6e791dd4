//! Counts what each exporter is given, delivers and loses.

use std::{
    fmt,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};

use crate::{config::Signal, diagnostics::RateLimit};

/// The account of one exporter for one signal.
#[derive(Debug)]
pub(crate) struct Tally {
    signal: Signal,
    destination: String,
    /// Items that were put into the queue, or should have been.
    emitted: AtomicU64,
    /// Items that left the queue for the exporter.
    handed_over: AtomicU64,
    /// Items that found the queue full.
    dropped: AtomicU64,
    /// Items that were lost, for whatever reason.
    lost: AtomicU64,
    last_error: Mutex<String>,
    limit: RateLimit,
}

impl Tally {
    pub(crate) fn new(signal: Signal, destination: impl fmt::Display) -> Self {
        Self {
            signal,
            destination: destination.to_string(),
            emitted: AtomicU64::new(0),
            handed_over: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            last_error: Mutex::default(),
            limit: RateLimit::default(),
        }
    }

    pub(crate) fn signal(&self) -> Signal {
        self.signal
    }

    /// Notes that an item was put into the queue, which keeps to itself whether it had room.
    pub(crate) fn emit(&self) {
        self.emitted.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn emitted(&self) -> u64 {
        self.emitted.load(Ordering::Relaxed)
    }

    /// Notes that items left the queue.
    pub(crate) fn hand_over(&self, items: u64) {
        self.handed_over.fetch_add(items, Ordering::Relaxed);
    }

    /// Notes what was dropped, once the queue is empty of all that was in it when `emitted` was read.
    pub(crate) fn settle(&self, emitted: u64) {
        let known = self.handed_over.load(Ordering::Relaxed) + self.dropped.load(Ordering::Relaxed);
        let missing = emitted.saturating_sub(known);
        if missing > 0 {
            self.dropped.fetch_add(missing, Ordering::Relaxed);
            let _ = self.lose(missing, "the queue was full");
        }
    }

    /// Notes that `items` were lost, says so on standard error, and makes the SDK's error of it.
    pub(crate) fn lose(&self, items: u64, error: impl fmt::Display) -> OTelSdkResult {
        let error = error.to_string();
        self.lost.fetch_add(items, Ordering::Relaxed);
        let (signal, destination) = (self.signal, &self.destination);
        self.limit.lines_for(items, |items| {
            format!("{items} {} for {destination} lost: {error}", noun(signal, items))
        });
        self.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&error);
        Err(OTelSdkError::InternalFailure(error))
    }

    /// Shows what the server said although it accepted everything.
    pub(crate) fn remark(&self, message: &str) {
        let destination = &self.destination;
        self.limit.lines_for(0, |_| format!("{destination} says: {message}"));
    }

    /// How many items were lost so far.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Why the last items were lost, and on the way where.
    pub(crate) fn last_error(&self) -> String {
        let error = self.last_error.lock().unwrap_or_else(PoisonError::into_inner);
        format!("{}: {error}", self.destination)
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
