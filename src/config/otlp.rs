//! Destinations that speak OTLP: `[otlp]`, its parts for one signal, and `[exporters.NAME]`.

use std::time::Duration;

use http::uri::Scheme;
use serde::{Deserialize, Serialize};

use super::{
    signal::Signal,
    value::{
        NonEmptyString,
        duration::{Period, Timeout},
        endpoint::Endpoint,
        header::Headers,
        number::Bounded,
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

/// The encryption of a connection. The files are read when the service starts, and again for each new connection, so that
/// they can be renewed while it runs.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Tls {
    /// For a grpc endpoint that is written without a scheme (`collector:4317`): `true` means `http://`, otherwise it is
    /// `https://`. Default: `false`.
    pub insecure: Option<bool>,

    /// A PEM file with the certificates of the authorities that may vouch for the server; it replaces those of the
    /// operating system. A relative path starts at the directory of the file that says it; from a variable, at the working
    /// directory. Default: the authorities that the operating system trusts.
    pub ca_file: Option<NonEmptyString>,

    /// A PEM file with the certificate that the service shows to the server (mTLS), followed by those between it and its
    /// authority. Goes together with `key_file`.
    pub cert_file: Option<NonEmptyString>,

    /// A PEM file with the private key of the certificate in `cert_file`; it must not be encrypted.
    pub key_file: Option<NonEmptyString>,
}

/// How often a request that failed for the moment is sent again. The pauses double from the first to the longest, each by chance up to half
/// shorter; a server that asks for another pause gets it, up to a minute.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Retry {
    /// How often a request is sent at most, 1 to 1,000,000; 1 means that nothing is tried again. Default: no limit.
    pub max_attempts: Option<Attempts>,

    /// The first pause, at least 10 ms. Default: `200ms`, or `max_backoff` when that is shorter.
    pub initial_backoff: Option<Period<10>>,

    /// The longest pause, at least 10 ms. Default: `5s`, or `initial_backoff` when that is longer.
    pub max_backoff: Option<Period<10>>,
}

/// How often something is tried.
pub type Attempts = Bounded<1, 1_000_000>;

macro_rules! otlp_table {
    ($(#[$meta:meta])* $name:ident { $($(#[$extra_meta:meta])* $extra:ident: $extra_type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(default, deny_unknown_fields)]
        #[non_exhaustive]
        pub struct $name {
            /// How OTLP is carried. Default: `http/protobuf`.
            pub protocol: Option<OtlpProtocol>,

            /// Where to send to, a URL such as `http://collector:4318`; for grpc also `collector:4317`. For HTTP the path of the signal (`/v1/traces`,
            /// `/v1/metrics`, `/v1/logs`) is appended, except to an endpoint that is given for one signal, which is used
            /// as it is written. Default: `http://localhost:4318`, or port 4317 for grpc.
            pub endpoint: Option<Endpoint>,

            /// Headers that are sent with every request, for example `authorization`. The values are never printed.
            /// `{ file = "/run/secrets/token" }` stands for the text in a file.
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

            $($(#[$extra_meta])* pub $extra: $extra_type,)*
        }
    };
}

otlp_table! {
    /// One destination for up to three signals. A key given for one signal replaces the general one for that signal.
    Otlp {
        /// The same keys for traces alone.
        traces: OtlpSignal,
        /// The same keys for metrics alone.
        metrics: OtlpSignal,
        /// The same keys for logs alone.
        logs: OtlpSignal,
    }
}

otlp_table! {
    /// What differs for one signal.
    OtlpSignal {}
}

/// What is really used to send one signal to one destination.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct OtlpSettings {
    /// How OTLP is carried.
    pub protocol: OtlpProtocol,
    /// The full URL; for grpc, without a path.
    pub endpoint: Endpoint,
    /// Exactly the headers to send.
    pub headers: Headers,
    /// How requests are compressed.
    pub compression: Compression,
    /// The limit for one export.
    pub timeout: Timeout,
    /// Whether an endpoint without a scheme means `http://`.
    pub insecure: bool,
    /// The files of an encrypted connection.
    pub tls: TlsFiles,
    /// How requests that failed are sent again.
    pub retry: RetrySettings,
}

/// The files that one signal's connections to one destination are encrypted with.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct TlsFiles {
    /// The certificates of the authorities that are trusted; without one, those of the operating system.
    pub ca_file: Option<NonEmptyString>,
    /// The certificate that is shown to the server.
    pub cert_file: Option<NonEmptyString>,
    /// The private key of that certificate.
    pub key_file: Option<NonEmptyString>,
}

/// When a request that failed is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetrySettings {
    /// How often it is sent at most.
    pub max_attempts: Option<u32>,
    /// The first pause.
    pub initial_backoff: Duration,
    /// The longest pause.
    pub max_backoff: Duration,
}

