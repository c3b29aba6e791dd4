//! The message `google.rpc.Status`, with which a server refuses a request over both transports.

#[cfg(feature = "grpc")]
use std::time::Duration;

use prost::Message;
use serde::Deserialize;

/// The message `google.rpc.Status`, without its details. Millions of empty details fit into a body.
/// The text may be cut inside a character.
#[derive(Clone, PartialEq, Message)]
struct RpcMessage {
    #[prost(bytes = "vec", tag = "2")]
    message: Vec<u8>,
}

/// The same message in JSON.
#[derive(Deserialize)]
struct JsonMessage {
    message: String,
}

/// The message `google.rpc.Status` in the header of a gRPC response.
#[cfg(feature = "grpc")]
#[derive(Clone, PartialEq, Message)]
struct RpcDetails {
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

#[cfg(feature = "grpc")]
#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

#[cfg(feature = "grpc")]
#[derive(Clone, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<Delay>,
}

#[cfg(feature = "grpc")]
#[derive(Clone, PartialEq, Message)]
struct Delay {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

/// Returns the message in the body of a refusal. Returns an empty text for a page or for binary
/// content, which add nothing to the status code.
pub(super) fn message(body: &[u8], is_text: bool) -> String {
    let message = if is_text {
        let json: Option<JsonMessage> = serde_json::from_slice(body).ok();
        json.map_or_else(|| String::from_utf8_lossy(body).into_owned(), |json| json.message)
    } else {
        String::from_utf8_lossy(&RpcMessage::decode(body).unwrap_or_default().message).into_owned()
    };
    let is_binary = message.contains(|c: char| c.is_control() && !c.is_whitespace());
    if is_binary || message.trim_start().starts_with('<') { String::new() } else { message }
}

/// Returns the pause that the server requests, or `None` if it does not allow a retry.
#[cfg(feature = "grpc")]
pub(super) fn retry_delay(details: &[u8]) -> Option<Duration> {
    let RpcDetails { details } = RpcDetails::decode(details).ok()?;
    let info = details.iter().find(|detail| detail.type_url.ends_with("google.rpc.RetryInfo"))?;
    let delay = RetryInfo::decode(&*info.value).ok()?.retry_delay.unwrap_or_default();
    // A negative delay allows a retry, and requests no pause.
    let (seconds, nanos) = (u64::try_from(delay.seconds), u32::try_from(delay.nanos));
    Some(Duration::new(seconds.unwrap_or_default(), nanos.unwrap_or_default().min(999_999_999)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(feature = "grpc")]
    fn retry_delay_with_retry_info_is_found() {
        let delay = |seconds, nanos| {
            let info = RetryInfo { retry_delay: Some(Delay { seconds, nanos }) };
            let detail = Any {
                type_url: "type.googleapis.com/google.rpc.RetryInfo".into(),
                value: info.encode_to_vec(),
            };
            retry_delay(&RpcDetails { details: vec![detail] }.encode_to_vec())
        };
        assert_eq!(delay(2, 500_000_000), Some(Duration::from_millis(2500)));
        assert_eq!(delay(-2, i32::MIN), Some(Duration::ZERO));
        assert_eq!(delay(i64::MAX, i32::MAX), Some(Duration::new(i64::MAX.unsigned_abs(), 999_999_999)));
        assert_eq!(retry_delay(b"nonsense"), None);
    }

    #[test]
    fn message_of_body_is_that_of_its_format() {
        let status = RpcMessage { message: "slow down".into() }.encode_to_vec();
        assert_eq!(message(&status, false), "slow down");
        let status = RpcMessage { message: b"slow d\xc3".to_vec() }.encode_to_vec();
        assert_eq!(message(&status, false), "slow d\u{fffd}");
        assert_eq!(message(br#"{"code":3,"message":"bad\nvalue"}"#, true), "bad\nvalue");
        assert_eq!(message(b"no JSON", true), "no JSON");
        assert_eq!(message(b"\n<html><title>404 Not Found</title></html>", true), "");
        assert_eq!(message(&[b'a', 0, 1], true), "");
    }
}
