//! Why an export failed, told apart by what an operator would do about it.

use std::{error::Error as StdError, fmt, io, time::Duration};

use super::{
    error_type::ErrorType,
    response_code::ResponseCode,
    transport::connector::{ConnectTimeout, NameNotFound, ProxyError},
};
use crate::config::format_duration;

/// Why an export failed.
#[derive(Debug, Clone)]
pub(crate) struct ExportError {
    kind: ErrorType,
    /// What is known beyond the kind.
    detail: String,
    retry: Retryable,
    /// Of the answer, where one came.
    code: Option<ResponseCode>,
}

/// Whether trying again may help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retryable {
    Never,
    /// As soon as the back-off says, or the server does.
    After(Option<Duration>),
}

impl ExportError {
    /// Trying again would not help.
    pub(crate) fn permanent(kind: ErrorType, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), retry: Retryable::Never, code: None }
    }

    /// Trying again may help, after the time that the server asked for.
    pub(crate) fn transient(kind: ErrorType, detail: impl Into<String>, after: Option<Duration>) -> Self {
        // A server that wants more is not worth the memory of what waits meanwhile.
        let after = after.map(|after| after.min(LONGEST_WAIT));
        Self { kind, detail: detail.into(), retry: Retryable::After(after), code: None }
    }

    pub(crate) fn internal(detail: impl Into<String>) -> Self {
        Self::permanent(ErrorType::Internal, detail)
    }

    pub(crate) fn no_answer(limit: Duration) -> Self {
        Self::transient(ErrorType::NoAnswer, format!("no answer within {}", format_duration(limit)), None)
    }

    /// The server answered with this code.
    pub(crate) fn answered(self, code: impl Into<Option<ResponseCode>>) -> Self {
        Self { code: code.into(), ..self }
    }

    /// With what a connection that broke may mean.
    pub(crate) fn if_closed(mut self, hint: &str) -> Self {
        if self.kind == ErrorType::Closed {
            self.detail = format!("{}; {hint}", self.detail);
        }
        self
    }

    /// After so many attempts.
    pub(crate) fn given_up(mut self, attempts: u32) -> Self {
        if attempts > 1 {
            self.detail = format!("{}; gave up after {attempts} attempts", self.detail);
        }
        self
    }

    pub(crate) fn kind(&self) -> ErrorType {
        self.kind
    }

    pub(crate) fn code(&self) -> Option<ResponseCode> {
        self.code
    }

    pub(crate) fn retry(&self) -> Retryable {
        self.retry
    }

    /// What happened at `place`, as the beginning of a sentence.
    pub(crate) fn at(&self, place: &str) -> String {
        let (detail, help) = (&self.detail, self.kind.help().filter(|_| self.kind.needs_help()));
        let (aside, addition) = match help {
            Some(help) => (format!(" ({help})"), format!("; {help}")),
            None => (String::new(), String::new()),
        };
        match self.kind {
            ErrorType::NameNotFound
            | ErrorType::Refused
            | ErrorType::ConnectTimeout
            | ErrorType::Proxy
            | ErrorType::Unreachable
            | ErrorType::NotTls
            | ErrorType::NotHttp
            | ErrorType::NotGrpc => format!("cannot reach {place} ({detail}{addition})"),
            ErrorType::Tls => format!("cannot reach {place} (TLS: {detail})"),
            ErrorType::Closed => format!("lost the connection to {place} ({detail})"),
            ErrorType::NoAnswer => format!("{place} does not answer ({detail})"),
            ErrorType::Unauthorized
            | ErrorType::NotFound
            | ErrorType::TooLarge
            | ErrorType::Throttled
            | ErrorType::Unavailable
            | ErrorType::Rejected => format!("{place} answered {detail}{aside}"),
            ErrorType::Partial => format!("{place} refused a part: {detail}"),
            ErrorType::Oversized | ErrorType::Internal => {
                format!("cannot send to {place} ({detail}{addition})")
            }
        }
    }

    /// What an error of the network crates means when it comes from a destination.
    pub(crate) fn of_connection(error: &(dyn StdError + 'static)) -> Self {
        let causes = causes(error);
        let text = last_text(&causes);
        let transient = |kind, detail: &str| Self::transient(kind, detail, None);
        if let Some(proxy) = causes.iter().find(|cause| cause.is::<ProxyError>()) {
            return transient(ErrorType::Proxy, &format!("{proxy}: {text}"));
        }
        if let Some(failure) = tls_failure(&causes) {
            return failure;
        }
        if causes.iter().any(|cause| cause.is::<ConnectTimeout>()) {
            return transient(ErrorType::ConnectTimeout, &text);
        }
        if causes.iter().any(|cause| cause.is::<NameNotFound>()) {
            return transient(ErrorType::NameNotFound, &format!("name not found: {text}"));
        }
        let whole = causes.iter().map(ToString::to_string).collect::<Vec<_>>().join(": ");
        if whole.contains("frame with invalid size") || whole.contains("HTTP/1.1 header") {
            return transient(ErrorType::NotGrpc, "what answers there is not gRPC");
        }
        let mut of_hyper = causes.iter().filter_map(|cause| cause.downcast_ref::<hyper::Error>());
        // Who speaks HTTP/2 may greet before it is asked.
        if of_hyper.any(hyper::Error::is_parse) || whole.contains("unexpected message") {
            return transient(ErrorType::NotHttp, "what answers there is not HTTP/1.1");
        }
        let is_connecting = whole.contains("tcp connect error") || whole.contains("tcp open error");
        let io = causes.iter().rev().find_map(|cause| cause.downcast_ref::<io::Error>());
        match io.map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionRefused) => transient(ErrorType::Refused, "connection refused"),
            Some(io::ErrorKind::TimedOut) if is_connecting => {
                transient(ErrorType::ConnectTimeout, "timed out while connecting")
            }
            _ if is_connecting => transient(ErrorType::Unreachable, &text),
            _ => transient(ErrorType::Closed, &text),
        }
    }
}

