//! Headers of an OTLP request.

use std::{collections::BTreeMap, fmt};

use super::{ConfigValue, ParseError, string_value};

/// Header names (lower case) and their secret values.
pub(crate) type Headers = BTreeMap<HeaderName, SecretString>;

/// Names that the transport sets; a configured value would break the request.
const RESERVED: &[&str] = &[
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "grpc-encoding",
    "grpc-timeout",
    "host",
    "te",
    "transfer-encoding",
];

/// The name of a header, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct HeaderName(String);

impl HeaderName {
    /// Returns the name.
    #[must_use]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ConfigValue for HeaderName {
    const EXPECTED: &'static str = "the name of a header";
    const IGNORES_CASE: bool = true;

    fn parse_str(text: &str) -> Result<Self, ParseError> {
        // An invalid name may be a misplaced token, so it is not shown.
        let name = http::HeaderName::from_bytes(text.as_bytes()).map_err(|_| {
            let error = ParseError::of_key(
                "contains an invalid header name, which is not shown because it may be a secret",
            );
            let colon = text.contains(':');
            if colon { error.with_help("separate the name from its value by `=`, not `:`") } else { error }
        })?;
        if RESERVED.contains(&name.as_str()) {
            return Err(ParseError::of_key(format!("the header `{name}` is reserved for the exporter")));
        }
        Ok(Self(name.as_str().to_owned()))
    }
}

string_value!(HeaderName);

/// Returns the schema of the names that headers may have.
#[cfg(feature = "schema")]
pub(crate) fn possible_names() -> serde_json::Value {
    serde_json::json!({ "pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" })
}

/// The value of a header. It may be a token, so `Debug`, `Display` and `Serialize` write `***`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SecretString(String);

impl SecretString {
    /// Returns the value, for sending it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for SecretString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl ConfigValue for SecretString {
    const EXPECTED: &'static str = "a string in quotes";
    const SECRET: bool = true;

    fn parse_str(text: &str) -> Result<Self, ParseError> {
        // gRPC metadata and HTTP/2 intermediaries agree on visible ASCII only.
        if text.bytes().all(|byte| (0x20..0x7f).contains(&byte) || byte == b'\t') {
            Ok(Self(text.to_owned()))
        } else {
            Err(ParseError::new("contains characters that are not allowed in a header")
                .with_help("use printable ASCII only; the value is not shown because it may be a secret"))
        }
    }
}

string_value!(SecretString);
