//! The causes of export failures, as the attribute `error.type` names them.

/// The cause of a failed export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum ErrorType {
    NameNotFound,
    ConnectionRefused,
    ConnectTimeout,
    /// The proxy cannot be reached, or it refuses to connect to the destination.
    Proxy,
    /// The connection cannot be opened for another reason.
    Unreachable,
    #[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "there is no TLS to fail"))]
    Tls,
    /// The endpoint is `https://`, but the port does not speak TLS.
    #[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "there is no TLS to fail"))]
    NotTls,
    /// The port does not speak HTTP/1.1.
    NotHttp,
    /// The port does not speak gRPC.
    #[cfg_attr(not(feature = "grpc"), expect(dead_code, reason = "there is no gRPC client"))]
    NotGrpc,
    /// An established connection broke.
    ConnectionClosed,
    /// The response did not arrive in time.
    Timeout,
    Unauthorized,
    NotFound,
    TooLarge,
    Throttled,
    Unavailable,
    /// Another response that is not a success.
    Rejected,
    /// The server rejected some of the items.
    PartialSuccess,
    /// A single item exceeds the size of a request.
    Oversized,
    /// The request was never sent.
    Internal,
}

impl ErrorType {
    /// Returns the value of the attribute `error.type`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::NameNotFound => "name_not_found",
            Self::ConnectionRefused => "connection_refused",
            Self::ConnectTimeout => "connect_timeout",
            Self::Proxy => "proxy",
            Self::Unreachable => "unreachable",
            Self::Tls => "tls",
            Self::NotTls => "not_tls",
            Self::NotHttp => "not_http",
            Self::NotGrpc => "not_grpc",
            Self::ConnectionClosed => "connection_closed",
            Self::Timeout => "timeout",
            Self::Unauthorized => "unauthorized",
            Self::NotFound => "not_found",
            Self::TooLarge | Self::Oversized => "too_large",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::Rejected | Self::PartialSuccess => "rejected",
            Self::Internal => "internal",
        }
    }

    /// Returns `true` if the failure is independent of the content: any other request would fail
    /// in the same way.
    pub(crate) fn is_unavailable(self) -> bool {
        matches!(
            self,
            Self::NameNotFound
                | Self::ConnectionRefused
                | Self::ConnectTimeout
                | Self::Proxy
                | Self::Unreachable
                | Self::Tls
                | Self::NotTls
                | Self::NotHttp
                | Self::NotGrpc
                | Self::Throttled
                | Self::Unavailable
        )
    }

    /// Returns `true` if log lines include [`Self::help`].
    pub(crate) fn needs_help(self) -> bool {
        matches!(
            self,
            Self::NotTls
                | Self::NotHttp
                | Self::NotGrpc
                | Self::Unauthorized
                | Self::NotFound
                | Self::TooLarge
                | Self::Oversized
        )
    }

    /// Returns `true` if this request was refused permanently, because of its content or its
    /// signal. Other signals may succeed.
    pub(crate) fn is_refusal(self) -> bool {
        matches!(
            self,
            Self::Unauthorized
                | Self::NotFound
                | Self::TooLarge
                | Self::Rejected
                | Self::PartialSuccess
                | Self::Oversized
                | Self::Internal
        )
    }

    /// Returns the advice for operators.
    pub(crate) fn help(self) -> Option<&'static str> {
        Some(match self {
            Self::NameNotFound => "check the host name of the endpoint",
            Self::ConnectionRefused => "check that the receiver is running and listens on this port",
            Self::ConnectTimeout | Self::Unreachable => "check the host name and firewall rules",
            Self::Proxy => "check HTTPS_PROXY or HTTP_PROXY; list the host in NO_PROXY to bypass the proxy",
            Self::Timeout => "check for a proxy or firewall in between; the receiver may be overloaded",
            Self::Throttled | Self::Unavailable => {
                "check whether the receiver, or a proxy in front of it, is overloaded or down"
            }
            Self::NotTls => "use an http:// endpoint for a receiver without TLS",
            Self::NotHttp => "use the HTTP port of the receiver, or set the protocol to grpc",
            Self::NotGrpc => "use the gRPC port of the receiver, or set the protocol to http/protobuf",
            Self::Unauthorized => "check the credentials in `headers`",
            Self::NotFound => "check the path of the endpoint and that the receiver accepts this signal",
            Self::TooLarge => "reduce max_export_batch_size, or raise the size limit of the receiver",
            Self::Oversized => "record less in one item",
            Self::Tls | Self::ConnectionClosed | Self::Rejected | Self::PartialSuccess | Self::Internal => {
                return None;
            }
        })
    }
}
