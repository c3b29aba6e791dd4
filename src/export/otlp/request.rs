//! The requests of the three signals.

use opentelemetry_proto::tonic::collector::{
    logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse},
    metrics::v1::{ExportMetricsServiceRequest, ExportMetricsServiceResponse},
    trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse},
};
use prost::Message;
use serde::Serialize;

use super::{json_floats::ReplaceNonFinite, parts::Parts, response::ExportResponse, split::Split};

/// A request of one signal, and the decoding of its response.
pub(crate) trait OtlpRequest:
    Message + Serialize + ReplaceNonFinite + Parts + Split + 'static
{
    type Response: Message + Default + Into<ExportResponse>;

    /// The path of the gRPC method.
    #[cfg(feature = "grpc")]
    const METHOD: &'static str;
}

macro_rules! otlp_request {
    ($request:ty => $response:ty, $method:literal, $rejected:ident) => {
        impl OtlpRequest for $request {
            type Response = $response;

            #[cfg(feature = "grpc")]
            const METHOD: &'static str = $method;
        }

        impl From<$response> for ExportResponse {
            fn from(response: $response) -> Self {
                let partial = response.partial_success.unwrap_or_default();
                let rejected = u64::try_from(partial.$rejected).unwrap_or_default();
                Self { rejected, message: partial.error_message, code: None }
            }
        }
    };
}

otlp_request!(
    ExportTraceServiceRequest => ExportTraceServiceResponse,
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    rejected_spans
);
otlp_request!(
    ExportMetricsServiceRequest => ExportMetricsServiceResponse,
    "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
    rejected_data_points
);
otlp_request!(
    ExportLogsServiceRequest => ExportLogsServiceResponse,
    "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
    rejected_log_records
);
