//! OTLP destinations: `[otlp]`, its tables for single signals, and `[exporters.NAME]`.

use serde::{Deserialize, Serialize};

use super::{
    batch::BatchKeys,
    inherit::{Inherit, inheriting_table},
    signal::Signal,
    value::{
        byte_size::ByteSize,
        duration::{Interval, Timeout, at_least},
        endpoint::Endpoint,
        file_path::FilePath,
        header::Headers,
        number::Attempts,
        string_enum,
        word::Word,
        word_enum,
    },
};

word_enum! {
    /// The transport and encoding of OTLP.
    pub enum OtlpProtocol {
        /// gRPC over HTTP/2, default port 4317.
        Grpc = "grpc",
        /// Protocol Buffers over HTTP/1.1, default port 4318.
        HttpProtobuf = "http/protobuf",
        /// JSON over HTTP/1.1, default port 4318. Larger and slower than the others.
        HttpJson = "http/json",
    }
}

impl OtlpProtocol {
    /// Returns the port that collectors listen on for this protocol.
    pub(crate) fn default_port(self) -> u16 {
        match self {
            Self::Grpc => 4317,
            Self::HttpProtobuf | Self::HttpJson => 4318,
        }
    }
}

string_enum! {
    /// The compression of requests.
    pub(crate) enum Compression {
        /// No compression.
        None = "none",
        /// Gzip.
        Gzip = "gzip",
    }
}

inheriting_table! {
    /// Encryption of the connection.
    pub(crate) struct Tls {
        /// Uses `http://` instead of `https://` for a grpc endpoint without a scheme
        /// (`collector:4317`). Default: `false`.
        #[cfg_attr(feature = "schema", schemars(extend("default" = false)))]
        pub(crate) insecure: Option<bool>,

        /// A PEM file with the certificates of the authorities to trust, instead of those of the
        /// operating system. A relative path starts at the directory of the configuration file; in
        /// a variable, at the working directory. Default: the authorities that the operating system
        /// trusts.
        pub(crate) ca_file: Option<FilePath>,

        /// A PEM file with the client certificate (mTLS), followed by its intermediate
        /// certificates. Requires `key_file`.
        pub(crate) cert_file: Option<FilePath>,

        /// A PEM file with the private key of the certificate in `cert_file`. It must not be
        /// encrypted.
        pub(crate) key_file: Option<FilePath>,
    }
}

inheriting_table! {
    /// Retries of failed requests.
    pub(crate) struct Retry {
        /// The maximum number of attempts per request, 1 to 1,000,000; 1 disables retries. Default:
        /// no limit.
        pub(crate) max_attempts: Option<Attempts>,

        /// The first delay, at least 10 ms. Default: `200ms`, or `max_backoff` if that is shorter.
        #[serde(deserialize_with = "at_least::<10, _, _>")]
        #[cfg_attr(feature = "schema", schemars(extend("default" = "200ms")))]
        pub(crate) initial_backoff: Option<Interval>,

        /// The maximum delay, at least 10 ms. Default: `5s`, or `initial_backoff` if that is
        /// longer.
        #[serde(deserialize_with = "at_least::<10, _, _>")]
        #[cfg_attr(feature = "schema", schemars(extend("default" = "5s")))]
        pub(crate) max_backoff: Option<Interval>,
    }
}

