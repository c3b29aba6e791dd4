//! The one processor of each signal: counts, processes, limits, filters and routes.

mod changes;
mod custom;
mod log_pipeline;
mod span_pipeline;

pub use self::custom::ProcessedLogRecord;
pub(super) use self::{
    changes::{RecordChanges, SpanChanges},
    custom::{CustomProcessors, MeasurementProcessors},
    log_pipeline::{LogPipeline, LogRoute, UnfilteredOutput, UnfilteredRecords},
    span_pipeline::{LiveRoutes, SpanPipeline, SpanRoutes},
};
