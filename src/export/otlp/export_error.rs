//! The error of an export, classified by what an operator can do about it.

use std::{fmt, time::Duration};

use super::{error_type::ErrorType, response_code::ResponseCode};
use crate::config::format_duration;

/// A failed export.
#[derive(Debug, Clone)]
pub(crate) struct ExportError {
    error_type: ErrorType,
    /// Details beyond the type.
    detail: String,
    retryable: Retryable,
    /// The code of the response, if one arrived.
    code: Option<ResponseCode>,
}

/// Classifies an error by whether another attempt may succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retryable {
    Never,
    /// After the back-off, or after the pause that the server requested.
    After(Option<Duration>),
}

/// The longest pause that a server may request. During a longer one, queued items would take too
/// much memory.
const MAX_RETRY_DELAY: Duration = Duration::from_secs(60);

impl ExportError {
    /// Creates an error that another attempt would not change.
    pub(crate) fn permanent(error_type: ErrorType, detail: impl Into<String>) -> Self {
        Self { error_type, detail: detail.into(), retryable: Retryable::Never, code: None }
    }

    /// Creates an error that another attempt may avoid, after the pause that the server requested.
    pub(crate) fn transient(
        error_type: ErrorType,
        detail: impl Into<String>,
        retry_delay: Option<Duration>,
    ) -> Self {
        let delay = retry_delay.map(|delay| delay.min(MAX_RETRY_DELAY));
        Self { error_type, detail: detail.into(), retryable: Retryable::After(delay), code: None }
    }

    pub(crate) fn internal(detail: impl Into<String>) -> Self {
        Self::permanent(ErrorType::Internal, detail)
    }

    /// Creates the error of a request without a response within `limit`.
    pub(crate) fn timeout(limit: Duration) -> Self {
        let detail = format!("no response within {}", format_duration(limit));
        Self::transient(ErrorType::Timeout, detail, None)
    }

    /// Adds the code of the response.
    pub(crate) fn with_code(self, code: impl Into<Option<ResponseCode>>) -> Self {
        Self { code: code.into(), ..self }
    }

    /// Replaces the details by the result of `change`.
    pub(crate) fn map_detail(self, change: impl FnOnce(&str) -> String) -> Self {
        Self { detail: change(&self.detail), ..self }
    }

    /// Adds a possible cause if the connection broke before a response.
    pub(crate) fn with_hint_if_closed(mut self, hint: &str) -> Self {
        if self.error_type == ErrorType::ConnectionClosed && self.code.is_none() {
            self.detail = format!("{}; {hint}", self.detail);
        }
        self
    }

    /// Adds the number of attempts, if there was more than one.
    pub(crate) fn after_attempts(mut self, attempts: u32) -> Self {
        if attempts > 1 {
            self.detail = format!("{}; gave up after {attempts} attempts", self.detail);
        }
        self
    }

    pub(crate) fn error_type(&self) -> ErrorType {
        self.error_type
    }

    pub(crate) fn code(&self) -> Option<ResponseCode> {
        self.code
    }

    pub(crate) fn retryable(&self) -> Retryable {
        self.retryable
    }

    /// Describes the failure at `place`, as the beginning of a line.
    pub(crate) fn describe_at(&self, place: &str) -> String {
        let detail = &self.detail;
        let help = self.error_type.help().filter(|_| self.error_type.needs_help());
        let (aside, addition) = match help {
            Some(help) => (format!(" ({help})"), format!("; {help}")),
            None => (String::new(), String::new()),
        };
        match self.error_type {
            ErrorType::NameNotFound
            | ErrorType::ConnectionRefused
            | ErrorType::ConnectTimeout
            | ErrorType::Proxy
            | ErrorType::Unreachable
            | ErrorType::NotTls
            | ErrorType::NotHttp
            | ErrorType::NotGrpc
            | ErrorType::NotOtlp => format!("cannot reach {place} ({detail}{addition})"),
            ErrorType::Tls => format!("cannot reach {place} (TLS: {detail})"),
            ErrorType::InvalidResponse => format!("{place} sent an invalid response ({detail})"),
            ErrorType::ConnectionClosed => format!("lost the connection to {place} ({detail})"),
            ErrorType::Timeout => format!("{place} timed out ({detail})"),
            ErrorType::Unauthorized
            | ErrorType::NotFound
            | ErrorType::TooLarge
            | ErrorType::Throttled
            | ErrorType::Unavailable
            | ErrorType::Rejected => format!("{place} returned {detail}{aside}"),
            ErrorType::PartialSuccess => format!("{place} rejected a part of the request: {detail}"),
            ErrorType::Oversized | ErrorType::Internal => {
                format!("cannot send to {place} ({detail}{addition})")
            }
        }
    }
}

/// Formats the failure as a reason: `the server returned 404 Not Found`.
impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let detail = &self.detail;
        match self.error_type {
            ErrorType::Unauthorized
            | ErrorType::NotFound
            | ErrorType::TooLarge
            | ErrorType::Throttled
            | ErrorType::Unavailable
            | ErrorType::Rejected => write!(f, "the server returned {detail}"),
            ErrorType::PartialSuccess => write!(f, "rejected by the server: {detail}"),
            ErrorType::InvalidResponse => write!(f, "the server sent an invalid response: {detail}"),
            ErrorType::Tls => write!(f, "TLS: {detail}"),
            _ => f.write_str(detail),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transient_error_limits_the_delay_of_the_server() {
        for (requested, delay) in [(7, 7), (61, 60), (u64::MAX, 60)] {
            let requested = Some(Duration::from_secs(requested));
            let error = ExportError::transient(ErrorType::Throttled, "", requested);
            assert_eq!(error.retryable(), Retryable::After(Some(Duration::from_secs(delay))));
        }
    }
}
