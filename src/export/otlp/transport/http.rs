//! OTLP over HTTP/1.1, as Protocol Buffers or JSON.

use http::{
    HeaderMap, HeaderValue, Method, Request, Uri,
    header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, PROXY_AUTHORIZATION},
};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use prost::Message as _;

use super::{
    classify::classify,
    connector::{self, Connections, Connector},
    headers::header_map,
    http_status,
};
use crate::{
    config::{Compression, Endpoint, Headers, OtlpProtocol},
    export::otlp::{
        export_error::ExportError, request::OtlpRequest, response::ExportResponse,
        response_code::ResponseCode, rpc_status::RpcStatus,
    },
};

/// The largest response body that is read. Those of a Collector are smaller.
const MAX_RESPONSE_BYTES: usize = 4 * 1024 * 1024;

/// A client for `http/protobuf` and `http/json`.
#[derive(Debug, Clone)]
pub(super) struct HttpClient {
    connections: Connections<Full<Bytes>>,
    uri: Uri,
    headers: HeaderMap,
}

impl HttpClient {
    pub(super) fn new(
        protocol: OtlpProtocol,
        endpoint: &Endpoint,
        headers: &Headers,
        compression: Compression,
        connector: Connector,
    ) -> Self {
        let is_json = protocol == OtlpProtocol::HttpJson;
        let mut headers = header_map(headers);
        let content_type = if is_json { "application/json" } else { "application/x-protobuf" };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        if compression == Compression::Gzip {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if let Some(authorization) = connector.proxy_authorization(endpoint.uri()) {
            headers.insert(PROXY_AUTHORIZATION, authorization);
        }
        let connections = connector::connections(connector);
        Self { connections, uri: endpoint.uri().clone(), headers }
    }

    pub(super) async fn call<R: OtlpRequest>(&self, body: Bytes) -> Result<ExportResponse, ExportError> {
        let length = HeaderValue::from(body.len());
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        request.uri_mut().clone_from(&self.uri);
        request.headers_mut().clone_from(&self.headers);
        // hyper omits the length of an empty body, and strict servers refuse such a request.
        request.headers_mut().insert(CONTENT_LENGTH, length);

        let response = self.connections.request(request).await;
        let response = response.map_err(|error| classify(&error))?;
        let (head, body) = response.into_parts();
        let body = read(body).await;
        let content_type = head.headers.get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
        if !head.status.is_success() {
            let is_text = !content_type.starts_with(b"application/x-protobuf");
            let message = RpcStatus::message_of(&body, is_text);
            return Err(http_status::to_export_error(head.status, &head.headers, &message));
        }
        // The server accepted the request. A body that cannot be decoded reports no rejection.
        let response = if content_type.starts_with(b"application/json") {
            R::response_from_json(&body)
        } else {
            R::Response::decode(&*body).unwrap_or_default().into()
        };
        let code = Some(ResponseCode::Http(head.status.as_u16()));
        Ok(ExportResponse { code, ..response })
    }
}

/// Returns the readable part of a body. A server that refuses a request may close the connection
/// before the whole response is sent.
async fn read(body: Incoming) -> Vec<u8> {
    let mut body = Limited::new(body, MAX_RESPONSE_BYTES);
    let mut bytes = Vec::new();
    while let Some(Ok(frame)) = body.frame().await {
        bytes.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
    }
    bytes
}
