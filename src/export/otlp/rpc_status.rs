//! The message `google.rpc.Status`, with which a server refuses a request over both transports.

#[cfg(feature = "grpc")]
use std::time::Duration;

use serde::Deserialize;

use super::protobuf_reader::{Malformed, read_fields};

/// The message in JSON.
#[derive(Deserialize)]
struct JsonMessage {
    message: String,
}

/// Returns the text of a `Status`, which may be cut inside a character.
fn status_message(status: &[u8]) -> Result<&[u8], Malformed> {
    let mut message: &[u8] = &[];
    read_fields(status, |number, value| {
        if number == 2 {
            message = value.bytes()?;
        }
        Ok(())
    })?;
    Ok(message)
}

/// Returns the message in the body of a refusal. Returns an empty text for a page or for binary
/// content, which add nothing to the status code.
pub(super) fn message(body: &[u8], is_text: bool) -> String {
    let message = if is_text {
        let json: Option<JsonMessage> = serde_json::from_slice(body).ok();
        json.map_or_else(|| String::from_utf8_lossy(body).into_owned(), |json| json.message)
    } else {
        String::from_utf8_lossy(status_message(body).unwrap_or_default()).into_owned()
    };
    let is_binary = message.contains(|c: char| c.is_control() && !c.is_whitespace());
    if is_binary || message.trim_start().starts_with('<') { String::new() } else { message }
}

/// Returns the pause that the server requests, or `None` if it does not allow a retry.
#[cfg(feature = "grpc")]
pub(super) fn retry_delay(status: &[u8]) -> Option<Duration> {
    let mut delay = None;
    read_fields(status, |number, value| {
        if number == 3 && delay.is_none() {
            delay = retry_info(value.bytes()?)?;
        }
        Ok(())
    })
    .ok()?;
    delay
}

/// Returns the pause in a detail, if the detail is a `RetryInfo`.
#[cfg(feature = "grpc")]
fn retry_info(detail: &[u8]) -> Result<Option<Duration>, Malformed> {
    let (mut type_url, mut content): (&[u8], &[u8]) = (&[], &[]);
    read_fields(detail, |number, value| {
        match number {
            1 => type_url = value.bytes()?,
            2 => content = value.bytes()?,
            _ => {}
        }
        Ok(())
    })?;
    if !type_url.ends_with(b"google.rpc.RetryInfo") {
        return Ok(None);
    }
    let mut delay = Duration::ZERO;
    read_fields(content, |number, value| {
        if number == 1 {
            delay = duration(value.bytes()?)?;
        }
        Ok(())
    })?;
    Ok(Some(delay))
}

/// Reads a `google.protobuf.Duration`. A negative one allows a retry, and requests no pause.
#[cfg(feature = "grpc")]
fn duration(message: &[u8]) -> Result<Duration, Malformed> {
    let (mut seconds, mut nanos) = (0, 0);
    read_fields(message, |number, value| {
        match number {
            1 => seconds = u64::try_from(value.varint()?.cast_signed()).unwrap_or_default(),
            2 => nanos = u32::try_from(value.varint()?.cast_signed()).unwrap_or_default(),
            _ => {}
        }
        Ok(())
    })?;
    Ok(Duration::new(seconds, nanos.min(999_999_999)))
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;

    #[derive(Clone, PartialEq, prost::Message)]
    struct Status {
        #[prost(bytes = "vec", tag = "2")]
        message: Vec<u8>,
        #[prost(message, repeated, tag = "3")]
        details: Vec<Any>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    struct Any {
        #[prost(string, tag = "1")]
        type_url: String,
        #[prost(bytes = "vec", tag = "2")]
        value: Vec<u8>,
    }

    #[test]
    #[cfg(feature = "grpc")]
    fn retry_delay_with_retry_info_is_found() {
        #[derive(Clone, PartialEq, prost::Message)]
        struct RetryInfo {
            #[prost(message, optional, tag = "1")]
            retry_delay: Option<Delay>,
        }

        #[derive(Clone, PartialEq, prost::Message)]
        struct Delay {
            #[prost(int64, tag = "1")]
            seconds: i64,
            #[prost(int32, tag = "2")]
            nanos: i32,
        }

        let delay = |seconds, nanos| {
            let debug = Any { type_url: "type.googleapis.com/google.rpc.DebugInfo".into(), value: vec![7] };
            let info = RetryInfo { retry_delay: Some(Delay { seconds, nanos }) };
            let type_url = "type.googleapis.com/google.rpc.RetryInfo".into();
            let details = vec![debug, Any { type_url, value: info.encode_to_vec() }];
            retry_delay(&Status { message: b"busy".to_vec(), details }.encode_to_vec())
        };
        assert_eq!(delay(2, 500_000_000), Some(Duration::from_millis(2500)));
        assert_eq!(delay(-2, i32::MIN), Some(Duration::ZERO));
        assert_eq!(delay(i64::MAX, i32::MAX), Some(Duration::new(i64::MAX.unsigned_abs(), 999_999_999)));
        assert_eq!(retry_delay(b"nonsense"), None);
    }

    #[test]
    fn message_of_body_is_that_of_its_format() {
        let details = vec![Any::default()];
        let status = Status { message: b"slow down".to_vec(), details }.encode_to_vec();
        assert_eq!(message(&status, false), "slow down");
        let status = Status { message: b"slow d\xc3".to_vec(), details: vec![] }.encode_to_vec();
        assert_eq!(message(&status, false), "slow d\u{fffd}");
        assert_eq!(message(br#"{"code":3,"message":"bad\nvalue"}"#, true), "bad\nvalue");
        assert_eq!(message(b"no JSON", true), "no JSON");
        assert_eq!(message(b"\n<html><title>404 Not Found</title></html>", true), "");
        assert_eq!(message(&[b'a', 0, 1], true), "");
    }
}
