//! OTLP over HTTP/1.1, as Protocol Buffers or JSON.

use std::{io::Write as _, time::Duration};

use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri,
    header::{CONTENT_ENCODING, CONTENT_TYPE, PROXY_AUTHORIZATION, RETRY_AFTER, USER_AGENT},
};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use prost::Message as _;

use super::{
    connect::{self, Connections, Connector},
    request::{Answer, OtlpRequest},
    retry::{Failure, chain},
    status::Status,
};
use crate::config::{Compression, Endpoint, Headers, OtlpProtocol};

/// As the specification wishes: a distribution names itself before the exporter.
pub(super) const AGENT: &str = concat!(
    "autotelemetry/",
    env!("CARGO_PKG_VERSION"),
    " OTel-OTLP-Exporter-Rust/",
    env!("CARGO_PKG_VERSION")
);

/// No answer of a collector is larger.
const RESPONSE_LIMIT: usize = 4 * 1024 * 1024;

#[derive(Debug, Clone)]
pub(super) struct HttpClient {
    connections: Connections<Full<Bytes>>,
    uri: Uri,
    headers: HeaderMap,
    json: bool,
    gzip: bool,
}

impl HttpClient {
    pub(super) fn new(
        protocol: OtlpProtocol,
        endpoint: &Endpoint,
        headers: &Headers,
        compression: Compression,
        connector: Connector,
    ) -> Self {
        let json = protocol == OtlpProtocol::HttpJson;
        let gzip = compression == Compression::Gzip;
        let mut headers = header_map(headers);
        let content_type = if json { "application/json" } else { "application/x-protobuf" };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        if gzip {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if let Some(authorization) = connector.proxy_authorization(endpoint.uri()) {
            headers.insert(PROXY_AUTHORIZATION, authorization);
        }
        let connections = connect::connections(connector);
        Self { connections, uri: endpoint.uri().clone(), headers, json, gzip }
    }

    /// The body of the request; made once, sent as often as it takes.
    pub(super) fn encode(&self, request: &mut impl OtlpRequest) -> Result<Bytes, String> {
        let body = if self.json {
            request.make_finite();
            serde_json::to_vec(request).map_err(|error| format!("cannot be written as JSON: {error}"))?
        } else {
            request.encode_to_vec()
        };
        if !self.gzip {
            return Ok(body.into());
        }
        let mut encoder =
            flate2::write::GzEncoder::new(Vec::with_capacity(body.len() / 4), flate2::Compression::fast());
        let compressed = encoder.write_all(&body).and_then(|()| encoder.finish());
        compressed.map(Bytes::from).map_err(|error| format!("cannot be compressed: {error}"))
    }

    pub(super) async fn call<R: OtlpRequest>(&self, body: Bytes) -> Result<Answer, Failure> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        request.uri_mut().clone_from(&self.uri);
        request.headers_mut().clone_from(&self.headers);

        let response = self.connections.request(request).await;
        let response = response.map_err(|error| Failure::transient(chain(&error), None))?;
        let (head, body) = response.into_parts();
        let body =
            Limited::new(body, RESPONSE_LIMIT).collect().await.map(http_body_util::Collected::to_bytes);
        let kind = head.headers.get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
        if !head.status.is_success() {
            let is_text = !kind.starts_with(b"application/x-protobuf");
            let said = body.map(|body| Status::message_of(&body, is_text)).unwrap_or_default();
            return Err(refused(head.status, &head.headers, &said));
        }
        let body = body.map_err(|error| Failure::permanent(format!("the answer cannot be read: {error}")))?;
        // The request was accepted. What of its answer cannot be understood tells of no rejection.
        Ok(if kind.starts_with(b"application/json") {
            R::answer_from_json(&body)
        } else {
            R::Response::decode(body).unwrap_or_default().into()
        })
    }
}

/// The headers of every request; validated when the configuration was read.
pub(super) fn header_map(headers: &Headers) -> HeaderMap {
    let mut map = HeaderMap::with_capacity(headers.len() + 3);
    map.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    for (name, value) in headers {
        if let (Ok(name), Ok(mut value)) =
            (HeaderName::from_bytes(name.as_str().as_bytes()), HeaderValue::from_str(value.expose()))
        {
            value.set_sensitive(true);
            map.insert(name, value);
        }
    }
    map
}

/// See the specification, "OTLP Protocol", "OTLP/HTTP Response" and "Retryable Response Codes".
fn refused(status: StatusCode, headers: &HeaderMap, said: &str) -> Failure {
    let colon = if said.is_empty() { "" } else { ": " };
    let message = format!("the server answered {status}{colon}{said}");
    match status.as_u16() {
        429 | 502 | 503 | 504 => {
            let seconds = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
            Failure::transient(message, seconds.map(Duration::from_secs))
        }
        _ => Failure::permanent(message),
    }
}
