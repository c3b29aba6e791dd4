//! The requests of the three signals.

use opentelemetry_proto::tonic::collector::{
    logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse},
    metrics::v1::{ExportMetricsServiceRequest, ExportMetricsServiceResponse},
    trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse},
};
use prost::Message;
use serde::Serialize;

use super::{
    json_floats::ReplaceNonFinite,
    parts::Parts,
    response::{ExportResponse, shorten},
    split::Split,
};

/// A request of one signal, and the decoding of its response.
pub(crate) trait OtlpRequest:
    Message + Serialize + ReplaceNonFinite + Parts + Split + 'static
{
    type Response: Message + Default + Into<ExportResponse>;

    /// The path of the gRPC method.
    #[cfg(feature = "grpc")]
    const METHOD: &'static str;

    /// The member of a JSON response with the number of rejected items.
    const REJECTED: &'static str;

    /// Decodes a JSON response. Accepts the number of rejected items as a string, as the Protocol
    /// Buffers JSON mapping requires, and as a number, as servers send it in practice.
    fn response_from_json(body: &[u8]) -> ExportResponse {
        let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        let partial = &body["partialSuccess"];
        let rejected = &partial[Self::REJECTED];
        ExportResponse {
            rejected: rejected.as_u64().or_else(|| rejected.as_str()?.parse().ok()).unwrap_or_default(),
            message: shorten(partial["errorMessage"].as_str().unwrap_or_default()),
            code: None,
        }
    }
}

macro_rules! otlp_request {
    ($request:ty => $response:ty, $method:literal, $rejected:ident, $rejected_json:literal) => {
        impl OtlpRequest for $request {
            type Response = $response;

            #[cfg(feature = "grpc")]
            const METHOD: &'static str = $method;

            const REJECTED: &'static str = $rejected_json;
        }

        impl From<$response> for ExportResponse {
            fn from(response: $response) -> Self {
                let partial = response.partial_success.unwrap_or_default();
                let rejected = u64::try_from(partial.$rejected).unwrap_or_default();
                Self { rejected, message: shorten(&partial.error_message), code: None }
            }
        }
    };
}

otlp_request!(
    ExportTraceServiceRequest => ExportTraceServiceResponse,
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    rejected_spans, "rejectedSpans"
);
otlp_request!(
    ExportMetricsServiceRequest => ExportMetricsServiceResponse,
    "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
    rejected_data_points, "rejectedDataPoints"
);
otlp_request!(
    ExportLogsServiceRequest => ExportLogsServiceResponse,
    "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
    rejected_log_records, "rejectedLogRecords"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_response_with_number_or_string_is_decoded() {
        for text in [
            r#"{"partialSuccess":{"rejectedSpans":"3","errorMessage":"no"}}"#,
            r#"{"partialSuccess":{"rejectedSpans":3,"errorMessage":"no"}}"#,
        ] {
            let response = ExportTraceServiceRequest::response_from_json(text.as_bytes());
            assert_eq!(response, ExportResponse { rejected: 3, message: "no".into(), code: None });
        }
        for text in ["", "{}", "[]", "nonsense"] {
            let response = ExportTraceServiceRequest::response_from_json(text.as_bytes());
            assert_eq!(response, ExportResponse::default());
        }
    }
}
