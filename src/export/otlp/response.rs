//! `google.rpc.Status`, in which both transports say why a request was refused.

#[cfg(feature = "grpc")]
use std::time::Duration;

use prost::Message;

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Status {
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

impl Status {
    /// What the server says in the body of a refusal, shortened to what fits into a line. The page of a proxy says no more than its
    /// status.
    pub(crate) fn message_of(body: &[u8], is_text: bool) -> String {
        let message = if is_text {
            let json: Option<serde_json::Value> = serde_json::from_slice(body).ok();
            let message = json.as_ref().and_then(|json| json["message"].as_str()).map(str::to_owned);
            message.unwrap_or_else(|| String::from_utf8_lossy(body).into_owned())
        } else {
            Self::decode(body).map(|status| status.message).unwrap_or_default()
        };
        if message.trim_start().starts_with('<') { String::new() } else { line(&message) }
    }

    /// When the server wants to be asked again; `None` when it does not say that it does.
    #[cfg(feature = "grpc")]
    pub(crate) fn retry_delay(details: &[u8]) -> Option<Duration> {
        let status = Self::decode(details).ok()?;
        let info = status.details.iter().find(|detail| detail.type_url.ends_with("google.rpc.RetryInfo"))?;
        let delay = RetryInfo::decode(&*info.value).ok()?.retry_delay.unwrap_or_default();
        let (seconds, nanos) = (u64::try_from(delay.seconds).ok()?, u32::try_from(delay.nanos).ok()?);
        Some(Duration::new(seconds, nanos.min(999_999_999)))
    }
}

/// A text of the server, shortened to what fits into a line.
pub(crate) fn line(text: &str) -> String {
    text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(feature = "grpc")]
    fn finds_the_delay_among_the_details() {
        let info = RetryInfo { retry_delay: Some(Delay { seconds: 2, nanos: 500_000_000 }) };
        let detail =
            Any { type_url: "type.googleapis.com/google.rpc.RetryInfo".into(), value: info.encode_to_vec() };
        let status = Status { code: 8, message: "slow down".into(), details: vec![detail] };
        assert_eq!(Status::retry_delay(&status.encode_to_vec()), Some(Duration::from_millis(2500)));
        assert_eq!(Status::retry_delay(b"nonsense"), None);
        assert_eq!(Status::message_of(&status.encode_to_vec(), false), "slow down");
    }

    #[test]
    fn shows_a_body_in_one_short_line() {
        assert_eq!(Status::message_of(br#"{"code":3,"message":"bad\nvalue"}"#, true), "bad value");
        assert_eq!(Status::message_of(b"\n<html><title>404 Not Found</title></html>", true), "");
        assert_eq!(Status::message_of("x".repeat(1000).as_bytes(), true).len(), 200);
    }
}
