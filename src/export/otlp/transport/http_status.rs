//! Responses with an HTTP status that is not a success.

use std::time::Duration;

use http::{
    HeaderMap, StatusCode,
    header::{CONTENT_TYPE, LOCATION, RETRY_AFTER},
};
use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};

use super::response_body::{ResponseBody, uncompressed};
use crate::export::otlp::{
    error_type::ErrorType, export_error::ExportError, response_code::ResponseCode, rpc_status,
};

/// Returns the error for a status. Its detail contains the message of the server.
///
/// See the specification, "OTLP Protocol", "OTLP/HTTP Response" and "Retryable Response Codes".
pub(super) fn to_export_error(status: StatusCode, headers: &HeaderMap, body: ResponseBody) -> ExportError {
    let location = headers.get(LOCATION).filter(|_| status.is_redirection());
    let message = match location {
        Some(location) => {
            let target = redirect_target(&String::from_utf8_lossy(location.as_bytes()));
            format!("the redirect to {target} is not followed")
        }
        None => {
            let content_type = headers.get(CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
            let is_text = !content_type.starts_with(b"application/x-protobuf");
            rpc_status::message(&uncompressed(body.data, body.max), is_text)
        }
    };
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

/// Returns the target of a redirect without user information, query and fragment, which may contain
/// credentials.
fn redirect_target(location: &str) -> String {
    let end = location.find(['?', '#']).unwrap_or(location.len());
    // Clients accept backslashes, and ignore control characters.
    let mut location = location[..end].replace('\\', "/");
    location.retain(|c| !c.is_control());
    let scheme = location.find(':').filter(|colon| !location[..*colon].contains('/'));
    let Some(start) = location.find("//").or(scheme.map(|colon| colon + 1)) else { return location };
    let start = location.len() - location[start..].trim_start_matches('/').len();
    let (scheme, rest) = location.split_at(start);
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}{host}{path}")
}

/// Parses the header `retry-after`: a number of seconds or a date.
fn retry_after(text: &str) -> Option<Duration> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let parser = DateTimeParser::new().relaxed_weekday(true);
    let date = parser.parse_timestamp(text);
    // The last day of the year 9999 is beyond the range of a timestamp.
    let date = date.or_else(|_| parser.parse_timestamp(text.replace(" 9999 ", " 9998 "))).ok()?;
    // A date in the past means no pause.
    Some(Duration::try_from(date.duration_since(Timestamp::now())).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirect_target_has_no_credentials() {
        for (location, target) in [
            ("https://u:p@c:4318/v1/traces?token=t#f", "https://c:4318/v1/traces"),
            ("//u:p@c", "//c"),
            ("/sign-in?next=//u:p@c", "/sign-in"),
            ("https://c#u:p@d", "https://c"),
            (r"http:\\user:hunter2@host/p", "http://host/p"),
            (r"http:/user:hunter2@host/p", "http:/host/p"),
            ("http:user:hunter2@host/p", "http:host/p"),
            ("ht\ttp:/\t/user:hunter2@host/p", "http://host/p"),
            ("///user:hunter2@host", "///host"),
        ] {
            assert_eq!(redirect_target(location), target);
        }
    }

    #[test]
    fn retry_after_seconds_or_date_is_parsed() {
        assert_eq!(retry_after("7"), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("99999999999999999999"), Some(Duration::from_secs(u64::MAX)));
        assert_eq!((retry_after(""), retry_after("-7")), (None, None));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        let later = retry_after("Fri, 06 Nov 2195 08:49:37 GMT").unwrap();
        assert!(later > Duration::from_secs(3600), "{later:?}");
        let last = retry_after("Fri, 31 Dec 9999 23:59:59 GMT").unwrap();
        assert!(last > later, "{last:?}");
        assert_eq!(retry_after("soon"), None);
    }
}
