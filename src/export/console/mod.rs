//! Telemetry on standard output or standard error.
//!
//! - Keys: `[console]`
//! - Signals: all
//! - Feature: none

mod attributes_json;
mod custom_writer;
mod data_points;
mod exporter;
mod instrument_kind;
mod metric_json;
mod metric_table;
mod metric_value;
mod metrics;
mod number_value;
mod pending_spans;
mod span_destination;
mod span_fields;
mod span_json;
mod span_tree;

pub(crate) use self::{
    custom_writer::ConsoleWriter,
    data_points::{DataPointRef, sorted_data_points},
    exporter::ConsoleExporter,
    metric_table::push_metric_table,
    metrics::write_metrics,
    span_destination::ConsoleSpanDestination,
    span_tree::push_span_trees,
};
pub use self::{instrument_kind::InstrumentKind, metric_value::MetricValue, number_value::NumberValue};
