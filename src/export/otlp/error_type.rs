//! The causes of failures, and what each of them means.

/// Why an export failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum ErrorType {
    NameNotFound,
    Refused,
    ConnectTimeout,
    /// A proxy stands between, and makes no connection.
    Proxy,
    /// No connection, for another reason.
    Unreachable,
    #[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "there is no TLS to fail"))]
    Tls,
    #[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "there is no TLS to fail"))]
    NotTls,
    /// HTTP/1.1 was spoken to a port that does not understand it.
    NotHttp,
    /// The same for gRPC.
    NotGrpc,
    /// The connection broke.
    Closed,
    NoAnswer,
    Unauthorized,
    NotFound,
    TooLarge,
    Throttled,
    Unavailable,
    /// Another answer that is none of success.
    Rejected,
    /// A part of the items was.
    Partial,
    /// A single item is too large to be sent.
    Oversized,
    /// It never left this process.
    Internal,
}

impl ErrorType {
    /// The value of the attribute `error.type`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::NameNotFound => "name_not_found",
            Self::Refused => "connection_refused",
            Self::ConnectTimeout => "connect_timeout",
            Self::Proxy => "proxy",
            Self::Unreachable => "unreachable",
            Self::Tls => "tls",
            Self::NotTls => "not_tls",
            Self::NotHttp => "not_http",
            Self::NotGrpc => "not_grpc",
            Self::Closed => "connection_closed",
            Self::NoAnswer => "timeout",
            Self::Unauthorized => "unauthorized",
            Self::NotFound => "not_found",
            Self::TooLarge | Self::Oversized => "too_large",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::Rejected | Self::Partial => "rejected",
            Self::Internal => "internal",
        }
    }

    /// Whether it says nothing about what was sent: any other request would fare the same.
    pub(crate) fn is_unavailable(self) -> bool {
        matches!(
            self,
            Self::NameNotFound
                | Self::Refused
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

    /// Whether a line shall say at once what to try.
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

    /// Whether what was sent was refused, for good and for itself: other signals may fare better.
    pub(crate) fn is_refusal(self) -> bool {
        matches!(
            self,
            Self::Unauthorized
                | Self::NotFound
                | Self::TooLarge
                | Self::Rejected
                | Self::Partial
                | Self::Oversized
                | Self::Internal
        )
    }

    /// What to try.
    pub(crate) fn help(self) -> Option<&'static str> {
        Some(match self {
            Self::NameNotFound => "check the host of the endpoint",
            Self::Refused => "is the receiver running, and is this its port?",
            Self::ConnectTimeout | Self::Unreachable => {
                "is the host right, and does a firewall let us through?"
            }
            Self::Proxy => "check HTTPS_PROXY or HTTP_PROXY; a host in NO_PROXY is reached directly",
            Self::NoAnswer => "does a proxy or a firewall stand between, or is the receiver overloaded?",
            Self::Throttled | Self::Unavailable => {
                "the receiver, or what stands before it, is overloaded or down"
            }
            Self::NotTls => "does the endpoint have to begin with http://?",
            Self::NotHttp => "is this a port for gRPC?",
            Self::NotGrpc => "is this a port for HTTP, not gRPC?",
            Self::Unauthorized => "check the credentials in `headers`",
            Self::NotFound => "check the path of the endpoint, and whether the receiver takes this signal",
            Self::TooLarge => {
                "send smaller batches (max_export_batch_size), or let the receiver take larger ones"
            }
            Self::Oversized => "limit the length of attributes (attribute_value_length_limit)",
            _ => return None,
        })
    }
}
