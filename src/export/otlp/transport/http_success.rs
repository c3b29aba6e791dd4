//! Responses with an HTTP status that is a success.

use http::{
    HeaderMap, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
    response::Parts,
};

use super::response_body::{BodyEnd, ResponseBody, uncompressed};
use crate::export::otlp::{
    error_type::ErrorType,
    export_error::ExportError,
    json_response::{self, is_json_object},
    protobuf_response,
    response::ExportResponse,
    response_code::ResponseCode,
};

/// Returns the response of a receiver, or the error of a server that is no receiver: a web page, a
/// sign-in proxy. A receiver confirms a request in Protocol Buffers or JSON, or without content.
///
/// See the specification, "OTLP Protocol", "OTLP/HTTP Response".
pub(super) fn to_response(head: &Parts, body: ResponseBody) -> Result<ExportResponse, ExportError> {
    let code = ResponseCode::Http(head.status.as_u16());
    let media_type = MediaType::of(&head.headers);
    let received = body.data.len();
    let content = uncompressed(body.data, body.max);
    let is_empty = content.trim_ascii().is_empty();
    let has_no_content = matches!(head.status, StatusCode::ACCEPTED | StatusCode::NO_CONTENT);
    let is_confirmation = match body.end {
        _ if is_empty => true,
        BodyEnd::Complete => media_type.is_confirmation(&content),
        BodyEnd::TooLarge => media_type.is_otlp() && !is_page(&content),
        _ => !is_page(&content),
    };
    if !is_confirmation && !has_no_content {
        return Err(not_otlp(head.status, &head.headers).with_code(code));
    }
    match body.end {
        BodyEnd::Complete if is_empty || !is_confirmation => {
            Ok(ExportResponse { code: Some(code), ..ExportResponse::default() })
        }
        BodyEnd::Complete => {
            let response = media_type.decode(&content).unwrap_or_else(ExportResponse::unreadable);
            Ok(ExportResponse { code: Some(code), ..response })
        }
        BodyEnd::TooLarge => {
            let message = format!(
                "the response exceeds {} bytes and was not read; some items may be rejected",
                body.max
            );
            Ok(ExportResponse { rejected: 0, message, code: Some(code) })
        }
        BodyEnd::Failed(error) if error.error_type() != ErrorType::ConnectionClosed => Err(error),
        BodyEnd::Failed(_) | BodyEnd::Incomplete => Err(broken_off(head, received).with_code(code)),
    }
}

/// Returns the error for a body that ends too early.
fn broken_off(head: &Parts, received: usize) -> ExportError {
    let length = head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    let of_length = length.map(|length| format!(" of {length}")).unwrap_or_default();
    let status = head.status;
    let detail = format!(
        "the response {status} broke off after {received}{of_length} bytes; the endpoint may not be an OTLP receiver"
    );
    ExportError::transient(ErrorType::ConnectionClosed, detail, None)
}

fn not_otlp(status: StatusCode, headers: &HeaderMap) -> ExportError {
    let media_type = headers.get(CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let content = match media_type.as_deref().and_then(|value| value.split(';').next()).map(str::trim) {
        None | Some("") => "content that is not OTLP".to_owned(),
        Some(media_type) => format!("{media_type} instead of an OTLP response"),
    };
    // Another attempt would not change it, and a receiver with an odd response has the items.
    let detail = format!("the endpoint does not speak OTLP: it returned {status} with {content}");
    ExportError::permanent(ErrorType::NotOtlp, detail)
}

/// The media types of responses, as far as they matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MediaType {
    Json,
    ProtocolBuffers,
    Text,
    Other,
}

impl MediaType {
    fn of(headers: &HeaderMap) -> Self {
        let value = headers.get(CONTENT_TYPE).map(|value| value.as_bytes().to_ascii_lowercase());
        let value = String::from_utf8(value.unwrap_or_default()).unwrap_or_default();
        let name = value.split(';').next().unwrap_or_default().trim();
        if name.ends_with("/json") || name.ends_with("+json") {
            Self::Json
        } else if name.contains("protobuf") {
            Self::ProtocolBuffers
        } else if name.starts_with("text/") {
            Self::Text
        } else {
            Self::Other
        }
    }

    fn is_otlp(self) -> bool {
        matches!(self, Self::Json | Self::ProtocolBuffers)
    }

    /// Returns `true` if only a receiver sends this content.
    fn is_confirmation(self, content: &[u8]) -> bool {
        match self {
            _ if is_page(content) => false,
            // The media type of the request is enough. Binary content may be damaged.
            Self::ProtocolBuffers => true,
            // Some frameworks send JSON as text.
            Self::Json | Self::Text => is_json_object(content),
            Self::Other => is_json_object(content) || protobuf_response::is_response(content),
        }
    }

    fn decode(self, content: &[u8]) -> Option<ExportResponse> {
        if self == Self::Json || is_json_object(content) {
            return json_response::decode(content);
        }
        protobuf_response::decode(content)
    }
}

/// Returns `true` for a page for people. Neither JSON nor Protocol Buffers begins like it.
fn is_page(content: &[u8]) -> bool {
    content.trim_ascii_start().starts_with(b"<")
}
