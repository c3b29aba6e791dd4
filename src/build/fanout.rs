//! Several processors behind one, which are flushed and shut down at the same time.
//!
//! The SDK does so one after the other, so that a destination that hangs would use up the time of the next one.

use std::{thread, time::Duration};

use opentelemetry::{Context, InstrumentationScope};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    logs::{LogProcessor, SdkLogRecord},
    trace::{Span, SpanData, SpanProcessor},
};

#[derive(Debug)]
pub(super) struct Fanout<P: ?Sized>(Vec<Box<P>>);

impl<P: ?Sized> Fanout<P> {
    pub(super) fn new(processors: Vec<Box<P>>) -> Self {
        Self(processors)
    }
}

/// Does `work` for all, each on a thread of its own.
fn all<P: ?Sized + Sync + Send>(
    processors: &[Box<P>],
    work: impl Fn(&P) -> OTelSdkResult + Sync,
) -> OTelSdkResult {
    let work = &work;
    thread::scope(|scope| {
        let quiet_work = |processor: &P| {
            let _quiet = Context::enter_telemetry_suppressed_scope();
            work(processor)
        };
        let started: Vec<_> = processors
            .iter()
            .map(|processor| {
                let processor: &P = processor;
                let thread = thread::Builder::new().name("autotelemetry-end".to_owned());
                (processor, thread.spawn_scoped(scope, move || quiet_work(processor)))
            })
            .collect();
        started
            .into_iter()
            .map(|(processor, thread)| match thread {
                Ok(thread) => thread.join().unwrap_or(Ok(())),
                // Without a thread it is done here, later than it could be.
                Err(_) => quiet_work(processor),
            })
            .fold(Ok(()), Result::and)
    })
}

impl SpanProcessor for Fanout<dyn SpanProcessor> {
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
        all(&self.0, opentelemetry_sdk::trace::SpanProcessor::force_flush)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        all(&self.0, |processor| processor.shutdown_with_timeout(timeout))
    }

    fn set_resource(&mut self, resource: &Resource) {
        for processor in &mut self.0 {
            processor.set_resource(resource);
        }
    }
}

impl LogProcessor for Fanout<dyn LogProcessor> {
    fn emit(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope) {
        for processor in &self.0 {
            processor.emit(record, scope);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        all(&self.0, opentelemetry_sdk::logs::LogProcessor::force_flush)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        all(&self.0, |processor| processor.shutdown_with_timeout(timeout))
    }

    fn set_resource(&mut self, resource: &Resource) {
        for processor in &mut self.0 {
            processor.set_resource(resource);
        }
    }
}
