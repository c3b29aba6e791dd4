//! gRPC statuses.

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use http::HeaderMap;
use percent_encoding::percent_decode;

use super::code::Code;
use crate::export::otlp::{
    error_type::ErrorType, export_error::ExportError, response_code::ResponseCode, rpc_status,
};

/// Servers send binary headers with and without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The status of a response, in its headers or its trailers.
#[derive(Debug)]
pub(super) struct Status {
    pub(super) code: Code,
    message: String,
    details: Vec<u8>,
}

impl Status {
    /// Returns the status in `headers`, if there is one.
    pub(super) fn find(headers: &HeaderMap) -> Option<Self> {
        let code = Code::parse(headers.get("grpc-status")?.as_bytes());
        let value = |name| headers.get(name).map_or(&b""[..], |value| value.as_bytes());
        Some(Self {
            code,
            message: percent_decode(value("grpc-message")).decode_utf8_lossy().into_owned(),
            details: BASE64.decode(value("grpc-status-details-bin")).unwrap_or_default(),
        })
    }

    /// Returns the error for a status that is not `OK`.
    ///
    /// See the specification, "OTLP Protocol", "OTLP/gRPC Response".
    pub(super) fn to_export_error(&self) -> ExportError {
        let Self { code, message, details } = self;
        let detail = if message.is_empty() { format!("{code:?}") } else { format!("{code:?}: {message}") };
        let retry_delay = rpc_status::retry_delay(details);
        let error = match code {
            Code::Unavailable => ExportError::transient(ErrorType::Unavailable, detail, retry_delay),
            Code::DeadlineExceeded => ExportError::transient(ErrorType::Timeout, detail, retry_delay),
            Code::Cancelled | Code::Aborted | Code::OutOfRange | Code::DataLoss => {
                ExportError::transient(ErrorType::Rejected, detail, retry_delay)
            }
            // Retryable only if the server sends a delay.
            Code::ResourceExhausted => match retry_delay {
                Some(delay) => ExportError::transient(ErrorType::Throttled, detail, Some(delay)),
                None => ExportError::permanent(ErrorType::TooLarge, detail),
            },
            Code::Unauthenticated | Code::PermissionDenied => {
                ExportError::permanent(ErrorType::Unauthorized, detail)
            }
            Code::Unimplemented => ExportError::permanent(ErrorType::NotFound, detail),
            _ => ExportError::permanent(ErrorType::Rejected, detail),
        };
        error.with_code(ResponseCode::Grpc(code.name()))
    }
}
