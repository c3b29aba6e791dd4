//! The processors of one signal behind one, which are flushed and shut down at the same time.
//!
//! The SDK does so one after the other, so that a destination that hangs would use up the time of the next one. It also
//! keeps to itself what its queues drop; here it is counted what goes in.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use opentelemetry::{Context, InstrumentationScope};
use opentelemetry_sdk::{
    Resource,
    error::{OTelSdkError, OTelSdkResult},
    logs::{LogProcessor, SdkLogRecord},
    trace::{Span, SpanData, SpanProcessor},
};

use super::tally::Tally;

#[derive(Debug)]
pub(super) struct Fanout<P: ?Sized> {
    branches: Vec<Branch<P>>,
    /// How long a flush may take.
    limit: Duration,
}

/// A processor, and the account of the exporter behind its queue when it has one.
#[derive(Debug)]
struct Branch<P: ?Sized> {
    tally: Option<Arc<Tally>>,
    processor: Box<P>,
}

impl<P: ?Sized> Fanout<P> {
    pub(super) fn new(limit: Duration) -> Self {
        Self { branches: Vec::new(), limit }
    }

    pub(super) fn add(&mut self, processor: Box<P>, tally: Option<Arc<Tally>>) {
        self.branches.push(Branch { tally, processor });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.branches.is_empty()
    }
}

impl<P: ?Sized + Send + Sync> Fanout<P> {
    /// Does `work` for all, each on a thread of its own.
    fn all(&self, work: impl Fn(&P) -> OTelSdkResult + Sync) -> OTelSdkResult {
        let work = &|processor: &P| run(|| work(processor));
        thread::scope(|scope| {
            let started: Vec<_> = self
                .branches
                .iter()
                .map(|branch| {
                    let processor: &P = &branch.processor;
                    let thread = thread::Builder::new().name("autotelemetry-end".to_owned());
                    (processor, thread.spawn_scoped(scope, move || work(processor)))
                })
                .collect();
            started
                .into_iter()
                .map(|(processor, thread)| match thread {
                    Ok(thread) => thread.join().unwrap_or_else(|_| Err(panicked())),
                    // Without a thread it is done here, later than it could be.
                    Err(_) => work(processor),
                })
                .fold(Ok(()), Result::and)
        })
    }

    /// Flushes until it is done or the time is over; the SDK gives up after five seconds of its own.
    fn flush(&self, flush: impl Fn(&P) -> OTelSdkResult + Sync) -> OTelSdkResult {
        let deadline = Instant::now() + self.limit;
        self.all(|processor| {
            loop {
                match flush(processor) {
                    Err(OTelSdkError::Timeout(_)) if Instant::now() < deadline => {}
                    result => return result,
                }
            }
        })
    }
}

/// The result of `work`, during which no telemetry is made; a panic is a failure like others.
pub(crate) fn run(work: impl FnOnce() -> OTelSdkResult) -> OTelSdkResult {
    let _quiet = Context::enter_telemetry_suppressed_scope();
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(panicked()))
}

fn panicked() -> OTelSdkError {
    OTelSdkError::InternalFailure("a processor panicked".to_owned())
}

impl SpanProcessor for Fanout<dyn SpanProcessor> {
    fn on_start(&self, span: &mut Span, context: &Context) {
        for branch in &self.branches {
            branch.processor.on_start(span, context);
        }
    }

    fn on_end(&self, span: SpanData) {
        let Some((last, others)) = self.branches.split_last() else { return };
        for tally in self.branches.iter().filter_map(|branch| branch.tally.as_ref()) {
            // What is not sampled is meant to go nowhere.
            if span.span_context.is_sampled() {
                tally.emit();
            }
        }
        for branch in others {
            branch.processor.on_end(span.clone());
        }
        last.processor.on_end(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.flush(SpanProcessor::force_flush)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.all(|processor| processor.shutdown_with_timeout(timeout))
    }

    fn set_resource(&mut self, resource: &Resource) {
        for branch in &mut self.branches {
            branch.processor.set_resource(resource);
        }
    }
}

impl LogProcessor for Fanout<dyn LogProcessor> {
    fn emit(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope) {
        for branch in &self.branches {
            if let Some(tally) = &branch.tally {
                tally.emit();
            }
            branch.processor.emit(record, scope);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.flush(LogProcessor::force_flush)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.all(|processor| processor.shutdown_with_timeout(timeout))
    }

    fn set_resource(&mut self, resource: &Resource) {
        for branch in &mut self.branches {
            branch.processor.set_resource(resource);
        }
    }
}
