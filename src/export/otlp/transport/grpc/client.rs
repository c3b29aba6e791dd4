//! The client for `grpc`.
//!
//! A call is one request and one response, so hyper is enough. Of the response, the status decides:
//! a client that refuses a message before it reads the status would send accepted items again.

use http::{
    HeaderMap, HeaderValue, Method, Request, StatusCode, Uri,
    header::{CONTENT_TYPE, TE},
    uri::PathAndQuery,
};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper_util::client::legacy;

use super::{code::Code, status::Status};
use crate::{
    config::{Compression, Endpoint, Headers, Signal},
    export::otlp::{
        error_type::ErrorType,
        export_error::ExportError,
        protobuf_response,
        response::ExportResponse,
        response_code::ResponseCode,
        transport::{
            classify::classify,
            connector::{self, Connections, Connector},
            headers::header_map,
            http_status,
            receive_limit::ReceiveLimit,
            response_body::{BodyEnd, ResponseBody, uncompressed},
        },
    },
};

/// The bytes before a message: the compression flag and the length.
const PREFIX_BYTES: usize = 5;

/// A client for `grpc`.
#[derive(Debug, Clone)]
pub(in crate::export::otlp::transport) struct GrpcClient {
    connections: Connections,
    limit: ReceiveLimit,
    uri: Uri,
    headers: HeaderMap,
    is_https: bool,
}

impl GrpcClient {
    pub(in crate::export::otlp::transport) fn new(
        endpoint: &Endpoint,
        headers: &Headers,
        compression: Compression,
        connector: Connector,
    ) -> Self {
        let mut headers = header_map(headers);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        headers.insert(TE, HeaderValue::from_static("trailers"));
        if compression == Compression::Gzip {
            headers.insert("grpc-encoding", HeaderValue::from_static("gzip"));
        }
        let limit = connector.receive_limit();
        let connections = connector::connections(connector);
        Self { connections, limit, uri: endpoint.uri().clone(), headers, is_https: endpoint.is_https() }
    }

    /// Sends a framed message.
    pub(in crate::export::otlp::transport) async fn call(
        &self,
        signal: Signal,
        body: Bytes,
    ) -> Result<ExportResponse, ExportError> {
        // Without the header `grpc-timeout`: dropping the call resets its stream, which also
        // cancels it on the server.
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.method_uri(signal);
        request.headers_mut().clone_from(&self.headers);

        let _request = self.limit.begin();
        let response = self.connections.request(request).await.map_err(|error| self.error(&error))?;
        self.limit.reset();
        let (head, body) = response.into_parts();
        // A proxy sends its own HTTP response for a request that it does not forward.
        let is_grpc = |value: &HeaderValue| value.as_bytes().starts_with(b"application/grpc");
        if !head.headers.get(CONTENT_TYPE).is_some_and(is_grpc) {
            return Err(not_grpc(head.status, &head.headers));
        }
        let early_status = Status::find(&head.headers);
        let body = match early_status {
            Some(_) => ResponseBody::read_briefly(body, &self.limit).await,
            None => ResponseBody::read_with_trailers(body, &self.limit).await,
        };
        match (early_status.or_else(|| Status::find(&body.trailers)), body.end) {
            // The server accepted the request, whatever its message is.
            (Some(Status { code: Code::Ok, .. }), _) => {
                let code = Some(ResponseCode::Grpc(Code::Ok.name()));
                Ok(ExportResponse { code, ..decode(body.data, body.max) })
            }
            (Some(status), _) => Err(status.to_export_error()),
            (None, _) if !head.status.is_success() => Err(not_grpc(head.status, &head.headers)),
            (None, BodyEnd::Failed(error)) => Err(error),
            (None, BodyEnd::Complete | BodyEnd::TooLarge | BodyEnd::Incomplete) => {
                let detail = "it has no header grpc-status";
                Err(ExportError::permanent(ErrorType::InvalidResponse, detail))
            }
        }
    }

    /// Returns the URI of the method. gRPC ignores a path of the endpoint.
    fn method_uri(&self, signal: Signal) -> Uri {
        let method = match signal {
            Signal::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
            Signal::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
            Signal::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        };
        let mut parts = self.uri.clone().into_parts();
        parts.path_and_query = Some(PathAndQuery::from_static(method));
        Uri::from_parts(parts).unwrap_or_else(|_| self.uri.clone())
    }

    /// Returns the export error for a request without a response.
    fn error(&self, error: &legacy::Error) -> ExportError {
        let error = self.limit.explain(classify(error));
        let is_closed = error.error_type() == ErrorType::ConnectionClosed;
        if !is_closed || self.is_https || self.limit.has_received_http2() {
            return error;
        }
        // A server without HTTP/2 may close the connection before its response is read.
        let detail = if self.limit.has_received() {
            "the endpoint does not speak gRPC"
        } else {
            "connection closed before a response; the server may require https://"
        };
        ExportError::transient(ErrorType::NotGrpc, detail, None)
    }
}

/// Returns the export error for a response that is not gRPC.
fn not_grpc(status: StatusCode, headers: &HeaderMap) -> ExportError {
    if status.is_success() {
        return ExportError::transient(ErrorType::NotGrpc, "the endpoint does not speak gRPC", None);
    }
    http_status::to_export_error(status, headers, ResponseBody::default())
}

/// Decodes the message of a response that reports success, at most `max` bytes.
fn decode(mut message: Vec<u8>, max: usize) -> ExportResponse {
    let prefix: Vec<u8> = message.drain(..PREFIX_BYTES.min(message.len())).collect();
    if let [_, length @ ..] = &*prefix
        && let Ok(length) = <[u8; 4]>::try_from(length)
    {
        // Another message may follow.
        message.truncate(u32::from_be_bytes(length) as usize);
    }
    protobuf_response::decode(&uncompressed(message, max)).unwrap_or_else(ExportResponse::unreadable)
}
