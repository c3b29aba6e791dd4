//! The rules for one signal that goes to one OTLP destination.

use super::rule_violation::{RuleViolation, Severity};
use crate::config::{
    Config, Endpoint, ExporterName, FilePath, Otlp, OtlpProtocol, OtlpSettings, Signal, TlsFiles,
    format_duration,
    key_path::key_path,
    otlp::{OtlpSignal, Tls},
    value::unreplaced_reference,
};

/// The name of a key in `[otlp.tls]`, and its value.
type TlsKey = (&'static str, fn(&Tls) -> &Option<FilePath>);

const CA_FILE: TlsKey = ("ca_file", |tls| &tls.ca_file);
const CERT_FILE: TlsKey = ("cert_file", |tls| &tls.cert_file);
const KEY_FILE: TlsKey = ("key_file", |tls| &tls.key_file);

/// One signal and one destination, with the table that configures it.
pub(crate) struct Destination<'c> {
    signal: Signal,
    table: String,
    otlp: &'c Otlp,
    /// The keys that are set for the signal.
    own: OtlpSignal,
    settings: OtlpSettings,
}

impl<'c> Destination<'c> {
    /// Returns `None` for an exporter that does not use OTLP, or does not exist.
    pub(crate) fn new(config: &'c Config, exporter: &ExporterName, signal: Signal) -> Option<Self> {
        let (otlp, table) = (config.otlp_table(exporter)?, exporter.otlp_table_name()?);
        Some(Self { signal, table, otlp, own: otlp.signal(signal), settings: otlp.settings(signal) })
    }

    /// Adds all violations of rules.
    pub(crate) fn check(&self, found: &mut Vec<RuleViolation>) {
        self.features(found);
        self.retry(found);
        self.reference(found);
        self.headers(found);
        if self.scheme(found) {
            self.path(found);
            self.port(found);
            self.tls(found);
        }
    }

    /// Returns the TLS files; `None` without encryption.
    #[cfg(feature = "tls")]
    pub(crate) fn tls_files(&self) -> Option<KeyedTlsFiles> {
        let TlsFiles { ca_file, cert_file, key_file } = &self.settings.tls.files;
        let keyed = |key, file: &Option<FilePath>| Some((self.tls_key(key), file.clone()?));
        self.settings.endpoint.is_https().then(|| KeyedTlsFiles {
            ca: keyed(CA_FILE, ca_file),
            cert: keyed(CERT_FILE, cert_file),
            key: keyed(KEY_FILE, key_file),
        })
    }

    /// Returns the effective key: that of the signal if it is set, otherwise the general one.
    fn key(&self, name: &str, set_for_signal: bool) -> String {
        if set_for_signal {
            format!("{}.{}.{name}", self.table, self.signal)
        } else {
            format!("{}.{name}", self.table)
        }
    }

    fn tls_key(&self, (name, file): TlsKey) -> String {
        self.key(&format!("tls.{name}"), file(&self.own.tls).is_some())
    }

    fn endpoint_key(&self) -> String {
        self.key("endpoint", self.has_own_endpoint())
    }

    fn protocol_key(&self) -> String {
        self.key("protocol", self.own.protocol.is_some())
    }

    fn insecure_key(&self) -> String {
        self.key("tls.insecure", self.own.tls.insecure.is_some())
    }

    fn has_own_endpoint(&self) -> bool {
        self.own.endpoint.is_some()
    }

    /// Returns the endpoint as it is written.
    fn written(&self) -> Option<&Endpoint> {
        self.own.endpoint.as_ref().or(self.otlp.endpoint.as_ref())
    }

    fn is_grpc(&self) -> bool {
        self.settings.protocol == OtlpProtocol::Grpc
    }

    fn features(&self, found: &mut Vec<RuleViolation>) {
        if self.is_grpc() && !cfg!(feature = "grpc") {
            found.push(RuleViolation::compiled_out(&[&self.protocol_key()], "grpc"));
        }
        if self.settings.endpoint.is_https() && !cfg!(feature = "tls") {
            let keys = [&*self.endpoint_key(), &self.protocol_key(), &self.insecure_key()];
            found.push(RuleViolation::compiled_out(&keys, "tls"));
        }
        if !cfg!(feature = "tls") {
            found.extend(self.named_files().map(|(key, _)| RuleViolation::compiled_out(&[&key], "tls")));
        }
    }

    /// Returns the keys of the files that are set, and whether each is a key of the signal.
    fn named_files(&self) -> impl Iterator<Item = (String, bool)> {
        [CA_FILE, CERT_FILE, KEY_FILE].into_iter().filter_map(|key| {
            let is_own = key.1(&self.own.tls).is_some();
            (is_own || key.1(&self.otlp.tls).is_some()).then(|| (self.tls_key(key), is_own))
        })
    }

    fn retry(&self, found: &mut Vec<RuleViolation>) {
        let (own, retry) = (&self.own.retry, &self.settings.retry);
        if retry.initial_backoff > retry.max_backoff {
            let first = self.key("retry.initial_backoff", own.initial_backoff.is_some());
            let longest = self.key("retry.max_backoff", own.max_backoff.is_some());
            let (initial, max) = (format_duration(retry.initial_backoff), format_duration(retry.max_backoff));
            let message = format!("\"{initial}\" is longer than the maximum ({longest} = \"{max}\")");
            found.push(RuleViolation::error(&[&first, &longest], message));
        }
    }

    /// Reports a reference that was meant to be replaced before.
    fn reference(&self, found: &mut Vec<RuleViolation>) {
        // The text contains no query, which may be a secret.
        let written = self.written().map(ToString::to_string).unwrap_or_default();
        if let Some(reference) = unreplaced_reference(&written) {
            found.push(RuleViolation::unreplaced(&self.endpoint_key(), reference));
        }
    }

