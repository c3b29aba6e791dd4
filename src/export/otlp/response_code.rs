//! The code of an answer, in the terms of its protocol.

use opentelemetry::KeyValue;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResponseCode {
    Http(u16),
    /// By its name.
    #[cfg(feature = "grpc")]
    Grpc(&'static str),
}

impl ResponseCode {
    pub(crate) fn attribute(self) -> KeyValue {
        match self {
            Self::Http(code) => KeyValue::new("http.response.status_code", i64::from(code)),
            #[cfg(feature = "grpc")]
            Self::Grpc(name) => KeyValue::new("rpc.response.status_code", name),
        }
    }
}
