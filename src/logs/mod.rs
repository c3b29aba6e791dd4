//! One pipeline for all log records: a [`Logger`] call, a `tracing` event and a `log` record become the same record.

mod bridge;
mod filter;
mod layer;
pub(crate) mod line;
mod logger;
mod record;

pub use self::logger::Logger;
pub(crate) use self::{
    bridge::LogBridge,
    filter::{Filter, Gate},
    layer::layers,
    logger::LoggerFactory,
    record::{exception, is_repeated, target},
};
