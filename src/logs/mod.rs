//! Creates log records. A [`Logger`] call, a `tracing` event and a `log` record give the same
//! result.

mod exception;
mod filter;
mod internal_events;
mod layer_filter;
mod level;
mod log_bridge;
mod logger;
mod min_severities;
mod prefiltered_logger;
mod record;
mod record_filter;
mod record_visitor;
mod tracing_layer;
mod value;

pub use self::logger::Logger;
pub(crate) use self::{
    exception::exception_attributes, filter::ReloadableFilter, log_bridge::LogBridge, logger::LoggerFactory,
    prefiltered_logger::take_prefiltered, record_filter::RecordFilter, tracing_layer::tracing_layers,
};
