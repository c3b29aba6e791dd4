//! Where an OTLP exporter sends to.

use std::fmt;

use http::Uri;

use super::text::{FromText, Rejection, text_type};

/// An absolute `http://` or `https://` URL without user information and fragment.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint(Uri);

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Endpoint {
    pub(crate) fn uri(&self) -> &Uri {
        &self.0
    }

    /// Whether the connection is encrypted.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.scheme_str() == Some("https")
    }

    /// The port, given or implied by the scheme.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.port_u16().unwrap_or(if self.is_https() { 443 } else { 80 })
    }

    /// Whether there is a path other than `/`.
    #[must_use]
    pub fn has_path(&self) -> bool {
        self.0.path() != "/"
    }

    /// The endpoint with `path` behind its own path, joined with exactly one slash. A query stays at the end.
    ///
    /// See the specification, "OpenTelemetry Protocol Exporter", "Endpoint URLs for OTLP/HTTP".
    #[must_use]
    pub(crate) fn join(&self, path: &str) -> Self {
        let query = self.0.query().map(|query| format!("?{query}")).unwrap_or_default();
        let path = format!("{}/{path}{query}", self.0.path().trim_end_matches('/'));
        let mut parts = self.0.clone().into_parts();
        parts.path_and_query = path.parse().ok();
        Self(Uri::from_parts(parts).unwrap_or_else(|_| self.0.clone()))
    }
}

impl FromText for Endpoint {
    const EXPECTED: &'static str = "a URL in quotes";
    const PATTERN: Option<&'static str> = Some(r"^\s*[hH][tT][tT][pP][sS]?://[^@#\s]+$");

    fn from_text(text: &str) -> Result<Self, Rejection> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Rejection::new("must not be empty"));
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(Rejection::new(format!("{:?} has no scheme", shown(text)))
                .with_help(format!("write \"http://{0}\" or \"https://{0}\"", shown(text))));
        };
        if !matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https") {
            return Err(Rejection::new(format!("the scheme {scheme:?} is not supported"))
                .with_help("use http:// or https://"));
        }
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        // Anywhere, not only where it belongs: a password may hold what ends an authority.
        if rest.contains('@') {
            return Err(Rejection::new("a URL with user information is not supported")
                .with_help("send the credentials in a header, for example `authorization`"));
        }
        if text.contains('#') {
            return Err(Rejection::new(format!(
                "{:?} has a fragment (#…), which is never sent",
                shown(text)
            )));
        }
        match text.parse::<Uri>() {
            Ok(uri) if uri.host().is_some_and(|host| !host.is_empty()) && port_is_good(authority) => {
                Ok(Self(uri))
            }
            _ => Err(Rejection::new(format!("{:?} is not a URL", shown(text)))
                .with_help("for example \"http://localhost:4318\"")),
        }
    }
}

/// `Uri` accepts `host:` and `host:99999`; neither can be connected to.
fn port_is_good(authority: &str) -> bool {
    let after_host = authority.rsplit_once(']').map_or(authority, |(_, port)| port);
    match after_host.rsplit_once(':') {
        Some((_, port)) => port.parse::<u16>().is_ok_and(|port| port > 0),
        None => true,
    }
}

/// What may be shown of a text that could hold credentials before an `@` or in a query.
fn shown(text: &str) -> &str {
    let text = text.split('?').next().unwrap_or_default();
    text.rsplit_once('@').map_or(text, |(_, host)| host)
}

/// The URL; a query is masked, since some destinations want their token in it.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let authority = self.0.authority().map_or("", http::uri::Authority::as_str);
        write!(f, "{}://{authority}", self.0.scheme_str().unwrap_or_default())?;
        match (self.0.path(), self.0.query()) {
            // The URI type writes the path "/" where none was given.
            ("/", None) => Ok(()),
            (path, None) => f.write_str(path),
            (path, Some(_)) => write!(f, "{path}?***"),
        }
    }
}

impl From<Uri> for Endpoint {
    fn from(uri: Uri) -> Self {
        Self(uri)
    }
}

text_type!(Endpoint);

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(text: &str) -> String {
        Endpoint::from_text(text).unwrap().join("v1/traces").uri().to_string()
    }

    #[test]
    fn joins_with_one_slash_before_the_query() {
        assert_eq!(joined("http://c:4318"), "http://c:4318/v1/traces");
        assert_eq!(joined("http://c:4318/"), "http://c:4318/v1/traces");
        assert_eq!(joined("https://c/otlp/?k=v"), "https://c/otlp/v1/traces?k=v");
    }

    #[test]
    fn refuses_what_cannot_be_dialled() {
        for text in [
            "collector:4317",
            "localhost",
            "ftp://c",
            "http://",
            "http://:4318",
            "http://u:p@c",
            "http://c/#x",
            "http://c:99999",
            "http://c:",
            "http://c d",
        ] {
            assert!(Endpoint::from_text(text).is_err(), "{text}");
        }
        assert!(Endpoint::from_text("http://[::1]:4318").is_ok());
    }

    #[test]
    fn never_shows_credentials() {
        for text in [
            "http://user:hunter2@c",
            "user:hunter2@c:4317",
            "http:// c?token=hunter2",
            "http://u:hunter2#x@c",
            "http://u:hunter2/x@c",
            "http://u:1234/hunter2@c",
        ] {
            let rejection = Endpoint::from_text(text).unwrap_err();
            assert!(!rejection.to_string().contains("hunter2"), "{rejection}");
        }
        let endpoint = Endpoint::from_text("http://c:4318/x?token=hunter2").unwrap();
        assert_eq!(endpoint.to_string(), "http://c:4318/x?***");
        assert!(!format!("{endpoint:?}").contains("hunter2"));
    }
}
