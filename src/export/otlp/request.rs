//! What differs between the requests of the three signals.

use opentelemetry_proto::tonic::collector::{
    logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse},
    metrics::v1::{ExportMetricsServiceRequest, ExportMetricsServiceResponse},
    trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse},
};
use prost::Message;
use serde::Serialize;

use super::{json_floats::ReplaceNonFinite, response::line, response_code::ResponseCode, split::Split};

/// What a server that accepted a request says about it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    /// How many items it refused nevertheless.
    pub(crate) rejected: u64,
    /// Why; or, when it refused none, a warning.
    pub(crate) message: String,
    /// That of the response.
    pub(crate) code: Option<ResponseCode>,
}

/// A request of one signal, and how its answer is read.
pub(crate) trait OtlpRequest: Message + Serialize + ReplaceNonFinite + Split + 'static {
    type Response: Message + Default + Into<Answer>;

    /// The method of the gRPC service.
    #[cfg(feature = "grpc")]
    const METHOD: &'static str;

    /// The member of a JSON answer that holds the number of rejected items.
    const REJECTED: &'static str;

    /// Reads an answer in JSON, where such numbers are strings by the rules of Protocol Buffers, and numbers in practice.
    fn answer_from_json(body: &[u8]) -> Answer {
        let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        let partial = &body["partialSuccess"];
        let rejected = &partial[Self::REJECTED];
        Answer {
            rejected: rejected.as_u64().or_else(|| rejected.as_str()?.parse().ok()).unwrap_or_default(),
            message: line(partial["errorMessage"].as_str().unwrap_or_default()),
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

        impl From<$response> for Answer {
            fn from(response: $response) -> Self {
                let partial = response.partial_success.unwrap_or_default();
                let rejected = u64::try_from(partial.$rejected).unwrap_or_default();
                Self { rejected, message: line(&partial.error_message), code: None }
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
    fn a_number_of_an_answer_may_be_a_string() {
        for text in [
            r#"{"partialSuccess":{"rejectedSpans":"3","errorMessage":"no"}}"#,
            r#"{"partialSuccess":{"rejectedSpans":3,"errorMessage":"no"}}"#,
        ] {
            let answer = ExportTraceServiceRequest::answer_from_json(text.as_bytes());
            assert_eq!(answer, Answer { rejected: 3, message: "no".into(), code: None });
        }
        for text in ["", "{}", "[]", "nonsense"] {
            assert_eq!(ExportTraceServiceRequest::answer_from_json(text.as_bytes()), Answer::default());
        }
    }
}
