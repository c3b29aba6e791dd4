//! A filter for responses that are not gRPC.

use std::{
    error::Error as StdError,
    fmt,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use http::{HeaderMap, Request, Response, StatusCode, header::CONTENT_TYPE};
use hyper::body::Incoming;
use tonic::{body::Body, client::GrpcService};

use crate::export::otlp::{
    error_type::ErrorType,
    export_error::ExportError,
    transport::{connector::Connections, http_status},
};

/// Passes gRPC responses on, and turns all others into errors. A proxy sends its own HTTP response
/// for a request that it does not forward, and tonic would take the body for a broken message.
#[derive(Debug, Clone)]
pub(super) struct GrpcOnly {
    connections: Connections<Body>,
    got_response: Arc<AtomicBool>,
}

impl GrpcOnly {
    pub(super) fn new(connections: Connections<Body>) -> Self {
        Self { connections, got_response: Arc::default() }
    }

    /// Returns `true` once a response of any kind has arrived.
    pub(super) fn got_response(&self) -> bool {
        self.got_response.load(Ordering::Relaxed)
    }
}

impl GrpcService<Body> for GrpcOnly {
    type ResponseBody = Incoming;
    type Error = Box<dyn StdError + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Incoming>, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        // The pool opens connections on demand.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let response = self.connections.request(request);
        let got_response = Arc::clone(&self.got_response);
        Box::pin(async move {
            let (head, body) = response.await?.into_parts();
            got_response.store(true, Ordering::Relaxed);
            let content_type = head.headers.get(CONTENT_TYPE);
            if content_type.is_some_and(|value| value.as_bytes().starts_with(b"application/grpc")) {
                return Ok(Response::from_parts(head, body));
            }
            Err(NonGrpcResponse { status: head.status, headers: head.headers }.into())
        })
    }
}

/// A response without the content type of gRPC.
#[derive(Debug)]
pub(super) struct NonGrpcResponse {
    status: StatusCode,
    headers: HeaderMap,
}

impl NonGrpcResponse {
    pub(super) fn to_export_error(&self) -> ExportError {
        if self.status.is_success() {
            return ExportError::transient(ErrorType::NotGrpc, "the endpoint does not speak gRPC", None);
        }
        http_status::to_export_error(self.status, &self.headers, "")
    }
}

impl fmt::Display for NonGrpcResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "response {} is not gRPC", self.status)
    }
}

impl StdError for NonGrpcResponse {}
