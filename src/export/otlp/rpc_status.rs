//! The message `google.rpc.Status`, with which a server refuses a request over both transports.

#[cfg(feature = "grpc")]
use std::time::Duration;

use prost::Message;

use super::response::shorten;

/// The message `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

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

impl RpcStatus {
    /// Returns the message in the body of a refusal, shortened to fit on one line.
    /// Returns an empty text for an HTML page, which adds nothing to the status code.
    pub(super) fn message_of(body: &[u8], is_text: bool) -> String {
        let message = if is_text {
            let json: Option<serde_json::Value> = serde_json::from_slice(body).ok();
            let message = json.as_ref().and_then(|json| json["message"].as_str()).map(str::to_owned);
            message.unwrap_or_else(|| String::from_utf8_lossy(body).into_owned())
        } else {
            Self::decode(body).map(|status| status.message).unwrap_or_default()
        };
        if message.trim_start().starts_with('<') { String::new() } else { shorten(&message) }
    }

    /// Returns the pause that the server requests, or `None` if it does not allow a retry.
    #[cfg(feature = "grpc")]
    pub(super) fn retry_delay(details: &[u8]) -> Option<Duration> {
        let status = Self::decode(details).ok()?;
        let info = status.details.iter().find(|detail| detail.type_url.ends_with("google.rpc.RetryInfo"))?;
        let delay = RetryInfo::decode(&*info.value).ok()?.retry_delay.unwrap_or_default();
        let (seconds, nanos) = (u64::try_from(delay.seconds).ok()?, u32::try_from(delay.nanos).ok()?);
        Some(Duration::new(seconds, nanos.min(999_999_999)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(feature = "grpc")]
    fn retry_delay_with_retry_info_is_found() {
        let info = RetryInfo { retry_delay: Some(Delay { seconds: 2, nanos: 500_000_000 }) };
        let detail =
            Any { type_url: "type.googleapis.com/google.rpc.RetryInfo".into(), value: info.encode_to_vec() };
        let status = RpcStatus { code: 8, message: "slow down".into(), details: vec![detail] };
        assert_eq!(RpcStatus::retry_delay(&status.encode_to_vec()), Some(Duration::from_millis(2500)));
        assert_eq!(RpcStatus::retry_delay(b"nonsense"), None);
        assert_eq!(RpcStatus::message_of(&status.encode_to_vec(), false), "slow down");
    }

    #[test]
    fn message_of_body_is_one_short_line() {
        assert_eq!(RpcStatus::message_of(br#"{"code":3,"message":"bad\nvalue"}"#, true), "bad value");
        assert_eq!(RpcStatus::message_of(b"\n<html><title>404 Not Found</title></html>", true), "");
        assert_eq!(RpcStatus::message_of("x".repeat(1000).as_bytes(), true).len(), 200);
    }
}
