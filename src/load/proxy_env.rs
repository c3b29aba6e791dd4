//! The proxy variables `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in upper or lower
//! case. They are a common convention of network programs, not keys of the configuration.

use std::collections::HashSet;

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;

use super::environment::Environment;
use crate::{
    config::{
        Config, Signal,
        no_proxy::NoProxy,
        port_is_good,
        proxies::{Proxies, ProxyVariable, is_plain_grpc},
        value::unreplaced_reference,
    },
    error::{Origin, Problem},
};

/// Reads the variables.
pub(crate) fn proxies(environment: &Environment) -> Proxies {
    // A web server passes the header `Proxy` of a request to a CGI program as `HTTP_PROXY`.
    let is_cgi = environment.get("REQUEST_METHOD").is_some();
    let http = if is_cgi { "http_proxy" } else { "HTTP_PROXY" };
    let (http, of_http) = first(environment, [http, "http_proxy", "ALL_PROXY", "all_proxy"]);
    let (https, of_https) = first(environment, ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]);
    let no_proxy = environment.get("NO_PROXY").or_else(|| environment.get("no_proxy")).unwrap_or_default();
    let matcher = Matcher::builder().http(of_http).https(of_https).build();
    Proxies::new(matcher, NoProxy::new(no_proxy), http, https)
}

/// Returns a warning for each proxy that a used destination cannot use, and for an unreadable
/// `NO_PROXY`.
pub(crate) fn warnings(environment: &Environment, proxies: &Proxies, config: &Config) -> Vec<Problem> {
    let mut warnings: Vec<_> = environment
        .not_unicode()
        .iter()
        .filter(|name| name.eq_ignore_ascii_case("NO_PROXY"))
        .map(|name| {
            Problem::new("the value is not valid UTF-8, ignored").with_origin(Origin::Env(name.clone()))
        })
        .collect();
    if !proxies.has_any() {
        return warnings;
    }
    let mut seen = HashSet::new();
    let of_signal = |signal| {
        let exporters = config.exporters(signal).iter();
        exporters.filter_map(move |exporter| config.otlp_settings(exporter, signal))
    };
    for destination in Signal::ALL.into_iter().filter(|_| !config.disabled).flat_map(of_signal) {
        let Some((_, variable)) = proxies.configured_for(destination.endpoint.uri()) else { continue };
        // The value may contain a password, so it is not shown.
        let problem = if !variable.is_usable {
            Problem::new("is not the URL of an HTTP proxy, ignored")
                .with_help("write a URL such as http://proxy:3128")
        } else if is_plain_grpc(&destination) {
            let help = "use https://, or add the host to NO_PROXY";
            Problem::new(format!("is not used for grpc over http:// ({})", destination.endpoint))
                .with_help(help)
        } else {
            continue;
        };
        if seen.insert((variable.name, problem.message.clone())) {
            warnings.push(problem.with_origin(Origin::Env(variable.name.to_owned())));
        }
    }
    warnings
}

/// Returns the first of these variables that is set, and its value. An unusable value is replaced
/// by a placeholder, so that the destinations that it applies to are known.
fn first(environment: &Environment, names: [&'static str; 4]) -> (Option<ProxyVariable>, String) {
    const PLACEHOLDER: &str = "http://unusable";
    for name in names {
        if environment.not_unicode().contains(name) {
            return (Some(ProxyVariable { name, is_usable: false }), PLACEHOLDER.to_owned());
        }
        if let Some(value) = environment.get(name) {
            let is_usable = is_usable(value);
            let value = if is_usable { value } else { PLACEHOLDER };
            return (Some(ProxyVariable { name, is_usable }), value.to_owned());
        }
    }
    (None, String::new())
}

/// Returns whether `value` is `[http://][user:password@]host[:port]`.
fn is_usable(value: &str) -> bool {
    let Ok(uri) = value.parse::<Uri>() else { return false };
    let Some(authority) = uri.authority() else { return false };
    let (_, host) = authority.as_str().rsplit_once('@').unwrap_or(("", authority.as_str()));
    let is_http = uri.scheme_str().is_none_or(|scheme| scheme == "http");
    is_http && !authority.host().is_empty() && port_is_good(host) && unreplaced_reference(host).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(variables: &[(&str, &str)], destination: &str) -> Option<String> {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let proxies = proxies(&Environment::new(variables));
        let (proxy, variable) = proxies.configured_for(&destination.parse().unwrap())?;
        Some(format!(
            "{} {}",
            variable.name,
            if variable.is_usable { proxy.uri().to_string() } else { "-".to_owned() }
        ))
    }

    #[test]
    fn first_variable_counts_and_some_hosts_are_exempt() {
        let (http, https) = ("http://c:4318", "https://c:4317");
        let all = [("ALL_PROXY", "all:1"), ("https_proxy", "http://u:p@s:2")];
        assert_eq!(proxy(&all, https).as_deref(), Some("https_proxy http://s:2/"));
        assert_eq!(proxy(&all, http).as_deref(), Some("ALL_PROXY http://all:1/"));
        assert_eq!(proxy(&[("HTTP_PROXY", "p")], https), None);
        assert_eq!(proxy(&[("HTTP_PROXY", "p"), ("REQUEST_METHOD", "GET")], http), None);
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "[::1]"] {
            assert_eq!(proxy(&[("ALL_PROXY", "p:1")], &format!("https://{host}:4317")), None, "{host}");
        }
        for (list, exempt) in [("c", true), (".example, c", true), ("*", true), ("d,10.0.0.0/8", false)] {
            assert_eq!(proxy(&[("ALL_PROXY", "p:1"), ("no_proxy", list)], https).is_none(), exempt, "{list}");
        }
        assert_eq!(proxy(&[("ALL_PROXY", "p:1"), ("NO_PROXY", "10.0.0.0/8")], "https://10.1.2.3"), None);
        assert_eq!(proxy(&[("ALL_PROXY", "p:1"), ("NO_PROXY", "*")], "https://10.1.2.3"), None);
        for bad in [
            "socks5://p:1",
            "https://p:1",
            "http://",
            "http://p:",
            "http://p:99999",
            "a b",
            "http://:1",
            "/x",
            "http://$(PROXY_HOST):1",
        ] {
            assert_eq!(proxy(&[("HTTPS_PROXY", bad)], https).as_deref(), Some("HTTPS_PROXY -"), "{bad}");
        }
    }
}
