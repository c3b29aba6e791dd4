//! The client for `grpc`.

use std::error::Error as _;

use http::{HeaderMap, Uri, uri::PathAndQuery};
use hyper::body::Bytes;
use tonic::{
    Code, Extensions, Request, Status, client::Grpc, codec::CompressionEncoding, metadata::MetadataMap,
};

use super::{
    grpc_only::GrpcOnly,
    raw_codec::RawCodec,
    status::{name, to_export_error},
};
use crate::{
    config::{Compression, Endpoint, Headers},
    error::Error,
    export::otlp::{
        error_type::ErrorType,
        export_error::ExportError,
        request::OtlpRequest,
        response::ExportResponse,
        response_code::ResponseCode,
        transport::{
            classify::classify,
            connector::{self, Connector},
            error_chain::ErrorChain,
            h2_error,
            headers::header_map,
        },
    },
};

/// A client for `grpc`.
#[derive(Debug, Clone)]
pub(in crate::export::otlp::transport) struct GrpcClient {
    grpc: Grpc<GrpcOnly>,
    service: GrpcOnly,
    headers: HeaderMap,
    is_https: bool,
}

impl GrpcClient {
    pub(in crate::export::otlp::transport) fn new(
        endpoint: &Endpoint,
        headers: &Headers,
        compression: Compression,
        connector: Connector,
    ) -> Result<Self, Error> {
        let service = GrpcOnly::new(connector::connections(connector));
        // The path of a request is that of its method. gRPC ignores a path of the endpoint.
        let mut origin = endpoint.uri().clone().into_parts();
        origin.path_and_query = Some(PathAndQuery::from_static("/"));
        let origin = Uri::from_parts(origin).map_err(|error| Error::system("invalid endpoint", error))?;
        let mut grpc =
            Grpc::with_origin(service.clone(), origin).accept_compressed(CompressionEncoding::Gzip);
        if compression == Compression::Gzip {
            grpc = grpc.send_compressed(CompressionEncoding::Gzip);
        }
        Ok(Self { grpc, service, headers: header_map(headers), is_https: endpoint.is_https() })
    }

    pub(in crate::export::otlp::transport) async fn call<R: OtlpRequest>(
        &self,
        body: Bytes,
    ) -> Result<ExportResponse, ExportError> {
        let metadata = MetadataMap::from_headers(self.headers.clone());
        // Without the header `grpc-timeout`: dropping the call resets its stream, which also
        // cancels it on the server.
        let request = Request::from_parts(metadata, Extensions::default(), body);
        let mut grpc = self.grpc.clone();
        grpc.ready().await.map_err(|error| classify(&*error))?;
        let path = PathAndQuery::from_static(R::METHOD);
        match grpc.unary(request, path, RawCodec::<R::Response>::new()).await {
            Ok(response) => {
                let code = Some(ResponseCode::Grpc(name(Code::Ok)));
                Ok(ExportResponse { code, ..response.into_inner().into() })
            }
            Err(status) => Err(self.error(&status)),
        }
    }

    fn error(&self, status: &Status) -> ExportError {
        let error = to_export_error(status);
        let is_closed = error.error_type() == ErrorType::ConnectionClosed;
        if !is_closed || self.is_https || self.service.got_response() {
            return error;
        }
        // A server that sends an HTTP/2 error frame speaks HTTP/2.
        let speaks_http2 =
            status.source().is_some_and(|source| h2_error::is_from_server(&ErrorChain::new(source)));
        if speaks_http2 {
            return error;
        }
        // A server without HTTP/2 may close the connection before its response is read.
        let detail = "connection closed before a response; the server may require https://";
        ExportError::transient(ErrorType::NotGrpc, detail, None)
    }
}
