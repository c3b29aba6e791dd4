//! Limits for the attributes of log records and spans.
//!
//! The SDK has no limits for log records, and none for the length of values. See the specification,
//! "Common concepts", "Attribute limits".

mod nesting;
mod record_limiter;
mod span_limiter;
mod text;

pub(super) use self::{nesting::MAX_DEPTH, record_limiter::RecordLimiter, span_limiter::SpanLimiter};
