//! OTLP over gRPC.

use std::{
    error::Error as StdError,
    fmt,
    marker::PhantomData,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use http::{HeaderMap, StatusCode, header::CONTENT_TYPE, uri::PathAndQuery};
use hyper::body::{Buf as _, Bytes, Incoming};
use prost::Message;
use tonic::{
    Code, Request, Status,
    body::Body,
    client::{Grpc, GrpcService},
    codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder},
    metadata::MetadataMap,
};

use super::{
    connector::{self, Connections, Connector},
    http as plain,
    http::header_map,
};
use crate::{
    config::{Compression, Endpoint, Headers},
    error::Error,
    export::otlp::{
        error_type::ErrorType,
        export_error::ExportError,
        request::{Answer, OtlpRequest},
        response,
        response_code::ResponseCode,
    },
};

#[derive(Debug, Clone)]
pub(crate) struct GrpcClient {
    grpc: Grpc<GrpcOnly>,
    headers: HeaderMap,
    is_https: bool,
    /// Whether anything was answered yet.
    got_response: Arc<AtomicBool>,
}

impl GrpcClient {
    pub(crate) fn new(
        endpoint: &Endpoint,
        headers: &Headers,
        compression: Compression,
        connector: Connector,
    ) -> Result<Self, Error> {
        let connections = connector::connections(connector);
        // The path of the method follows the origin; a path of the endpoint means nothing to gRPC.
        let mut origin = endpoint.uri().clone().into_parts();
        origin.path_and_query = Some(PathAndQuery::from_static("/"));
        let origin = http::Uri::from_parts(origin).map_err(|error| Error::system("bad endpoint", error))?;
        let got_response = Arc::<AtomicBool>::default();
        let spoken = GrpcOnly { connections, got_response: Arc::clone(&got_response) };
        let mut grpc = Grpc::with_origin(spoken, origin).accept_compressed(CompressionEncoding::Gzip);
        if compression == Compression::Gzip {
            grpc = grpc.send_compressed(CompressionEncoding::Gzip);
        }
        Ok(Self { grpc, headers: header_map(headers), is_https: endpoint.is_https(), got_response })
    }

    pub(crate) async fn call<R: OtlpRequest>(&self, body: Bytes) -> Result<Answer, ExportError> {
        let metadata = MetadataMap::from_headers(self.headers.clone());
        // The server is not told of a deadline: it notices when nobody waits any more.
        let request = Request::from_parts(metadata, tonic::Extensions::default(), body);
        let mut grpc = self.grpc.clone();
        grpc.ready().await.map_err(|error| ExportError::of_connection(&*error))?;
        let answer = grpc
            .unary(request, PathAndQuery::from_static(R::METHOD), RawCodec(PhantomData::<R::Response>))
            .await;
        let failure = match answer {
            Ok(response) => {
                let code = Some(ResponseCode::Grpc(name(Code::Ok)));
                return Ok(Answer { code, ..response.into_inner().into() });
            }
            Err(status) => refused(&status),
        };
        // What is reset in the words of HTTP/2 was understood.
        let is_understood = || failure.to_string().contains("error received");
        let got_response = self.got_response.load(Ordering::Relaxed);
        if failure.kind() == ErrorType::Closed && !self.is_https && !got_response && !is_understood() {
            // Who does not understand HTTP/2 may end the connection before what it says to that is read.
            let detail = "it hangs up before it answers, as one that wants https:// would";
            return Err(ExportError::transient(ErrorType::NotGrpc, detail, None));
        }
        Err(failure)
    }
}

/// See the specification, "OTLP Protocol", "OTLP/gRPC Response".
fn refused(status: &Status) -> ExportError {
    // A status that was made here, not received: the connection failed.
    if let Some(cause) = status.source() {
        return cause.downcast_ref().map_or_else(|| ExportError::of_connection(cause), NotGrpc::failure);
    }
    let detail = match status.message() {
        "" => format!("{:?}", status.code()),
        text => format!("{:?}: {}", status.code(), response::line(text)),
    };
    let asked = response::Status::retry_delay(status.details());
    let failure = match status.code() {
        Code::Unavailable => ExportError::transient(ErrorType::Unavailable, detail, asked),
        Code::DeadlineExceeded => ExportError::transient(ErrorType::NoAnswer, detail, asked),
        Code::Cancelled | Code::Aborted | Code::OutOfRange | Code::DataLoss => {
            ExportError::transient(ErrorType::Rejected, detail, asked)
        }
        // To be tried again only if the server says so.
        Code::ResourceExhausted => match asked {
            Some(delay) => ExportError::transient(ErrorType::Throttled, detail, Some(delay)),
            None => ExportError::permanent(ErrorType::TooLarge, detail),
        },
        Code::Unauthenticated | Code::PermissionDenied => {
            ExportError::permanent(ErrorType::Unauthorized, detail)
        }
        Code::Unimplemented => ExportError::permanent(ErrorType::NotFound, detail),
        _ => ExportError::permanent(ErrorType::Rejected, detail),
    };
    failure.answered(ResponseCode::Grpc(name(status.code())))
}

/// As the protocol writes it.
fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

/// Lets no answer through but those that are gRPC. A proxy answers in HTTP what it cannot or does not pass on, and tonic would take
/// its page for a broken message.
#[derive(Debug, Clone)]
struct GrpcOnly {
    connections: Connections<Body>,
    got_response: Arc<AtomicBool>,
}

impl GrpcService<Body> for GrpcOnly {
    type ResponseBody = Incoming;
    type Error = Box<dyn StdError + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<http::Response<Incoming>, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        // Connections are made as they are needed.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let answer = self.connections.request(request);
        let got_response = Arc::clone(&self.got_response);
        Box::pin(async move {
            let (head, body) = answer.await?.into_parts();
            got_response.store(true, Ordering::Relaxed);
            let kind = head.headers.get(CONTENT_TYPE);
            if kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc")) {
                return Ok(http::Response::from_parts(head, body));
            }
            Err(NotGrpc { status: head.status, headers: head.headers }.into())
        })
    }
}

/// An answer in HTTP.
#[derive(Debug)]
struct NotGrpc {
    status: StatusCode,
    headers: HeaderMap,
}

impl NotGrpc {
    fn failure(&self) -> ExportError {
        if self.status.is_success() {
            return ExportError::transient(ErrorType::NotGrpc, "what answers there is not gRPC", None);
        }
        plain::refused(self.status, &self.headers, "")
    }
}

impl fmt::Display for NotGrpc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "answered {} in HTTP", self.status)
    }
}

impl StdError for NotGrpc {}

/// Sends a message that was encoded before, so that trying again costs no copy, and decodes the answer.
struct RawCodec<T>(PhantomData<T>);

impl<T: Message + Default + Send + 'static> Codec for RawCodec<T> {
    type Encode = Bytes;
    type Decode = T;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self(PhantomData)
    }

    fn decoder(&mut self) -> Self {
        Self(PhantomData)
    }
}

impl<T: Message> Encoder for RawCodec<T> {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, target: &mut EncodeBuf<'_>) -> Result<(), Status> {
        use bytes::BufMut as _;
        target.put(item);
        Ok(())
    }
}

impl<T: Message + Default> Decoder for RawCodec<T> {
    type Item = T;
    type Error = Status;

    fn decode(&mut self, source: &mut DecodeBuf<'_>) -> Result<Option<T>, Status> {
        let body = source.copy_to_bytes(source.remaining());
        T::decode(body).map(Some).map_err(|error| Status::internal(error.to_string()))
    }
}
