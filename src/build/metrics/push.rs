//! Pushes metrics at an interval, from a thread of its own.
//!
//! The SDK's periodic reader is not used: its flush can wait for ever, its shutdown ignores the time it is given, and a
//! panicking callback ends it without a word.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver, RecvTimeoutError, SyncSender},
    },
    thread,
    time::{Duration, Instant},
};

use opentelemetry_sdk::{
    error::{OTelSdkError, OTelSdkResult},
    metrics::{data::ResourceMetrics, reader::MetricReader},
};

use crate::{
    build::exporter::{
        console::{Console, count_points, write_metrics},
        otlp::OtlpExporter,
    },
    diagnostics::RateLimit,
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
    orders: Mutex<Option<SyncSender<Order>>>,
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
    ) -> Result<Self, Error> {
        let (sender, orders) = mpsc::sync_channel(16);
        thread::Builder::new()
            .name("autotelemetry-metrics".to_owned())
            .spawn(move || Worker { reader, sinks, broken: RateLimit::default() }.run(&orders, interval))
            .map_err(|error| Error::system("cannot start the thread for metrics", error))?;
        Ok(Self { orders: Mutex::new(Some(sender)) })
    }

    /// Pushes now. Waits as long as that takes, which the limits of the exporters bound.
    pub(super) fn flush(&self) -> OTelSdkResult {
        let sender = self.orders.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let sender = sender.ok_or(OTelSdkError::AlreadyShutdown)?;
        let (done, answer) = mpsc::sync_channel(1);
        sender.send(Order { then_stop: false, done }).map_err(|_| OTelSdkError::AlreadyShutdown)?;
        drop(sender);
        answer.recv().map_err(|_| OTelSdkError::AlreadyShutdown)?
    }

    /// Pushes a last time and ends the thread.
    pub(super) fn shutdown(&self, timeout: Duration) -> OTelSdkResult {
        let sender = self.orders.lock().unwrap_or_else(PoisonError::into_inner).take();
        let sender = sender.ok_or(OTelSdkError::AlreadyShutdown)?;
        let (done, answer) = mpsc::sync_channel(1);
        // A full channel means that flushes are waiting; the thread then ends when the channel is gone.
        let _ = sender.try_send(Order { then_stop: true, done });
        drop(sender);
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
    broken: RateLimit,
}

impl Worker {
    fn run(self, orders: &Receiver<Order>, interval: Duration) {
        let mut next = Instant::now() + interval;
        loop {
            match orders.recv_timeout(next.saturating_duration_since(Instant::now())) {
                Ok(Order { then_stop, done }) => {
                    // Nobody listens any more when the caller's patience was shorter.
                    let _ = done.send(self.push());
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
        // Callbacks are the program's code; a panic in one must not end metrics for good.
        let collected =
            catch_unwind(AssertUnwindSafe(|| self.reader.collect(&mut metrics))).unwrap_or_else(|_| {
                Err(OTelSdkError::InternalFailure("a callback of an instrument panicked".to_owned()))
            });
        if let Err(error) = collected {
            self.broken.line(format_args!("metrics cannot be collected: {error}"));
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
