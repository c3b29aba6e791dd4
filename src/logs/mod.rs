//! Creates log records. A [`Logger`] call, a `tracing` event and a `log` record give the same
//! result.

mod baggage_attributes;
mod callsites;
mod event_source;
mod exception;
mod filter;
mod formatted_fields;
mod internal_events;
mod key_bits;
mod late_exit;
mod layer_filter;
mod level;
mod level_cache;
mod line_fields;
mod log_bridge;
mod logger;
mod min_severities;
mod record;
mod record_emitter;
mod record_fields;
mod record_filter;
mod record_output;
mod record_source;
mod record_visitor;
mod regular_events;
mod shared_spans;
mod span_layer;
mod span_scopes;
mod tracing_layer;
mod unattached_spans;
mod value;

pub use self::logger::Logger;
pub(crate) use self::{
    baggage_attributes::BaggageAttributes,
    exception::exception_attributes,
    filter::{FilterRules, ReloadableFilter},
    key_bits::KeyBits,
    log_bridge::LogBridge,
    logger::{LogSettings, LoggerFactory},
    record_filter::RecordFilter,
    record_output::{RecordOutput, RecordSink},
    record_source::RecordLimits,
    tracing_layer::{any_tracing_layer, tracing_layer},
};
