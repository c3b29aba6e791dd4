//! The endpoint of an OTLP destination.

use std::fmt;

use http::{
    Uri,
    uri::{PathAndQuery, Scheme},
};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{ConfigValue, ParseError, string_value, unreplaced_reference};

/// An absolute `http://` or `https://` URL without user information or fragment. For grpc, also a
/// host and port without a scheme.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    uri: Uri,
    /// If `false`, the scheme of `uri` is a placeholder.
    has_scheme: bool,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Endpoint {
    /// Returns `http://localhost` with this port.
    pub(crate) fn localhost(port: u16) -> Self {
        let uri = Uri::builder().scheme(Scheme::HTTP).authority(format!("localhost:{port}"));
        let uri = uri.path_and_query("/").build().expect("a fixed URL is valid");
        Self { uri, has_scheme: true }
    }

    pub(crate) fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Returns whether the endpoint has a scheme, `http://` or `https://`.
    #[must_use]
    pub(crate) fn has_scheme(&self) -> bool {
        self.has_scheme
    }

    /// Adds a scheme to an endpoint without one.
    #[must_use]
    pub(crate) fn or_scheme(&self, scheme: Scheme) -> Self {
        if self.has_scheme {
            return self.clone();
        }
        let mut parts = self.uri.clone().into_parts();
        parts.scheme = Some(scheme);
        Self { uri: Uri::from_parts(parts).unwrap_or_else(|_| self.uri.clone()), has_scheme: true }
    }

    /// Removes path and query, which gRPC does not use.
    #[must_use]
    pub(crate) fn without_path(&self) -> Self {
        let mut parts = self.uri.clone().into_parts();
        parts.path_and_query = Some(PathAndQuery::from_static("/"));
        Self { uri: Uri::from_parts(parts).unwrap_or_else(|_| self.uri.clone()), ..*self }
    }

    /// Returns whether the connection is encrypted.
    #[must_use]
    pub(crate) fn is_https(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }

    /// Returns the port, explicit or implied by the scheme.
    #[must_use]
    pub(crate) fn port(&self) -> u16 {
        self.uri.port_u16().unwrap_or(if self.is_https() { 443 } else { 80 })
    }

    /// Returns the host name or address, without the brackets of IPv6.
    #[must_use]
    pub(crate) fn host(&self) -> &str {
        self.uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']')
    }

    /// Returns host and port, as `host:port`.
    #[must_use]
    pub(crate) fn host_and_port(&self) -> String {
        format!("{}:{}", self.uri.host().unwrap_or_default(), self.port())
    }

    /// Returns whether there is a path other than `/`.
    #[must_use]
    pub(crate) fn has_path(&self) -> bool {
        self.uri.path() != "/"
    }

    /// Appends `path` to the path of the endpoint, joined with exactly one slash. A query stays at
    /// the end.
    ///
    /// See the specification, "OpenTelemetry Protocol Exporter", "Endpoint URLs for OTLP/HTTP".
    #[must_use]
    pub(crate) fn join(&self, path: &str) -> Self {
        let query = self.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        let path = format!("{}/{path}{query}", self.uri.path().trim_end_matches('/'));
        let mut parts = self.uri.clone().into_parts();
        parts.path_and_query = path.parse().ok();
        Self { uri: Uri::from_parts(parts).unwrap_or_else(|_| self.uri.clone()), ..*self }
    }

    /// Adds a parameter to the query.
    #[must_use]
    pub(crate) fn with_parameter(&self, name: &str, value: &str) -> Self {
        let value = utf8_percent_encode(value, NON_ALPHANUMERIC);
        let before = self.uri.query().map(|query| format!("{query}&")).unwrap_or_default();
        let path = format!("{}?{before}{name}={value}", self.uri.path());
        let mut parts = self.uri.clone().into_parts();
        parts.path_and_query = path.parse().ok();
        Self { uri: Uri::from_parts(parts).unwrap_or_else(|_| self.uri.clone()), ..*self }
    }
}

