//! Pushes metrics at an interval, from a thread of its own.
//!
//! The SDK's periodic reader is not used: its flush can wait for ever, its shutdown ignores the time it is given, and a
//! panicking callback ends it without a word.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
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

use super::Health;
use crate::{
    build::exporter::{
        console::{Console, count_points, write_metrics},
        otlp::OtlpExporter,
    },
    diagnostics::{Diagnostics, RateLimit},
    error::Error,
};

/// Where metrics are pushed to.
#[derive(Debug)]
pub(super) enum Sink {
    Console(Arc<Console>),
    Otlp(Box<OtlpExporter>),
}

/// The handle of the thread.
#[derive(Debug)]
pub(super) struct Push {
    orders: Mutex<Option<Sender<Order>>>,
    /// Set when the thread shall end: flushes that still wait are answered without a push.
    stopping: Arc<AtomicBool>,
}

/// What the thread is asked for between two intervals, and where it answers.
struct Order {
    then_stop: bool,
    done: SyncSender<OTelSdkResult>,
}

impl Push {
    pub(super) fn start(
        reader: Arc<dyn MetricReader>,
        sinks: Vec<Sink>,
        interval: Duration,
        health: Health,
        diagnostics: Diagnostics,
    ) -> Result<Self, Error> {
        let (sender, orders) = mpsc::channel();
        let stopping = Arc::new(AtomicBool::new(false));
        let worker = Worker {
            reader,
            sinks,
            health,
            stopping: Arc::clone(&stopping),
            diagnostics,
            limit: RateLimit::default(),
        };
        thread::Builder::new()
            .name("autotelemetry-metrics".to_owned())
            .spawn(move || worker.run(&orders, interval))
            .map_err(|error| Error::system("cannot start the thread for metrics", error))?;
        Ok(Self { orders: Mutex::new(Some(sender)), stopping })
    }

    /// Pushes now. Waits as long as that takes: the exporters are bounded by their timeouts, the callbacks of the program
    /// are not, so who must not wait asks from a thread of its own.
    pub(super) fn flush(&self) -> OTelSdkResult {
        let sender = self.orders.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (done, answer) = mpsc::sync_channel(1);
        let sent = sender.ok_or(OTelSdkError::AlreadyShutdown)?.send(Order { then_stop: false, done });
        sent.map_err(|_| OTelSdkError::AlreadyShutdown)?;
        answer.recv().map_err(|_| OTelSdkError::AlreadyShutdown)?
    }

    /// Pushes a last time and ends the thread.
    pub(super) fn shutdown(&self, timeout: Duration) -> OTelSdkResult {
        let sender = self.orders.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (done, answer) = mpsc::sync_channel(1);
        let sender = sender.ok_or(OTelSdkError::AlreadyShutdown)?;
        self.stopping.store(true, Ordering::SeqCst);
        sender.send(Order { then_stop: true, done }).map_err(|_| OTelSdkError::AlreadyShutdown)?;
        match answer.recv_timeout(timeout) {
            Ok(result) => result,
            Err(RecvTimeoutError::Timeout) => Err(OTelSdkError::Timeout(timeout)),
            Err(RecvTimeoutError::Disconnected) => Err(OTelSdkError::AlreadyShutdown),
        }
    }
}

struct Worker {
    reader: Arc<dyn MetricReader>,
    sinks: Vec<Sink>,
    health: Health,
    stopping: Arc<AtomicBool>,
    diagnostics: Diagnostics,
    limit: RateLimit,
}

impl Worker {
    fn run(self, orders: &Receiver<Order>, interval: Duration) {
        let mut next = Instant::now() + interval;
        loop {
            match orders.recv_timeout(next.saturating_duration_since(Instant::now())) {
                Ok(Order { then_stop, done }) => {
                    let result = if then_stop || !self.stopping.load(Ordering::SeqCst) {
                        self.push()
                    } else {
                        Err(OTelSdkError::AlreadyShutdown)
                    };
                    // Nobody listens any more when the caller's patience was shorter.
                    let _ = done.send(result);
                    if then_stop {
                        return;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    // What went wrong was reported by the exporter.
                    let _ = self.push();
                    next += interval;
                    // After a stall the missed times are not made up for.
                    next = next.max(Instant::now());
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn push(&self) -> OTelSdkResult {
        let mut metrics = ResourceMetrics::default();
        if self.health.is_broken() {
            return Err(OTelSdkError::InternalFailure("a callback of an instrument panicked".to_owned()));
        }
        // Callbacks are the program's code.
        let collected =
            catch_unwind(AssertUnwindSafe(|| self.reader.collect(&mut metrics))).unwrap_or_else(|_| {
                self.health.break_down();
                Err(OTelSdkError::InternalFailure("a callback of an instrument panicked".to_owned()))
            });
        if let Err(error) = collected {
            if self.limit.is_due() {
                self.diagnostics.error(format_args!("metrics cannot be collected: {error}"));
            }
            return Err(error);
        }
        if metrics.scope_metrics().next().is_none() {
            return Ok(());
        }
        // All are started before the first is waited for, so that a slow one does not hold up the others.
        let data_points = count_points(&metrics);
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
