//! The one processor of each signal: counts, limits, filters and routes.

mod log_pipeline;
mod span_pipeline;

pub(super) use self::{
    log_pipeline::{LogPipeline, LogRoute, UnfilteredRecords},
    span_pipeline::SpanPipeline,
};
