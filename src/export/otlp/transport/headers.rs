//! The headers of requests.

use http::{HeaderMap, HeaderName, HeaderValue, header::USER_AGENT};

use crate::config::Headers;

/// The value of `user-agent`. As the specification recommends, the name of the distribution
/// precedes that of the exporter.
const AGENT: &str = concat!(
    "autotelemetry/",
    env!("CARGO_PKG_VERSION"),
    " OTel-OTLP-Exporter-Rust/",
    env!("CARGO_PKG_VERSION")
);

/// Returns the headers of every request. The configuration has already validated `headers`.
pub(super) fn header_map(headers: &Headers) -> HeaderMap {
    let mut map = HeaderMap::with_capacity(headers.len() + 3);
    map.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    for (name, value) in headers {
        if let (Ok(name), Ok(mut value)) =
            (HeaderName::from_bytes(name.as_str().as_bytes()), HeaderValue::from_str(value.expose()))
        {
            value.set_sensitive(true);
            map.insert(name, value);
        }
    }
    map
}
