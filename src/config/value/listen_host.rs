//! The host that a server listens on.

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
};

use super::{
    ConfigValue, ParseError, endpoint::port_is_good, string_value, unreplaced_reference::unreplaced_reference,
};

/// A host name or an IP address. IPv6 addresses have no brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListenHost(String);

impl ListenHost {
    pub(crate) fn localhost() -> Self {
        Self("localhost".to_owned())
    }

    #[cfg(feature = "prometheus")]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ListenHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ConfigValue for ListenHost {
    const EXPECTED: &'static str = "a host name or address in quotes";
    const PATTERN: Option<&'static str> = Some(r"^\s*(\[[0-9A-Fa-f:.%\w-]+\]|[\w:.%-]+)\s*$");

    fn parse_str(text: &str) -> Result<Self, ParseError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(ParseError::new("must not be empty"));
        }
        // Addresses of URLs have brackets.
        let host = match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(address) if is_ipv6(address) => address,
            _ => text,
        };
        if is_host(host) {
            return Ok(Self(host.to_owned()));
        }
        if let Some(reference) = unreplaced_reference(text) {
            return Err(ParseError::new(format!("{reference} was not replaced"))
                .with_help("write ${NAME} in the file, or set the variable to a host name or address"));
        }
        let error = ParseError::new(format!("{text:?} is not a host name or address"));
        Err(match proposal(text) {
            Some(help) => error.with_help(help),
            None => error.with_help("write a name such as \"localhost\", or an address such as \"0.0.0.0\""),
        })
    }
}

fn is_host(text: &str) -> bool {
    is_ipv6(text) || is_name(text) && !ends_in_a_number(text) || text.parse::<Ipv4Addr>().is_ok()
}

/// Returns whether `text` is an IPv6 address, with or without a zone such as `%eth0`.
fn is_ipv6(text: &str) -> bool {
    let (address, zone) = text.split_once('%').map_or((text, None), |(address, zone)| (address, Some(zone)));
    let is_zone = |zone: &str| !zone.is_empty() && zone.bytes().all(|byte| byte.is_ascii_graphic());
    address.parse::<Ipv6Addr>().is_ok() && zone.is_none_or(is_zone)
}

/// Returns whether `text` has the form of a name. Containers may have underscores in their names.
fn is_name(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 254 && text.strip_suffix('.').unwrap_or(text).split('.').all(is_label)
}

/// Returns whether `text` could only be an IPv4 address, like `1.2.3`.
fn ends_in_a_number(text: &str) -> bool {
    let last = text.strip_suffix('.').unwrap_or(text).rsplit('.').next().unwrap_or_default();
    last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x")
}

/// Returns the help for a text that holds more than a host.
fn proposal(text: &str) -> Option<String> {
    if text == "*" || text == "+" {
        return Some("write \"0.0.0.0\" for all IPv4 addresses, or \"::\" for all addresses".to_owned());
    }
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next()?;
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if port_is_good(authority) || port == "0" => (host, Some(port)),
        _ => (authority, None),
    };
    let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    let host = match host {
        "*" | "" if port.is_some() => "0.0.0.0",
        host => host,
    };
    is_host(host).then(|| match port {
        Some(port) => format!("write \"{host}\", and set the port with `port = {port}`"),
        None => format!("write \"{host}\""),
    })
}

string_value!(ListenHost);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_and_address_are_accepted_without_brackets() {
        for (text, host) in [
            ("localhost", "localhost"),
            (" node_1.example.com. ", "node_1.example.com."),
            ("0.0.0.0", "0.0.0.0"),
            ("::", "::"),
            ("[::]", "::"),
            ("[::1]", "::1"),
            ("fe80::1%eth0", "fe80::1%eth0"),
            ("[fe80::1%2]", "fe80::1%2"),
            ("::ffff:127.0.0.1", "::ffff:127.0.0.1"),
            ("7.example", "7.example"),
            ("9b0c", "9b0c"),
        ] {
            assert_eq!(ListenHost::parse_str(text).map(|host| host.0), Ok(host.to_owned()), "{text}");
        }
    }

    #[test]
    fn text_that_cannot_be_a_host_is_refused_with_a_proposal() {
        for (text, help) in [
            ("*", "write \"0.0.0.0\" for all IPv4 addresses, or \"::\" for all addresses"),
            ("*:9464", "write \"0.0.0.0\", and set the port with `port = 9464`"),
            (":9464", "write \"0.0.0.0\", and set the port with `port = 9464`"),
            ("localhost:9464", "write \"localhost\", and set the port with `port = 9464`"),
            ("http://localhost", "write \"localhost\""),
            ("http://[::1]:9464/metrics", "write \"::1\", and set the port with `port = 9464`"),
            ("[::]:9464", "write \"::\", and set the port with `port = 9464`"),
        ] {
            let error = ListenHost::parse_str(text).unwrap_err();
            assert_eq!(error.help.as_deref(), Some(help), "{text}");
        }
        for text in [
            "",
            " ",
            "[]",
            "[localhost]",
            "[127.0.0.1]",
            "127.0.0.1/8",
            "256.1.1.1",
            "1.2.3",
            "9464",
            "local host",
            "-a",
            "a-",
            "a..b",
            ".",
            "größe",
            "a,b",
            "::1%",
            ":::",
            "0x7f.1",
        ] {
            assert!(ListenHost::parse_str(text).is_err(), "{text}");
        }
    }
}
