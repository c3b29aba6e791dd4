//! The HTTP version of a transport.

use crate::config::OtlpProtocol;

/// The HTTP version that TLS connections negotiate and plain connections assume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HttpVersion {
    Http1,
    #[cfg(feature = "grpc")]
    Http2,
}

impl HttpVersion {
    pub(super) fn of(protocol: OtlpProtocol) -> Self {
        match protocol {
            #[cfg(feature = "grpc")]
            OtlpProtocol::Grpc => Self::Http2,
            _ => Self::Http1,
        }
    }
}