/// Declares the keys of a destination once, for `[otlp]` and for the tables of one signal below it.
macro_rules! otlp_tables {
    ($($(#[$meta:meta])* pub(crate) $field:ident: $type:ty,)+) => {
        /// An OTLP destination for up to three signals. A key of one signal overrides the general
        /// key for that signal.
        #[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(default, deny_unknown_fields)]
        pub(crate) struct Otlp {
            $($(#[$meta])* pub(crate) $field: $type,)+

            /// The same keys, for traces only, and `batch`.
            pub(crate) traces: OtlpTraces,
            /// The same keys, for metrics only, and `interval`.
            pub(crate) metrics: OtlpMetrics,
            /// The same keys, for logs only, and `batch`.
            pub(crate) logs: OtlpLogs,
        }

        otlp_signal! {
            /// Keys that override the general ones for traces.
            pub(crate) struct OtlpTraces {
                $($(#[$meta])* pub(crate) $field: $type,)+
            }
            /// Batching for this destination. A key that is not set has the value of
            /// `traces.batch`.
            pub(crate) batch: BatchKeys
        }

        otlp_signal! {
            /// Keys that override the general ones for metrics.
            pub(crate) struct OtlpMetrics {
                $($(#[$meta])* pub(crate) $field: $type,)+
            }
            /// The time between two exports to this destination, at least 100 ms. If it differs
            /// from that of another exporter, the sums of `console` and of exporters in code are
            /// cumulative. Default: `metrics.interval`.
            #[serde(deserialize_with = "at_least::<100, _, _>")]
            #[cfg_attr(feature = "schema", schemars(extend("default" = "60s")))]
            pub(crate) interval: Option<Interval>
        }

        otlp_signal! {
            /// Keys that override the general ones for logs.
            pub(crate) struct OtlpLogs {
                $($(#[$meta])* pub(crate) $field: $type,)+
            }
            /// Batching for this destination. A key that is not set has the value of `logs.batch`.
            pub(crate) batch: BatchKeys
        }

        /// The keys of a destination for one signal.
        #[derive(Debug, Clone, Default, PartialEq)]
        #[cfg_attr(test, derive(Serialize))]
        pub(crate) struct OtlpSignal {
            $(pub(crate) $field: $type,)+
        }

        impl Otlp {
            /// Returns the general keys.
            pub(super) fn general(&self) -> OtlpSignal {
                OtlpSignal { $($field: self.$field.clone(),)+ }
            }

            /// Returns the keys that are set for one signal.
            #[must_use]
            pub(crate) fn signal(&self, signal: Signal) -> OtlpSignal {
                match signal {
                    Signal::Traces => self.traces.common(),
                    Signal::Metrics => self.metrics.common(),
                    Signal::Logs => self.logs.common(),
                }
            }

            /// Returns the keys of one signal, with absent ones taken from the general keys.
            pub(super) fn inherited(&self, signal: Signal) -> OtlpSignal {
                let own = self.signal(signal);
                OtlpSignal { $($field: own.$field.inherit(&self.$field),)+ }
            }
        }
    };
}

/// Declares the keys of a destination for one signal: those of all signals, and one more.
macro_rules! otlp_signal {
    (
        $(#[$meta:meta])*
        pub(crate) struct $name:ident { $($(#[$field_meta:meta])* pub(crate) $field:ident: $type:ty,)+ }
        $(#[$own_meta:meta])* pub(crate) $own:ident: $own_type:ty
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(default, deny_unknown_fields)]
        pub(crate) struct $name {
            $($(#[$field_meta])* pub(crate) $field: $type,)+

            $(#[$own_meta])*
            pub(crate) $own: $own_type,
        }

        impl $name {
            /// Returns the keys that all signals have.
            fn common(&self) -> OtlpSignal {
                OtlpSignal { $($field: self.$field.clone(),)+ }
            }
        }
    };
}

otlp_tables! {
    /// The transport and encoding: `grpc`, `http/protobuf` or `http/json`. Default:
    /// `http/protobuf`.
    #[cfg_attr(feature = "schema", schemars(extend("default" = "http/protobuf")))]
    pub(crate) protocol: Option<Word<OtlpProtocol>>,

    /// The destination, a URL such as `http://collector:4318`, or for grpc also `collector:4317`.
    /// For HTTP the path of the signal (`/v1/traces`, `/v1/metrics`, `/v1/logs`) is appended. The
    /// endpoint of a single signal is used unchanged. Default: `http://localhost:4318`, or port
    /// 4317 for grpc.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["http://collector:4318", "https://collector:4317"])))]
    pub(crate) endpoint: Option<Endpoint>,

    /// Headers of every request, for example `authorization`. Their values are never printed.
    /// `{ file = "/run/secrets/token" }` reads the value from a file.
    #[cfg_attr(feature = "schema", schemars(extend(
        "propertyNames" = crate::config::value::header::possible_names(),
        "examples" = [{ "authorization": { "file": "/run/secrets/token" } }],
    )))]
    pub(crate) headers: Option<Headers>,

    /// `none` or `gzip`. Default: `none`.
    #[cfg_attr(feature = "schema", schemars(extend("default" = "none")))]
    pub(crate) compression: Option<Compression>,

    /// The maximum duration of one export, including retries. Connecting may take half of it.
    /// `"0s"` means no limit. While the destination is unreachable or reports overload, spans and
    /// log records stay queued beyond this limit, up to the capacity of the queue. They stay until
    /// it recovers or telemetry is shut down. Default: `10s`.
    #[cfg_attr(feature = "schema", schemars(extend("default" = "10s")))]
    pub(crate) timeout: Option<Timeout>,

    /// The largest request before compression, from `"64kB"` to `"1TiB"`. A batch that is larger is
    /// sent in parts. The texts of a single item that is larger are shortened. Receivers of gRPC
    /// accept 4 MiB by default. Default: `4MiB`.
    #[cfg_attr(feature = "schema", schemars(extend("default" = "4MiB")))]
    pub(crate) max_request_size: Option<ByteSize>,

    /// The largest response to read, after decompression, from `"64kB"` to `"1TiB"`. Of a larger
    /// one, only the status counts. Default: `4MiB`.
    #[cfg_attr(feature = "schema", schemars(extend("default" = "4MiB")))]
    pub(crate) max_response_size: Option<ByteSize>,

    /// Encryption of the connection. The files are read at startup and again for each new
    /// connection, so that they can be renewed while the service runs.
    pub(crate) tls: Tls,

    /// Retries of requests that failed temporarily. The delay doubles after each attempt, from
    /// `initial_backoff` up to `max_backoff`, and is shortened by up to half at random. A delay
    /// that the server requests takes precedence, up to a minute.
    pub(crate) retry: Retry,
}

impl Otlp {
    /// Returns whether an endpoint is set for `signal`, or for all signals.
    #[must_use]
    pub(crate) fn has_endpoint(&self, signal: Signal) -> bool {
        self.endpoint.is_some() || self.signal(signal).endpoint.is_some()
    }
}
