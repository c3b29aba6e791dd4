//! gRPC statuses.

use std::error::Error as _;

use tonic::{Code, Status};

use super::grpc_only::NonGrpcResponse;
use crate::export::otlp::{
    error_type::ErrorType, export_error::ExportError, response::shorten, response_code::ResponseCode,
    rpc_status::RpcStatus, transport::classify::classify,
};

/// Returns the error for a status that is not `OK`.
///
/// See the specification, "OTLP Protocol", "OTLP/gRPC Response".
pub(super) fn to_export_error(status: &Status) -> ExportError {
    // A status with a source was not received: the connection failed.
    if let Some(source) = status.source() {
        return source.downcast_ref().map_or_else(|| classify(source), NonGrpcResponse::to_export_error);
    }
    let detail = match status.message() {
        "" => format!("{:?}", status.code()),
        message => format!("{:?}: {}", status.code(), shorten(message)),
    };
    let retry_delay = RpcStatus::retry_delay(status.details());
    let error = match status.code() {
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
    error.with_code(ResponseCode::Grpc(name(status.code())))
}

/// Returns the name of a code in the notation of the protocol.
pub(super) fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