impl RetrySettings {
    const INITIAL: Duration = Duration::from_millis(200);
    const LONGEST: Duration = Duration::from_secs(5);

    fn new(own: &Retry, general: &Retry) -> Self {
        let initial = own.initial_backoff.or(general.initial_backoff).map(Period::get);
        let longest = own.max_backoff.or(general.max_backoff).map(Period::get);
        Self {
            max_attempts: own.max_attempts.or(general.max_attempts).map(Bounded::get),
            initial_backoff: initial.unwrap_or_else(|| longest.unwrap_or(Self::LONGEST).min(Self::INITIAL)),
            max_backoff: longest.unwrap_or_else(|| initial.unwrap_or(Self::INITIAL).max(Self::LONGEST)),
        }
    }
}

impl Otlp {
    /// The keys for one signal.
    #[must_use]
    pub fn signal(&self, signal: Signal) -> &OtlpSignal {
        match signal {
            Signal::Traces => &self.traces,
            Signal::Metrics => &self.metrics,
            Signal::Logs => &self.logs,
        }
    }

    /// Whether somebody said where `signal` shall go.
    #[must_use]
    pub fn has_endpoint(&self, signal: Signal) -> bool {
        self.endpoint.is_some() || self.signal(signal).endpoint.is_some()
    }

    /// Resolves what one signal inherits and what defaults depend on.
    #[must_use]
    pub fn settings(&self, signal: Signal) -> OtlpSettings {
        let own = self.signal(signal);
        let protocol = own.protocol.or(self.protocol).unwrap_or(OtlpProtocol::HttpProtobuf);
        let insecure = own.tls.insecure.or(self.tls.insecure).unwrap_or(false);
        let endpoint = match (&own.endpoint, &self.endpoint) {
            (Some(own), _) => own.clone(),
            (None, Some(general)) => for_signal(general, protocol, signal),
            (None, None) => for_signal(&local(protocol), protocol, signal),
        };
        let endpoint = match protocol {
            OtlpProtocol::Grpc => {
                endpoint.without_path().or_scheme(if insecure { Scheme::HTTP } else { Scheme::HTTPS })
            }
            // Refused when the configuration is validated.
            OtlpProtocol::HttpProtobuf | OtlpProtocol::HttpJson => endpoint,
        };
        let file = |own: &Option<NonEmptyString>, general: &Option<NonEmptyString>| {
            own.as_ref().or(general.as_ref()).cloned()
        };
        OtlpSettings {
            protocol,
            endpoint,
            insecure,
            tls: TlsFiles {
                ca_file: file(&own.tls.ca_file, &self.tls.ca_file),
                cert_file: file(&own.tls.cert_file, &self.tls.cert_file),
                key_file: file(&own.tls.key_file, &self.tls.key_file),
            },
            headers: own.headers.as_ref().or(self.headers.as_ref()).cloned().unwrap_or_default(),
            compression: own.compression.or(self.compression).unwrap_or(Compression::None),
            timeout: own.timeout.or(self.timeout).unwrap_or(Timeout::from_secs(10)),
            retry: RetrySettings::new(&own.retry, &self.retry),
        }
    }
}

fn for_signal(general: &Endpoint, protocol: OtlpProtocol, signal: Signal) -> Endpoint {
    match protocol {
        OtlpProtocol::Grpc => general.clone(),
        OtlpProtocol::HttpProtobuf | OtlpProtocol::HttpJson => general.join(&format!("v1/{signal}")),
    }
}

fn local(protocol: OtlpProtocol) -> Endpoint {
    let uri = http::Uri::builder()
        .scheme("http")
        .authority(format!("localhost:{}", protocol.default_port()))
        .path_and_query("/")
        .build()
        .expect("a fixed URL is valid");
    Endpoint::from(uri)
}
