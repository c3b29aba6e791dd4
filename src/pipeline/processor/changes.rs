//! The changes to items before any exporter gets them: by processors of the program, then by
//! redaction.

use std::sync::Arc;

use opentelemetry::InstrumentationScope;
use opentelemetry_sdk::{logs::SdkLogRecord, trace::SpanData};

use super::custom::{RecordProcessors, SpanProcessors};
use crate::pipeline::redact::Redactor;

/// The changes to spans.
#[derive(Debug)]
pub(crate) struct SpanChanges {
    pub(crate) processors: Option<SpanProcessors>,
    pub(crate) redactor: Option<Arc<Redactor>>,
}

impl SpanChanges {
    /// Returns `false` if the span is lost.
    #[inline]
    pub(super) fn apply(&self, span: &mut SpanData) -> bool {
        if let Some(processors) = &self.processors
            && !processors.process(span)
        {
            return false;
        }
        if let Some(redactor) = &self.redactor {
            redactor.redact_span(span);
        }
        true
    }
}

/// The changes to log records.
#[derive(Debug)]
pub(crate) struct RecordChanges {
    pub(crate) processors: Option<RecordProcessors>,
    pub(crate) redactor: Option<Arc<Redactor>>,
}

/// The result of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Changed {
    No,
    Yes,
    Lost,
}

impl RecordChanges {
    /// Returns `true` if no record is ever changed.
    pub(super) fn is_empty(&self) -> bool {
        self.processors.is_none() && self.redactor.is_none()
    }

    #[inline]
    pub(super) fn apply(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope) -> Changed {
        let mut changed = Changed::No;
        if let Some(processors) = &self.processors {
            if !processors.process(record, scope) {
                return Changed::Lost;
            }
            changed = Changed::Yes;
        }
        if let Some(redactor) = &self.redactor
            && redactor.redact_record(record)
        {
            changed = Changed::Yes;
        }
        changed
    }
}
