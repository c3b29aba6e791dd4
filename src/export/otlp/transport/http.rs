//! OTLP over HTTP/1.1, as Protocol Buffers or JSON.

use http::{
    HeaderMap, HeaderValue, Method, Request, Uri,
    header::{ACCEPT, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, PROXY_AUTHORIZATION},
    response::Parts,
};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};

use super::{
    classify::classify,
    connector::{self, Connections, Connector},
    headers::header_map,
    http_status, http_success,
    receive_limit::ReceiveLimit,
    response_body::{BodyEnd, ResponseBody, uncompressed},
};
use crate::{
    config::{Compression, Endpoint, Headers, OtlpProtocol},
    export::otlp::{error_type::ErrorType, export_error::ExportError, response::ExportResponse},
};

/// A client for `http/protobuf` and `http/json`.
#[derive(Debug, Clone)]
pub(super) struct HttpClient {
    connections: Connections,
    limit: ReceiveLimit,
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
        let limit = connector.receive_limit();
        let connections = connector::connections(connector);
        Self { connections, limit, uri: endpoint.uri().clone(), headers }
    }

    pub(super) async fn call(&self, body: Bytes) -> Result<ExportResponse, ExportError> {
        let length = HeaderValue::from(body.len());
        let mut request = self.request(Method::POST, body);
        // hyper omits the length of an empty body, and strict servers refuse such a request.
        request.headers_mut().insert(CONTENT_LENGTH, length);
        let _request = self.limit.begin();
        let (head, body) = self.send(request).await?;
        http_success::to_response(&head, ResponseBody::read(body, &self.limit).await)
    }

    /// Fetches a document.
    pub(super) async fn get(&self) -> Result<Vec<u8>, ExportError> {
        let mut request = self.request(Method::GET, Bytes::new());
        request.headers_mut().remove(CONTENT_TYPE);
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
        let _request = self.limit.begin();
        let (_, body) = self.send(request).await?;
        let body = ResponseBody::read(body, &self.limit).await;
        match body.end {
            BodyEnd::Complete => Ok(uncompressed(body.data, body.max)),
            BodyEnd::Failed(error) => Err(error),
            BodyEnd::TooLarge | BodyEnd::Incomplete => {
                let detail = format!("its body is incomplete, or exceeds {} bytes", body.max);
                Err(ExportError::permanent(ErrorType::InvalidResponse, detail))
            }
        }
    }

    fn request(&self, method: Method, body: Bytes) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        request.uri_mut().clone_from(&self.uri);
        request.headers_mut().clone_from(&self.headers);
        request
    }

    /// Sends a request. Returns the response of a success, whose body is not read yet.
    async fn send(&self, mut request: Request<Full<Bytes>>) -> Result<(Parts, Incoming), ExportError> {
        let limit = self.limit.clone();
        hyper::ext::on_informational(&mut request, move |_| limit.add_interim());

        let response = self.connections.request(request).await;
        let response = response.map_err(|error| self.limit.explain(classify(&error)))?;
        self.limit.reset();
        let (head, body) = response.into_parts();
        if head.status.is_success() {
            return Ok((head, body));
        }
        let body = ResponseBody::read_briefly(body, &self.limit).await;
        Err(http_status::to_export_error(head.status, &head.headers, body))
    }
}
