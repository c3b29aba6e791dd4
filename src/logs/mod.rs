//! One pipeline for all log records: a [`Logger`] call, a `tracing` event and a `log` record become the same record.

mod filter;
mod log_bridge;
mod logger;
mod prefiltered_logger;
pub(crate) mod record;
mod tracing_layer;

pub use self::logger::Logger;
pub(crate) use self::{
    filter::{Filter, RecordFilter},
    log_bridge::LogBridge,
    logger::LoggerFactory,
    prefiltered_logger::take_prefiltered,
    record::{exception, repeats_message, target},
    tracing_layer::tracing_layers,
};
