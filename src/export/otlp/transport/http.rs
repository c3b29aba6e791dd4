//! OTLP over HTTP/1.1, as Protocol Buffers or JSON.

use std::{io::Write as _, time::Duration};

use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri,
    header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, PROXY_AUTHORIZATION, RETRY_AFTER, USER_AGENT},
};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};
use prost::Message as _;

use super::connector::{self, Connections, Connector};
use crate::{
    config::{Compression, Endpoint, Headers, OtlpProtocol},
    export::otlp::{
        error_type::ErrorType,
        export_error::ExportError,
        request::{Answer, OtlpRequest},
        response::Status,
        response_code::ResponseCode,
    },
};

/// As the specification wishes: a distribution names itself before the exporter.
pub(crate) const AGENT: &str = concat!(
    "autotelemetry/",
    env!("CARGO_PKG_VERSION"),
    " OTel-OTLP-Exporter-Rust/",
    env!("CARGO_PKG_VERSION")
);

/// No answer of a collector is larger.
const RESPONSE_LIMIT: usize = 4 * 1024 * 1024;

#[derive(Debug, Clone)]
pub(crate) struct HttpClient {
    connections: Connections<Full<Bytes>>,
    uri: Uri,
    headers: HeaderMap,
    json: bool,
    gzip: bool,
}

impl HttpClient {
    pub(crate) fn new(
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
        let connections = connector::connections(connector);
        Self { connections, uri: endpoint.uri().clone(), headers, json, gzip }
    }

    /// The body of the request, not compressed.
    pub(crate) fn encode(&self, request: &mut impl OtlpRequest) -> Result<Vec<u8>, ExportError> {
        if !self.json {
            return Ok(request.encode_to_vec());
        }
        request.make_finite();
        serde_json::to_vec(request)
            .map_err(|error| ExportError::internal(format!("cannot be written as JSON: {error}")))
    }

    /// The body as it is sent; made once, sent as often as it takes.
    pub(crate) fn compress(&self, body: Vec<u8>) -> Result<Bytes, ExportError> {
        if !self.gzip {
            return Ok(body.into());
        }
        let mut encoder =
            flate2::write::GzEncoder::new(Vec::with_capacity(body.len() / 4), flate2::Compression::fast());
        let compressed = encoder.write_all(&body).and_then(|()| encoder.finish());
        compressed
            .map(Bytes::from)
            .map_err(|error| ExportError::internal(format!("cannot be compressed: {error}")))
    }

    pub(crate) async fn call<R: OtlpRequest>(&self, body: Bytes) -> Result<Answer, ExportError> {
        let length = HeaderValue::from(body.len());
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        request.uri_mut().clone_from(&self.uri);
        request.headers_mut().clone_from(&self.headers);
        // hyper says nothing of an empty body, without which strict servers refuse a request.
        request.headers_mut().insert(CONTENT_LENGTH, length);

        let response = self.connections.request(request).await;
        let response = response.map_err(|error| ExportError::of_connection(&error))?;
        let (head, body) = response.into_parts();
        let body = read(body).await;
        let kind = head.headers.get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
        if !head.status.is_success() {
            let is_text = !kind.starts_with(b"application/x-protobuf");
            return Err(refused(head.status, &head.headers, &Status::message_of(&body, is_text)));
        }
        // The request was accepted. What of its answer cannot be read or understood tells of no rejection.
        let answer = if kind.starts_with(b"application/json") {
            R::answer_from_json(&body)
        } else {
            R::Response::decode(&*body).unwrap_or_default().into()
        };
        let code = Some(ResponseCode::Http(head.status.as_u16()));
        Ok(Answer { code, ..answer })
    }
}

/// What can be read of a body: who refuses a request may hang up before it has been heard.
async fn read(body: Incoming) -> Vec<u8> {
    let mut body = Limited::new(body, RESPONSE_LIMIT);
    let mut bytes = Vec::new();
    while let Some(Ok(frame)) = body.frame().await {
        bytes.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
    }
    bytes
}

/// The headers of every request; validated when the configuration was read.
pub(crate) fn header_map(headers: &Headers) -> HeaderMap {
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
pub(crate) fn refused(status: StatusCode, headers: &HeaderMap, said: &str) -> ExportError {
    let colon = if said.is_empty() { "" } else { ": " };
    let detail = format!("{status}{colon}{said}");
    let asked = || retry_after(headers.get(RETRY_AFTER)?.to_str().ok()?.trim());
    let failure = match status.as_u16() {
        429 => ExportError::transient(ErrorType::Throttled, detail, asked()),
        502 | 503 => ExportError::transient(ErrorType::Unavailable, detail, asked()),
        // The request may have arrived, and be what takes too long.
        504 => ExportError::transient(ErrorType::NoAnswer, detail, asked()),
        401 | 403 => ExportError::permanent(ErrorType::Unauthorized, detail),
        407 => ExportError::permanent(ErrorType::Proxy, format!("the proxy answered {detail}")),
        404 | 405 => ExportError::permanent(ErrorType::NotFound, detail),
        413 => ExportError::permanent(ErrorType::TooLarge, detail),
        _ => ExportError::permanent(ErrorType::Rejected, detail),
    };
    failure.answered(ResponseCode::Http(status.as_u16()))
}

/// The pause that a server asks for: so many seconds, or until a date.
fn retry_after(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let retry = DateTimeParser::new().parse_timestamp(text).ok()?;
    // A date in the past means at once.
    Some(Duration::try_from(retry.duration_since(Timestamp::now())).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_seconds_or_a_date() {
        assert_eq!(retry_after("7"), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        let later = retry_after("Fri, 06 Nov 2195 08:49:37 GMT").unwrap();
        assert!(later > Duration::from_secs(3600), "{later:?}");
        assert_eq!(retry_after("soon"), None);
    }
}
