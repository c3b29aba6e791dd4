//! The requests of the three signals.

use opentelemetry_proto::tonic::collector::{
    logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
    trace::v1::ExportTraceServiceRequest,
};
use prost::Message;
use serde::Serialize;

use super::{json_floats::ReplaceNonFinite, parts::Parts, split::Split};

/// A request of one signal.
pub(crate) trait OtlpRequest:
    Message + Serialize + ReplaceNonFinite + Parts + Split + 'static
{
    /// The path of the gRPC method.
    #[cfg(feature = "grpc")]
    const METHOD: &'static str;
}

macro_rules! otlp_request {
    ($request:ty, $method:literal) => {
        impl OtlpRequest for $request {
            #[cfg(feature = "grpc")]
            const METHOD: &'static str = $method;
        }
    };
}

otlp_request!(ExportTraceServiceRequest, "/opentelemetry.proto.collector.trace.v1.TraceService/Export");
otlp_request!(ExportMetricsServiceRequest, "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export");
otlp_request!(ExportLogsServiceRequest, "/opentelemetry.proto.collector.logs.v1.LogsService/Export");
