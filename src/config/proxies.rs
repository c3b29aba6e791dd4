//! HTTP proxies for OTLP destinations.

use http::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

use super::{OtlpProtocol, OtlpSettings, no_proxy::NoProxy};

/// Selects the proxy of each destination.
#[derive(Debug)]
pub(crate) struct Proxies {
    matcher: Matcher,
    no_proxy: NoProxy,
    http: Option<ProxyVariable>,
    https: Option<ProxyVariable>,
}

/// The variable that sets a proxy.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProxyVariable {
    pub(crate) name: &'static str,
    pub(crate) is_usable: bool,
}

impl Proxies {
    pub(crate) fn new(
        matcher: Matcher,
        no_proxy: NoProxy,
        http: Option<ProxyVariable>,
        https: Option<ProxyVariable>,
    ) -> Self {
        Self { matcher, no_proxy, http, https }
    }

    /// Returns whether a variable sets a proxy.
    pub(crate) fn has_any(&self) -> bool {
        self.http.is_some() || self.https.is_some()
    }

    /// Returns the proxy to use for a destination.
    pub(crate) fn proxy_for(&self, destination: &OtlpSettings) -> Option<Intercept> {
        let (proxy, variable) = self.configured_for(destination.endpoint.uri())?;
        (variable.is_usable && !is_plain_grpc(destination)).then_some(proxy)
    }

    /// Returns the proxy that a variable sets for a destination, usable or not.
    pub(crate) fn configured_for(&self, destination: &Uri) -> Option<(Intercept, ProxyVariable)> {
        let is_https = destination.scheme_str() == Some("https");
        let host = destination.host()?;
        let port = destination.port_u16().unwrap_or(if is_https { 443 } else { 80 });
        if is_loopback(host) || self.no_proxy.matches(host, port) {
            return None;
        }
        let variable = if is_https { self.https } else { self.http };
        Some((self.matcher.intercept(destination)?, variable?))
    }
}

/// Returns whether no proxy can be used: HTTP/2 without encryption does not pass through proxies.
pub(crate) fn is_plain_grpc(destination: &OtlpSettings) -> bool {
    destination.protocol == OtlpProtocol::Grpc && !destination.endpoint.is_https()
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}
