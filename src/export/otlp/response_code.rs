//! The code of a response.

use opentelemetry::KeyValue;

/// The code of a response, in the terms of its protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResponseCode {
    Http(u16),
    /// The name of a gRPC status, for example `DEADLINE_EXCEEDED`.
    #[cfg(feature = "grpc")]
    Grpc(&'static str),
}

impl ResponseCode {
    pub(super) fn attribute(self) -> KeyValue {
        match self {
            Self::Http(code) => KeyValue::new("http.response.status_code", i64::from(code)),
            #[cfg(feature = "grpc")]
            Self::Grpc(name) => KeyValue::new("rpc.response.status_code", name),
        }
    }
}
