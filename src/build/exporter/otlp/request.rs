//! What differs between the requests of the three signals.

use opentelemetry_proto::tonic::collector::{
    logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse},
    metrics::v1::{ExportMetricsServiceRequest, ExportMetricsServiceResponse},
    trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse},
};
use prost::Message;
use serde::{Serialize, de::DeserializeOwned};

/// A request of one signal, and how its answer is read.
pub(super) trait OtlpRequest: Message + Serialize + 'static {
    type Response: Message + Default + DeserializeOwned + Send + 'static;

    /// The method of the gRPC service.
    #[cfg(feature = "grpc")]
    const METHOD: &'static str;

    /// How many items the server refused although it accepted the request, and why.
    fn rejected(response: Self::Response) -> Option<(u64, String)>;
}

macro_rules! otlp_request {
    ($request:ty => $response:ty, $method:literal, $rejected:ident) => {
        impl OtlpRequest for $request {
            type Response = $response;

            #[cfg(feature = "grpc")]
            const METHOD: &'static str = $method;

            fn rejected(response: $response) -> Option<(u64, String)> {
                let partial = response.partial_success?;
                let count = u64::try_from(partial.$rejected).ok().filter(|count| *count > 0)?;
                Some((count, partial.error_message))
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