/// As a reason: `the server answered 404 Not Found`.
impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let detail = &self.detail;
        match self.kind {
            ErrorType::Unauthorized
            | ErrorType::NotFound
            | ErrorType::TooLarge
            | ErrorType::Throttled
            | ErrorType::Unavailable
            | ErrorType::Rejected => write!(f, "the server answered {detail}"),
            ErrorType::Partial => write!(f, "refused by the server: {detail}"),
            ErrorType::Tls => write!(f, "TLS: {detail}"),
            _ => f.write_str(detail),
        }
    }
}

const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// An error and all that are behind it.
fn causes<'e>(error: &'e (dyn StdError + 'static)) -> Vec<&'e (dyn StdError + 'static)> {
    fn next<'e>(error: &'e (dyn StdError + 'static)) -> Option<&'e (dyn StdError + 'static)> {
        // An I/O error passes over the error that it wraps.
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        }
    }
    std::iter::successors(Some(error), |error| next(*error)).collect()
}

/// The cause that an operator looks for is usually the last one.
fn last_text(causes: &[&(dyn StdError + 'static)]) -> String {
    let mut text = causes.last().map(ToString::to_string).unwrap_or_default();
    text.retain(|c| !c.is_control());
    // rustls adds the address of a page about it.
    if text.contains("close_notify") { "closed by the other side".to_owned() } else { text }
}

#[cfg(feature = "tls")]
fn tls_failure(causes: &[&(dyn StdError + 'static)]) -> Option<ExportError> {
    use crate::export::otlp::transport::connector::HandshakeError;
    use rustls::{CertificateError, Error, InvalidMessage};

    let transient = |detail| Some(ExportError::transient(ErrorType::Tls, detail, None));
    let Some(error) = causes.iter().find_map(|cause| cause.downcast_ref::<Error>()) else {
        let text = last_text(causes);
        // HTTP/2 keeps nothing but the words.
        if let Some(alert) = text.strip_prefix("received fatal alert: ") {
            return transient(of_alert(alert).unwrap_or_else(|| text.clone()));
        }
        let is_handshake = causes.iter().any(|cause| cause.is::<HandshakeError>());
        return is_handshake.then_some(text).and_then(transient);
    };
    let detail = match error {
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            let detail = "what answers there does not speak TLS";
            return Some(ExportError::transient(ErrorType::NotTls, detail, None));
        }
        Error::InvalidCertificate(error) => match error {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "the certificate of the server has expired".to_owned()
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "the certificate of the server is not valid yet".to_owned()
            }
            CertificateError::UnknownIssuer => {
                "the certificate of the server is signed by an unknown authority; set `tls.ca_file`"
                    .to_owned()
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "the certificate of the server is for another name".to_owned()
            }
            other if format!("{other:?}").contains("CaUsedAsEndEntity") => {
                "the certificate of the server is that of an authority, not of a server".to_owned()
            }
            other => format!("the certificate of the server is not accepted: {other}"),
        },
        Error::AlertReceived(alert) => of_alert(&format!("{alert:?}")).unwrap_or_else(|| error.to_string()),
        other => other.to_string(),
    };
    transient(detail)
}

/// What the server means by an alert that concerns our certificate.
#[cfg(feature = "tls")]
fn of_alert(alert: &str) -> Option<String> {
    match alert {
        "CertificateRequired" => {
            Some("the server wants a certificate of ours; set `tls.cert_file` and `tls.key_file`".to_owned())
        }
        "BadCertificate"
        | "UnknownCA"
        | "CertificateExpired"
        | "CertificateRevoked"
        | "CertificateUnknown"
        | "UnsupportedCertificate"
        | "AccessDenied"
        | "DecryptError" => Some(format!("the server does not accept our certificate ({alert})")),
        _ => None,
    }
}

#[cfg(not(feature = "tls"))]
fn tls_failure(_: &[&(dyn StdError + 'static)]) -> Option<ExportError> {
    None
}
