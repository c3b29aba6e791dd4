//! OTLP over gRPC.

use std::{error::Error as _, marker::PhantomData, time::Duration};

use http::{HeaderMap, uri::PathAndQuery};
use hyper::body::{Buf as _, Bytes};
use prost::Message;
use tonic::{
    Code, Request, Status,
    client::Grpc,
    codec::{BufferSettings, Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder},
    metadata::MetadataMap,
};

use super::{
    code::Code as AnswerCode,
    connect::{self, Connections, Connector},
    failure::{Failure, Kind},
    http::header_map,
    request::{Answer, OtlpRequest},
    status,
};
use crate::{
    config::{Compression, Endpoint, Headers},
    error::Error,
};

#[derive(Debug, Clone)]
pub(super) struct GrpcClient {
    grpc: Grpc<Connections<tonic::body::Body>>,
    headers: HeaderMap,
    limit: Option<Duration>,
}

impl GrpcClient {
    pub(super) fn new(
        endpoint: &Endpoint,
        headers: &Headers,
        compression: Compression,
        limit: Option<Duration>,
        connector: Connector,
    ) -> Result<Self, Error> {
        let connections = connect::connections(connector);
        // The path of the method follows the origin; a path of the endpoint means nothing to gRPC.
        let mut origin = endpoint.uri().clone().into_parts();
        origin.path_and_query = Some(PathAndQuery::from_static("/"));
        let origin = http::Uri::from_parts(origin).map_err(|error| Error::system("bad endpoint", error))?;
        let mut grpc = Grpc::with_origin(connections, origin).accept_compressed(CompressionEncoding::Gzip);
        if compression == Compression::Gzip {
            grpc = grpc.send_compressed(CompressionEncoding::Gzip);
        }
        Ok(Self { grpc, headers: header_map(headers), limit })
    }

    pub(super) async fn call<R: OtlpRequest>(&self, body: Bytes) -> Result<Answer, Failure> {
        let metadata = MetadataMap::from_headers(self.headers.clone());
        let mut request = Request::from_parts(metadata, tonic::Extensions::default(), body);
        if let Some(limit) = self.limit {
            request.set_timeout(limit);
        }
        let mut grpc = self.grpc.clone();
        grpc.ready().await.map_err(|error| Failure::of_connection(&error))?;
        let answer = grpc
            .unary(request, PathAndQuery::from_static(R::METHOD), Encoded(PhantomData::<R::Response>))
            .await;
        answer
            .map(|response| Answer {
                code: Some(AnswerCode::Grpc(name(Code::Ok))),
                ..response.into_inner().into()
            })
            .map_err(|status| refused(&status))
    }
}

/// See the specification, "OTLP Protocol", "OTLP/gRPC Response".
fn refused(status: &Status) -> Failure {
    // A status that was made here, not received: the connection failed.
    if let Some(cause) = status.source() {
        return Failure::of_connection(cause);
    }
    let detail = match status.message() {
        "" => format!("{:?}", status.code()),
        text => format!("{:?}: {}", status.code(), status::line(text)),
    };
    let asked = status::Status::retry_delay(status.details());
    let failure = match status.code() {
        Code::Unavailable => Failure::transient(Kind::Unavailable, detail, asked),
        Code::DeadlineExceeded => Failure::transient(Kind::NoAnswer, detail, asked),
        Code::Cancelled | Code::Aborted | Code::OutOfRange | Code::DataLoss => {
            Failure::transient(Kind::Rejected, detail, asked)
        }
        // To be tried again only if the server says so.
        Code::ResourceExhausted => match asked {
            Some(delay) => Failure::transient(Kind::Throttled, detail, Some(delay)),
            None => Failure::permanent(Kind::TooLarge, detail),
        },
        Code::Unauthenticated | Code::PermissionDenied => Failure::permanent(Kind::Unauthorized, detail),
        Code::Unimplemented => Failure::permanent(Kind::NotFound, detail),
        _ => Failure::permanent(Kind::Rejected, detail),
    };
    failure.answered(Some(AnswerCode::Grpc(name(status.code()))))
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

/// Sends a message that was encoded before, so that trying again costs no copy, and decodes the answer.
struct Encoded<T>(PhantomData<T>);

impl<T: Message + Default + Send + 'static> Codec for Encoded<T> {
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

impl<T: Message> Encoder for Encoded<T> {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, target: &mut EncodeBuf<'_>) -> Result<(), Status> {
        use bytes::BufMut as _;
        target.put(item);
        Ok(())
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::default()
    }
}

impl<T: Message + Default> Decoder for Encoded<T> {
    type Item = T;
    type Error = Status;

    fn decode(&mut self, source: &mut DecodeBuf<'_>) -> Result<Option<T>, Status> {
        let body = source.copy_to_bytes(source.remaining());
        T::decode(body).map(Some).map_err(|error| Status::internal(error.to_string()))
    }
}
