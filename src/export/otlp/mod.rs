//! The OTLP exporter.
//!
//! - Keys: `[otlp]`, `[otlp.SIGNAL]`, `[exporters.NAME]`
//! - Signals: all
//! - Features: `grpc` for that protocol, `tls` for `https://`
//!
//! The exporters of opentelemetry-otlp are not used: they add headers and compression from the
//! environment to their configuration, select their HTTP client by the features of the whole build,
//! and hide the responses of the server. Their messages cost more to build and to encode than all
//! the rest; see [`encode`].

mod delivery_state;
mod delta;
pub(crate) mod encode;
mod encoder;
pub(crate) mod error_type;
pub(crate) mod export_error;
mod export_recorder;
mod export_timer;
mod exporter;
mod folded_text;
mod health;
mod json_response;
mod metric_items;
mod protobuf_reader;
mod protobuf_response;
mod report_limiter;
mod response;
mod response_code;
mod retry;
mod rpc_status;
mod secret_forms;
mod secrets;
mod tls_content;
pub(crate) mod transport;

#[cfg(feature = "tls")]
pub(crate) use self::transport::tls::inspection::inspect;
pub(crate) use self::{
    export_recorder::ExportRecorder,
    export_timer::{DurationHistogram, DurationRecorder},
    exporter::OtlpExporter,
    health::DestinationHealth,
    metric_items::MetricItems,
    tls_content::{tls_content, tls_content_of_all},
    transport::document::DocumentClient,
};

/// Returns no problems: without TLS, no files are read.
#[cfg(not(feature = "tls"))]
pub(crate) fn inspect(_: &crate::config::Config) -> crate::error::Inspection {
    crate::error::Inspection::default()
}
