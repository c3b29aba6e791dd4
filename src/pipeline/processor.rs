//! The processors of one signal behind one, which are flushed and shut down at the same time.
//!
//! The SDK does so one after the other, so that a destination that hangs would use up the time of the next one.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread,
    time::Duration,
};

use opentelemetry::{Context, InstrumentationScope};
use opentelemetry_sdk::{
    error::{OTelSdkError, OTelSdkResult},
    logs::{LogProcessor, SdkLogRecord},
    trace::{Span, SpanData, SpanProcessor},
};

use crate::logs::RecordFilter;

#[derive(Debug)]
pub(crate) struct MultiProcessor<P: ?Sized>(Vec<Box<P>>);

impl<P: ?Sized> MultiProcessor<P> {
    pub(crate) fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn add(&mut self, processor: Box<P>) {
        self.0.push(processor);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<P: ?Sized + Send + Sync> MultiProcessor<P> {
    /// Does `work` for all, each on a thread of its own.
    fn all(&self, work: impl Fn(&P) -> OTelSdkResult + Sync) -> OTelSdkResult {
        let work = &|processor: &P| catch_panic(|| work(processor));
        thread::scope(|scope| {
            let started: Vec<_> = self
                .0
                .iter()
                .map(|processor| {
                    let processor: &P = processor;
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
}

/// The result of `work`, during which no telemetry is made; a panic is a failure like others.
pub(crate) fn catch_panic(work: impl FnOnce() -> OTelSdkResult) -> OTelSdkResult {
    let _quiet = Context::enter_telemetry_suppressed_scope();
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(panicked()))
}

fn panicked() -> OTelSdkError {
    OTelSdkError::InternalFailure("a processor panicked".to_owned())
}

impl SpanProcessor for MultiProcessor<dyn SpanProcessor> {
    fn on_start(&self, span: &mut Span, context: &Context) {
        for processor in &self.0 {
            processor.on_start(span, context);
        }
    }

    fn on_end(&self, span: SpanData) {
        let Some((last, others)) = self.0.split_last() else { return };
        for processor in others {
            processor.on_end(span.clone());
        }
        last.on_end(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.all(SpanProcessor::force_flush)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.all(|processor| processor.shutdown_with_timeout(timeout))
    }
}

impl LogProcessor for MultiProcessor<dyn LogProcessor> {
    fn emit(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope) {
        for processor in &self.0 {
            processor.emit(record, scope);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.all(LogProcessor::force_flush)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.all(|processor| processor.shutdown_with_timeout(timeout))
    }
}

/// A processor that two providers lead to.
#[derive(Debug)]
pub(crate) struct Shared<P>(pub(crate) Arc<P>);

impl<P: LogProcessor> LogProcessor for Shared<P> {
    fn emit(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope) {
        self.0.emit(record, scope);
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }
}

/// A processor that gets the records that its filter lets through.
#[derive(Debug)]
pub(crate) struct FilteredProcessor<P> {
    pub(crate) record_filter: RecordFilter,
    pub(crate) processor: P,
}

/// `processor` behind `record_filter`.
pub(crate) fn gated(
    record_filter: RecordFilter,
    processor: impl LogProcessor + 'static,
) -> Box<dyn LogProcessor> {
    match record_filter {
        RecordFilter::Open => Box::new(processor),
        record_filter => Box::new(FilteredProcessor { record_filter, processor }),
    }
}

impl<P: LogProcessor> LogProcessor for FilteredProcessor<P> {
    fn emit(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope) {
        if self.record_filter.matches(record, scope) {
            self.processor.emit(record, scope);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.processor.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.processor.shutdown_with_timeout(timeout)
    }
}
