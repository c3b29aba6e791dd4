//! Pushes metrics at an interval, from a thread of its own.
//!
//! The SDK's periodic reader is not used: its flush can wait for ever, and its shutdown ignores the time it is given.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender},
    },
    thread,
    time::{Duration, Instant},
};

use opentelemetry_sdk::{
    error::{OTelSdkError, OTelSdkResult},
    metrics::{data::ResourceMetrics, reader::MetricReader},
};

use crate::{
    diagnostics::{Diagnostics, RateLimit},
    error::Error,
    export::{
        callbacks::{CALLBACK_TIMEOUT, Callbacks},
        console::{ConsoleExporter, count_data_points, write_metrics},
        otlp::OtlpExporter,
    },
};

/// Where metrics are pushed to.
#[derive(Debug)]
pub(crate) enum Sink {
    Console(Arc<ConsoleExporter>),
    Otlp(Box<OtlpExporter>),
}

/// The handle of the thread.
#[derive(Debug)]
pub(crate) struct PeriodicPush {
    /// Without it the thread pushes a last time and ends.
    requests: Mutex<Option<Sender<FlushRequest>>>,
    /// What the last push came to.
    ended: Mutex<Receiver<OTelSdkResult>>,
    /// Set when the thread shall end: flushes that still wait are answered without a push.
    stopping: Arc<AtomicBool>,
    /// How long a flush or the end may take.
    limit: Duration,
}

/// A flush: where it is answered, and until when anybody listens.
struct FlushRequest {
    until: Instant,
    done: SyncSender<OTelSdkResult>,
}

impl PeriodicPush {
    pub(crate) fn start(
        reader: Arc<dyn MetricReader>,
        callbacks: Arc<Callbacks>,
        sinks: Vec<Sink>,
        interval: Duration,
        limit: Duration,
        diagnostics: Diagnostics,
    ) -> Result<Self, Error> {
        let (sender, requests) = mpsc::channel();
        let (end, ended) = mpsc::sync_channel(1);
        let stopping = Arc::new(AtomicBool::new(false));
        let worker = Worker {
            reader,
            callbacks,
            sinks,
            stopping: Arc::clone(&stopping),
            // Somebody waits: the other half of the time is for the exports.
            patience: CALLBACK_TIMEOUT.min(limit / 2),
            diagnostics,
            limit: RateLimit::default(),
        };
        thread::Builder::new()
            .name("autotelemetry-metrics".to_owned())
            .spawn(move || {
                worker.run(&requests, interval);
                // Nobody listens any more when the end was too late.
                let _ = end.send(worker.push(worker.patience));
            })
            .map_err(|error| Error::system("cannot start the thread for metrics", error))?;
        Ok(Self { requests: Mutex::new(Some(sender)), ended: Mutex::new(ended), stopping, limit })
    }

    /// Pushes now.
    pub(crate) fn flush(&self) -> OTelSdkResult {
        let sender = self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (done, answer) = mpsc::sync_channel(1);
        let sender = sender.ok_or(OTelSdkError::AlreadyShutdown)?;
        // An order that cannot be sent is not answered either.
        let _ = sender.send(FlushRequest { until: Instant::now() + self.limit, done });
        // A thread that waits for the last sender to go must not wait for this one.
        drop(sender);
        self.wait(&answer)
    }

    /// Pushes a last time and ends the thread.
    pub(crate) fn shutdown(&self) -> OTelSdkResult {
        let sender = self.requests.lock().unwrap_or_else(PoisonError::into_inner).take();
        let sender = sender.ok_or(OTelSdkError::AlreadyShutdown)?;
        self.stopping.store(true, Ordering::SeqCst);
        drop(sender);
        self.wait(&self.ended.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn wait(&self, answer: &Receiver<OTelSdkResult>) -> OTelSdkResult {
        match answer.recv_timeout(self.limit) {
            Ok(result) => result,
            Err(RecvTimeoutError::Timeout) => Err(OTelSdkError::Timeout(self.limit)),
            Err(RecvTimeoutError::Disconnected) => {
                Err(OTelSdkError::InternalFailure("the thread that pushes metrics has ended".to_owned()))
            }
        }
    }
}

struct Worker {
    reader: Arc<dyn MetricReader>,
    callbacks: Arc<Callbacks>,
    sinks: Vec<Sink>,
    stopping: Arc<AtomicBool>,
    /// How long callbacks may take when somebody waits for the push.
    patience: Duration,
    diagnostics: Diagnostics,
    limit: RateLimit,
}

impl Worker {
    /// Returns when the thread shall end.
    fn run(&self, requests: &Receiver<FlushRequest>, interval: Duration) {
        let mut next = Instant::now() + interval;
        loop {
            match requests.recv_timeout(next.saturating_duration_since(Instant::now())) {
                // Whoever asked has gone.
                Ok(FlushRequest { until, .. }) if until < Instant::now() => {}
                Ok(FlushRequest { done, .. }) => {
                    let is_stopping = self.stopping.load(Ordering::SeqCst);
                    let result = if is_stopping {
                        Err(OTelSdkError::AlreadyShutdown)
                    } else {
                        self.push(self.patience)
                    };
                    // Nobody listens any more when the caller's patience was shorter.
                    let _ = done.send(result);
                }
                Err(RecvTimeoutError::Timeout) => {
                    // What went wrong was reported by the exporter.
                    let _ = self.push(CALLBACK_TIMEOUT);
                    next += interval;
                    // After a stall the missed times are not made up for.
                    next = next.max(Instant::now());
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn push(&self, patience: Duration) -> OTelSdkResult {
        let mut metrics = ResourceMetrics::default();
        if let Err(error) = self.callbacks.collect(patience, || self.reader.collect(&mut metrics)) {
            if self.limit.is_due() {
                self.diagnostics.error(format_args!("metrics cannot be collected: {error}"));
            }
            return Err(error);
        }
        if metrics.scope_metrics().next().is_none() {
            return Ok(());
        }
        // All are started before the first is waited for, so that a slow one does not hold up the others.
        let data_points = count_data_points(&metrics);
        let mut started = Vec::new();
        for sink in &self.sinks {
            match sink {
                Sink::Console(console) => write_metrics(console, &metrics),
                Sink::Otlp(exporter) => started.push(exporter.send_metrics(&metrics, data_points)),
            }
        }
        started.into_iter().map(futures_executor::block_on).fold(Ok(()), Result::and)
    }
}
