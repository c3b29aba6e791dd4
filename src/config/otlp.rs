//! Destinations that speak OTLP: `[otlp]`, its parts for one signal, and `[exporters.NAME]`.

use serde::{Deserialize, Serialize};

use super::{
    inherit::{Inherit, inheriting_table},
    signal::Signal,
    value::{
        duration::{Interval, Timeout, at_least},
        endpoint::Endpoint,
        file_path::FilePath,
        header::{self, Headers},
        number::Attempts,
        string_enum,
    },
};

string_enum! {
    /// How OTLP is carried.
    pub enum OtlpProtocol {
        /// gRPC over HTTP/2, port 4317 by custom.
        Grpc = "grpc",
        /// Protocol Buffers over HTTP/1.1, port 4318 by custom.
        HttpProtobuf = "http/protobuf",
        /// JSON over HTTP/1.1, port 4318 by custom. Larger and slower than the others.
        HttpJson = "http/json",
    }
}

impl OtlpProtocol {
    /// The port that collectors listen on for this protocol.
    pub(crate) fn default_port(self) -> u16 {
        match self {
            Self::Grpc => 4317,
            Self::HttpProtobuf | Self::HttpJson => 4318,
        }
    }
}

string_enum! {
    /// How a request is compressed.
    pub enum Compression {
        /// Not at all.
        None = "none",
        /// With gzip.
        Gzip = "gzip",
    }
}

inheriting_table! {
    /// The encryption of a connection. The files are read when the service starts, and again for each new connection, so that
    /// they can be renewed while it runs.
    pub struct Tls {
        /// For a grpc endpoint that is written without a scheme (`collector:4317`): `true` means `http://`, otherwise it is
        /// `https://`. Default: `false`.
        pub insecure: Option<bool>,

        /// A PEM file with the certificates of the authorities that may vouch for the server; it replaces those of the
        /// operating system. A relative path starts at the directory of the file that says it; from a variable, at the working
        /// directory. Default: the authorities that the operating system trusts.
        pub ca_file: Option<FilePath>,

        /// A PEM file with the certificate that the service shows to the server (mTLS), followed by those between it and its
        /// authority. Goes together with `key_file`.
        pub cert_file: Option<FilePath>,

        /// A PEM file with the private key of the certificate in `cert_file`; it must not be encrypted.
        pub key_file: Option<FilePath>,
    }
}

inheriting_table! {
    /// How often a request that failed for the moment is sent again. The pauses double from the first to the longest, each by chance up to half
    /// shorter; a server that asks for another pause gets it, up to a minute.
    pub struct Retry {
        /// How often a request is sent at most, 1 to 1,000,000; 1 means that nothing is tried again. Default: no limit.
        pub max_attempts: Option<Attempts>,

        /// The first pause, at least 10 ms. Default: `200ms`, or `max_backoff` when that is shorter.
        #[serde(deserialize_with = "at_least::<10, _, _>")]
        pub initial_backoff: Option<Interval>,

        /// The longest pause, at least 10 ms. Default: `5s`, or `initial_backoff` when that is longer.
        #[serde(deserialize_with = "at_least::<10, _, _>")]
        pub max_backoff: Option<Interval>,
    }
}

/// Declares the keys of a destination once, for `[otlp]` and for the tables of one signal below it.
macro_rules! otlp_tables {
    ($($(#[$meta:meta])* pub $field:ident: $type:ty,)+) => {
        /// One destination for up to three signals. A key given for one signal replaces the general one for that signal.
        #[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(default, deny_unknown_fields)]
        #[non_exhaustive]
        pub struct Otlp {
            $($(#[$meta])* pub $field: $type,)+

            /// The same keys for traces alone.
            pub traces: OtlpSignal,
            /// The same keys for metrics alone.
            pub metrics: OtlpSignal,
            /// The same keys for logs alone.
            pub logs: OtlpSignal,
        }

        inheriting_table! {
            /// What differs for one signal.
            pub struct OtlpSignal {
                $($(#[$meta])* pub $field: $type,)+
            }
        }

        impl Otlp {
            /// Returns the keys that hold for one signal: its own, and the general ones for the others.
            pub(super) fn inherited(&self, signal: Signal) -> OtlpSignal {
                let general = OtlpSignal { $($field: self.$field.clone(),)+ };
                self.signal(signal).inherit(&general)
            }
        }
    };
}

otlp_tables! {
    /// How OTLP is carried. Default: `http/protobuf`.
    pub protocol: Option<OtlpProtocol>,

    /// Where to send to, a URL such as `http://collector:4318`; for grpc also `collector:4317`. For HTTP the path of the signal (`/v1/traces`,
    /// `/v1/metrics`, `/v1/logs`) is appended, except to an endpoint that is given for one signal, which is used
    /// as it is written. Default: `http://localhost:4318`, or port 4317 for grpc.
    pub endpoint: Option<Endpoint>,

    /// Headers that are sent with every request, for example `authorization`. The values are never printed.
    /// `{ file = "/run/secrets/token" }` stands for the text in a file.
    #[cfg_attr(feature = "schema", schemars(extend("propertyNames" = header::possible_names())))]
    pub headers: Option<Headers>,

    /// `none` or `gzip`. Default: `none`.
    pub compression: Option<Compression>,

    /// The longest time that one export may take, retries included; half of it for connecting. `"0s"` means no limit. Spans and log
    /// records outlast it while the destination cannot be reached or says that it is overloaded: they wait,
    /// as many as the queue holds, until it is back or telemetry is shut down. Default: `10s`.
    pub timeout: Option<Timeout>,

    /// How the connection is encrypted.
    pub tls: Tls,

    /// How requests that failed are sent again.
    pub retry: Retry,
}

impl Otlp {
    /// Returns the keys for one signal.
    #[must_use]
    pub fn signal(&self, signal: Signal) -> &OtlpSignal {
        match signal {
            Signal::Traces => &self.traces,
            Signal::Metrics => &self.metrics,
            Signal::Logs => &self.logs,
        }
    }

    /// Whether an endpoint is set for `signal`, or for all signals.
    #[must_use]
    pub fn has_endpoint(&self, signal: Signal) -> bool {
        self.endpoint.is_some() || self.signal(signal).endpoint.is_some()
    }
}
