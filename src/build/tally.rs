//! Counts what each exporter delivers and loses.

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
    failed: AtomicU64,
    last_error: Mutex<String>,
    limit: RateLimit,
}

impl Tally {
    pub(crate) fn new(signal: Signal, destination: impl fmt::Display) -> Self {
        Self {
            signal,
            destination: destination.to_string(),
            failed: AtomicU64::new(0),
            last_error: Mutex::default(),
            limit: RateLimit::default(),
        }
    }

    /// Notes that `items` were lost, says so on standard error, and makes the SDK's error of it.
    pub(crate) fn lost(&self, items: u64, error: impl fmt::Display) -> OTelSdkResult {
        let error = error.to_string();
        self.failed.fetch_add(items, Ordering::Relaxed);
        let (signal, destination) = (self.signal, &self.destination);
        self.limit.line(format_args!(
            "{items} {} lost, cannot export to {destination}: {error}",
            noun(signal, items)
        ));
        self.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&error);
        Err(OTelSdkError::InternalFailure(error))
    }

    pub(crate) fn signal(&self) -> Signal {
        self.signal
    }

    /// How many items were lost so far.
    pub(crate) fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    pub(crate) fn last_error(&self) -> String {
        self.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone()
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