impl ConfigValue for Endpoint {
    const EXPECTED: &'static str = "a URL in quotes";
    const PATTERN: Option<&'static str> = Some(
        r"^\s*([hH][tT][tT][pP][sS]?://)?[^@#\s/:]+(:[0-9]+)?([/?][^@#\s]*)?\s*$|^\s*[hH][tT][tT][pP][sS]?://\[",
    );

    fn parse_str(text: &str) -> Result<Self, ParseError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(ParseError::new("must not be empty"));
        }
        // Searched in the whole text: a password may contain characters that end an authority.
        if text.contains('@') {
            return Err(ParseError::new("a URL with user information is not supported")
                .with_help("send the credentials in a header, for example `authorization`"));
        }
        let is_scheme = |scheme: &str| scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
        let (scheme, rest) = match text.split_once("://").filter(|(scheme, _)| is_scheme(scheme)) {
            Some((scheme, rest)) => (Some(scheme), rest),
            None => (None, text),
        };
        if let Some(scheme) =
            scheme.filter(|scheme| !["http", "https"].contains(&&*scheme.to_ascii_lowercase()))
        {
            return Err(ParseError::new(format!("the scheme {scheme:?} is not supported"))
                .with_help("use http:// or https://"));
        }
        if text.contains('#') {
            return Err(ParseError::new(format!(
                "{:?} has a fragment (#…), which is never sent",
                shown(text)
            )));
        }
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        match format!("{}://{rest}", scheme.unwrap_or("http")).parse::<Uri>() {
            // `http//host` is a scheme without its colon.
            Ok(uri)
                if uri.host().is_some_and(|host| !host.is_empty() && !["http", "https"].contains(&host))
                    && port_is_good(authority) =>
            {
                Ok(Self { uri, has_scheme: scheme.is_some() })
            }
            _ => {
                let help = match unreplaced_reference(shown(text)) {
                    Some(reference) => format!("replace the reference `{reference}`"),
                    None => "write a URL such as \"http://localhost:4318\"".to_owned(),
                };
                Err(ParseError::new(format!("{:?} is not a URL", shown(text))).with_help(help))
            }
        }
    }
}

/// Checks the port of an authority. `Uri` accepts `host:` and `host:99999`, which are not valid.
pub(crate) fn port_is_good(authority: &str) -> bool {
    let after_host = authority.rsplit_once(']').map_or(authority, |(_, port)| port);
    match after_host.rsplit_once(':') {
        Some((_, port)) => port.parse::<u16>().is_ok_and(|port| port > 0),
        None => true,
    }
}

/// Returns the part of a text without credentials, which may be before an `@` or in a query.
fn shown(text: &str) -> &str {
    let text = text.split('?').next().unwrap_or_default();
    text.rsplit_once('@').map_or(text, |(_, host)| host)
}

/// Writes the URL. A query is masked, since some destinations expect a token in it.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let authority = self.uri.authority().map_or("", http::uri::Authority::as_str);
        match self.uri.scheme_str().filter(|_| self.has_scheme) {
            Some(scheme) => write!(f, "{scheme}://{authority}")?,
            None => f.write_str(authority)?,
        }
        match (self.uri.path(), self.uri.query()) {
            // `Uri` adds the path "/" to a URL without one.
            ("/", None) => Ok(()),
            (path, None) => f.write_str(path),
            (path, Some(_)) => write!(f, "{path}?***"),
        }
    }
}

string_value!(Endpoint);

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(text: &str) -> String {
        Endpoint::parse_str(text).unwrap().join("v1/traces").uri().to_string()
    }

    #[test]
    fn join_with_query_adds_one_slash_before_it() {
        assert_eq!(joined("http://c:4318"), "http://c:4318/v1/traces");
        assert_eq!(joined("http://c:4318/"), "http://c:4318/v1/traces");
        assert_eq!(joined("https://c/otlp/?k=v"), "https://c/otlp/v1/traces?k=v");
    }

    #[test]
    fn parameter_is_added_to_the_query() {
        let with = |text: &str| {
            Endpoint::parse_str(text).unwrap().with_parameter("service", "a b&c/ä").uri().to_string()
        };
        assert_eq!(with("http://c:5778/sampling"), "http://c:5778/sampling?service=a%20b%26c%2F%C3%A4");
        assert_eq!(with("http://c/?k=v"), "http://c/?k=v&service=a%20b%26c%2F%C3%A4");
    }

    #[test]
    fn endpoint_without_valid_host_or_port_is_refused() {
        for text in [
            "ftp://c",
            "http://",
            "http://:4318",
            "http://u:p@c",
            "http://c/#x",
            "http://c:99999",
            "http://c:",
            "http://c d",
        ] {
            assert!(Endpoint::parse_str(text).is_err(), "{text}");
        }
        assert!(Endpoint::parse_str("http://[::1]:4318").is_ok());
    }

    #[test]
    fn credentials_are_never_shown() {
        for text in [
            "http://user:hunter2@c",
            "user:hunter2@c:4317",
            "http:// c?token=hunter2",
            "http://u:hunter2#x@c",
            "http://u:hunter2/x@c",
            "http://u:1234/hunter2@c",
            "user:hunter2://x@c",
            "c d:1?token=hunter2&next=https://x",
        ] {
            let error = Endpoint::parse_str(text).unwrap_err();
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
        let endpoint = Endpoint::parse_str("http://c:4318/x?token=hunter2").unwrap();
        assert_eq!(endpoint.to_string(), "http://c:4318/x?***");
        assert!(!format!("{endpoint:?}").contains("hunter2"));
    }
}
