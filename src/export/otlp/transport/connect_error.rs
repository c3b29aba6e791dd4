//! The errors of the connector.

use std::{error::Error as StdError, fmt};

pub(super) type BoxError = Box<dyn StdError + Send + Sync>;

/// A connection that cannot be opened, by the step that failed.
#[derive(Debug)]
pub(super) enum ConnectError {
    /// TCP, or the lookup of the host name.
    Tcp { source: BoxError },
    /// The proxy cannot be reached, or it refuses to connect to the destination.
    Proxy {
        /// Host and port, without credentials.
        proxy: String,
        source: BoxError,
    },
    /// The TLS handshake. The source is an error of rustls or of the connection.
    #[cfg(feature = "tls")]
    Tls { source: BoxError },
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { .. } => f.write_str("TCP connection failed"),
            Self::Proxy { proxy, .. } => write!(f, "proxy {proxy} could not connect to the destination"),
            #[cfg(feature = "tls")]
            Self::Tls { .. } => f.write_str("TLS handshake failed"),
        }
    }
}

impl StdError for ConnectError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Tcp { source } | Self::Proxy { source, .. } => Some(&**source),
            #[cfg(feature = "tls")]
            Self::Tls { source } => Some(&**source),
        }
    }
}

/// The time limit for connecting has passed.
#[derive(Debug)]
pub(super) struct ConnectTimeout;

impl fmt::Display for ConnectTimeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("timed out while connecting")
    }
}

impl StdError for ConnectTimeout {}
