//! One pipeline for all log records: a [`Logger`] call, a `tracing` event and a `log` record become the same record.

mod filter;
mod log_bridge;
mod logger;
pub(crate) mod record;
mod tracing_layer;

pub use self::logger::Logger;
pub(crate) use self::{
    filter::{Filter, Gate},
    log_bridge::LogBridge,
    logger::LoggerFactory,
    record::{exception, is_repeated, target},
    tracing_layer::layers,
};
