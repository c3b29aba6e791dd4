//! Responses in Protocol Buffers.

use prost::Message;

use super::response::ExportResponse;

/// The response of any signal. Their fields have the same numbers.
#[derive(Clone, PartialEq, Message)]
struct Response {
    #[prost(message, optional, tag = "1")]
    partial: Option<PartialSuccess>,
}

/// A message as bytes, because a server may cut it inside a character. The number of rejected items
/// would be lost with it.
#[derive(Clone, PartialEq, Message)]
struct PartialSuccess {
    #[prost(int64, tag = "1")]
    rejected: i64,
    #[prost(bytes = "vec", tag = "2")]
    message: Vec<u8>,
}

/// Returns `true` if the content is a response.
pub(super) fn is_response(content: &[u8]) -> bool {
    Response::decode(content).is_ok()
}

/// Decodes a response as far as it is readable, or returns `None` if nothing in it is.
pub(super) fn decode(content: &[u8]) -> Option<ExportResponse> {
    let mut response = Response::default();
    let is_complete = response.merge(content).is_ok();
    let PartialSuccess { rejected, message } = response.partial.unwrap_or_default();
    let rejected = u64::try_from(rejected).unwrap_or_default();
    let message = String::from_utf8_lossy(&message).into_owned();
    (is_complete || rejected > 0).then_some(ExportResponse { rejected, message, code: None })
}
