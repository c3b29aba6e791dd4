//! Creates log records. A [`Logger`] call, a `tracing` event and a `log` record give the same
//! result.

mod callsites;
mod exception;
mod filter;
mod formatted_fields;
mod internal_events;
mod late_exit;
mod layer_filter;
mod level;
mod log_bridge;
mod logger;
mod min_severities;
mod record;
mod record_emitter;
mod record_filter;
mod record_visitor;
mod shared_spans;
mod span_layer;
mod tracing_layer;
mod unattached_spans;
mod value;

pub use self::logger::Logger;
pub(crate) use self::{
    exception::exception_attributes,
    filter::ReloadableFilter,
    log_bridge::LogBridge,
    logger::LoggerFactory,
    record_emitter::RecordSink,
    record_filter::RecordFilter,
    tracing_layer::{any_tracing_layer, tracing_layer},
};