    /// Reports headers that end with a reference in the syntax of another program. Their values are
    /// not shown.
    fn headers(&self, found: &mut Vec<RuleViolation>) {
        let is_set_for_signal = self.own.headers.is_some();
        for (name, value) in &self.settings.headers {
            let word = value.expose().rsplit(' ').next().unwrap_or_default();
            let is_name = !word.contains(|c: char| c.is_ascii_lowercase());
            if is_name && unreplaced_reference(word) == Some(word) {
                let mut key = key_path(&self.key("headers", is_set_for_signal));
                key.push(name.as_str().to_owned());
                let message = "the value ends with a reference to a variable, which was not replaced";
                let violation =
                    RuleViolation { severity: Severity::Warning, ..RuleViolation::of(key, message) };
                found.push(violation.with_help("write ${NAME} in the file"));
            }
        }
    }

    /// Checks the scheme, which only grpc can omit. Returns whether the other rules apply.
    fn scheme(&self, found: &mut Vec<RuleViolation>) -> bool {
        let written = self.written();
        if let Some(written) = written.filter(|written| !self.is_grpc() && !written.has_scheme()) {
            let message = format!("\"{written}\" has no scheme, which {} requires", self.settings.protocol);
            let help =
                format!("write \"http://{written}\" or \"https://{written}\", or use the protocol \"grpc\"");
            let keys = [&*self.endpoint_key(), &self.protocol_key()];
            found.push(RuleViolation::error(&keys, message).with_help(help));
            return false;
        }
        if self.settings.tls.insecure && (!self.is_grpc() || written.is_none_or(Endpoint::has_scheme)) {
            let message = "has no effect: it applies only to grpc endpoints without a scheme";
            found.push(RuleViolation::warning(&[&self.insecure_key()], message));
        }
        true
    }

    fn path(&self, found: &mut Vec<RuleViolation>) {
        let (signal, endpoint) = (self.signal, &self.settings.endpoint);
        let warning = |message: &str| RuleViolation::warning(&[&self.endpoint_key()], message);
        if self.is_grpc() {
            if let Some(written) = self.written().filter(|written| written.has_path()) {
                found.push(warning(&format!("grpc ignores the path of {written}")));
            }
        } else if self.has_own_endpoint() {
            if !endpoint.has_path() {
                let help = format!("write {} for the usual path", endpoint.join(&format!("v1/{signal}")));
                found.push(
                    warning("has no path; the endpoint of a single signal is used unchanged").with_help(help),
                );
            }
            // A base URL from a variable may end with a slash.
            if endpoint.uri().path().ends_with(&format!("//v1/{signal}")) {
                let help = "remove the slash at the end of the base URL";
                found.push(warning("the path has an empty segment, `//`").with_help(help));
            }
        } else {
            let path = endpoint.uri().path();
            if Signal::ALL.iter().any(|other| path.ends_with(&format!("v1/{other}/v1/{signal}"))) {
                // The same message for all signals, so that it is reported once.
                let message =
                    "the path already contains that of a signal; the path of each signal is appended to it";
                found.push(
                    warning(message).with_help("remove the path, or set the endpoint of a single signal"),
                );
            }
        }
    }

    fn port(&self, found: &mut Vec<RuleViolation>) {
        let (protocol, port) = (self.settings.protocol, self.settings.endpoint.port());
        let other = if self.is_grpc() { OtlpProtocol::HttpProtobuf } else { OtlpProtocol::Grpc };
        if port == other.default_port() {
            let message =
                format!("port {port} is the default port of {other}, but the protocol is {protocol}");
            let help = format!("change `{}`, or use port {}", self.protocol_key(), protocol.default_port());
            found.push(RuleViolation::warning(&[&self.endpoint_key()], message).with_help(help));
        }
    }

    /// Reports TLS files without encryption, and a certificate without its key.
    fn tls(&self, found: &mut Vec<RuleViolation>) {
        if !self.settings.endpoint.is_https() {
            // A general key may be meant for other signals.
            let is_used = || Signal::ALL.iter().any(|signal| self.otlp.settings(*signal).endpoint.is_https());
            for (key, _) in self.named_files().filter(|(_, is_own)| *is_own || !is_used()) {
                let help = match self.written() {
                    Some(written) if !written.has_scheme() => "remove `insecure`, or this key".to_owned(),
                    _ => format!("use https:// in `{}`, or remove this key", self.endpoint_key()),
                };
                let message = "the connection is not encrypted, because the endpoint uses http://";
                let keys = [&*key, &self.endpoint_key(), &self.insecure_key()];
                found.push(RuleViolation::error(&keys, message).with_help(help));
            }
            return;
        }
        let TlsFiles { ca_file: _, cert_file, key_file } = &self.settings.tls.files;
        let alone = match (cert_file, key_file) {
            (Some(_), None) => Some((CERT_FILE, KEY_FILE, "a certificate requires its private key")),
            (None, Some(_)) => Some((KEY_FILE, CERT_FILE, "a private key requires its certificate")),
            _ => None,
        };
        if let Some((set, (missing, _), message)) = alone {
            let set = self.tls_key(set);
            let table = set.rsplit_once('.').map_or("", |(table, _)| table);
            found.push(RuleViolation::error(&[&set], message).with_help(format!("set `{table}.{missing}`")));
        }
    }
}

/// The TLS files of one destination, each with the key that sets it.
#[cfg(feature = "tls")]
#[derive(Debug)]
pub(crate) struct KeyedTlsFiles {
    pub(crate) ca: Option<(String, FilePath)>,
    pub(crate) cert: Option<(String, FilePath)>,
    pub(crate) key: Option<(String, FilePath)>,
}
