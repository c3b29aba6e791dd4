//! Responses with an HTTP status that is not a success.

use std::time::Duration;

use http::{HeaderMap, StatusCode, header::RETRY_AFTER};
use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};

use crate::export::otlp::{error_type::ErrorType, export_error::ExportError, response_code::ResponseCode};

/// Returns the error for a status, with the message of the server, which may be empty.
///
/// See the specification, "OTLP Protocol", "OTLP/HTTP Response" and "Retryable Response Codes".
pub(super) fn to_export_error(status: StatusCode, headers: &HeaderMap, message: &str) -> ExportError {
    let colon = if message.is_empty() { "" } else { ": " };
    let detail = format!("{status}{colon}{message}");
    let retry_delay = || retry_after(headers.get(RETRY_AFTER)?.to_str().ok()?.trim());
    let error = match status.as_u16() {
        429 => ExportError::transient(ErrorType::Throttled, detail, retry_delay()),
        502 | 503 => ExportError::transient(ErrorType::Unavailable, detail, retry_delay()),
        // The request may have reached the receiver, and may be the reason for the timeout.
        504 => ExportError::transient(ErrorType::Timeout, detail, retry_delay()),
        401 | 403 => ExportError::permanent(ErrorType::Unauthorized, detail),
        407 => ExportError::permanent(ErrorType::Proxy, format!("the proxy returned {detail}")),
        404 | 405 => ExportError::permanent(ErrorType::NotFound, detail),
        413 => ExportError::permanent(ErrorType::TooLarge, detail),
        _ => ExportError::permanent(ErrorType::Rejected, detail),
    };
    error.with_code(ResponseCode::Http(status.as_u16()))
}

/// Parses the header `retry-after`: a number of seconds or a date.
fn retry_after(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DateTimeParser::new().parse_timestamp(text).ok()?;
    // A date in the past means no pause.
    Some(Duration::try_from(date.duration_since(Timestamp::now())).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_seconds_or_date_is_parsed() {
        assert_eq!(retry_after("7"), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        let later = retry_after("Fri, 06 Nov 2195 08:49:37 GMT").unwrap();
        assert!(later > Duration::from_secs(3600), "{later:?}");
        assert_eq!(retry_after("soon"), None);
    }
}
