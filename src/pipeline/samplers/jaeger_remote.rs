//! Sampling by a strategy that a Jaeger server sends.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use opentelemetry::{
    Context, KeyValue, TraceId,
    trace::{Link, SpanKind},
};
use opentelemetry_sdk::trace::{SamplingResult, ShouldSample};

use super::{jaeger_strategy::JaegerStrategy, span_start::SpanStart};
use crate::{
    diagnostics::DiagnosticLog,
    export::{otlp::DocumentClient, runtime::RuntimeHandle},
};

/// The time limit for one request.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);

/// Samples by the strategy of a server, and by another sampler until the first one arrives.
#[derive(Debug, Clone)]
pub(super) struct JaegerRemoteSampler {
    initial: Box<dyn ShouldSample>,
    current: Arc<RwLock<Option<JaegerStrategy>>>,
}

impl JaegerRemoteSampler {
    pub(super) fn new(initial: Box<dyn ShouldSample>) -> Self {
        Self { initial, current: Arc::default() }
    }

    /// Fetches the strategy at an interval, until the shutdown begins or the sampler is dropped. A
    /// failure keeps the last strategy.
    pub(super) fn update(
        &self,
        client: DocumentClient,
        interval: Duration,
        handle: &RuntimeHandle,
        diagnostics: DiagnosticLog,
    ) {
        let current = Arc::downgrade(&self.current);
        let mut shutdown_signal = handle.shutdown_signal();
        handle.spawn(async move {
            let mut is_reachable = true;
            loop {
                let strategy = client.fetch(JaegerStrategy::parse).await;
                let Some(current) = current.upgrade() else { return };
                if strategy.is_ok() != is_reachable {
                    is_reachable = !is_reachable;
                    match &strategy {
                        Ok(_) => diagnostics.info("the sampling strategy is updated again"),
                        Err(error) => diagnostics.warn(format_args!(
                            "the sampling strategy is not updated, and the last one stays in use: {error}"
                        )),
                    }
                }
                if let Ok(mut strategy) = strategy {
                    if let Some(last) = &*current.read().unwrap_or_else(PoisonError::into_inner) {
                        strategy.continue_from(last);
                    }
                    *current.write().unwrap_or_else(PoisonError::into_inner) = Some(strategy);
                }
                drop(current);
                tokio::select! {
                    () = tokio::time::sleep(interval) => {}
                    () = shutdown_signal.wait() => return,
                }
            }
        });
    }
}

impl ShouldSample for JaegerRemoteSampler {
    fn should_sample(
        &self,
        parent_context: Option<&Context>,
        trace_id: TraceId,
        name: &str,
        span_kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let span = SpanStart { parent_context, trace_id, name, kind: span_kind, attributes, links };
        match &*self.current.read().unwrap_or_else(PoisonError::into_inner) {
            Some(strategy) => strategy.sample(&span),
            None => span.sample_by(&*self.initial),
        }
    }
}
