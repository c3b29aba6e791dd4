//! `NO_PROXY`: the destinations that are reached without a proxy.

use std::net::IpAddr;

/// The entries of `NO_PROXY`, with the rules of curl and of Go.
///
/// Entries are separated by commas or whitespace. `example.com` and `.example.com` match the host
/// and all hosts below it, `*.example.com` only those below it, `*` all hosts. Addresses may be
/// networks, such as `10.0.0.0/8`. An entry with a port matches only that port.
#[derive(Debug, Clone, Default)]
pub(crate) struct NoProxy {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Debug, Clone)]
enum Hosts {
    All,
    Network {
        address: IpAddr,
        prefix: u32,
    },
    /// A name in lower case, and all names below it.
    Domain(String),
    /// All names below this one.
    Subdomains(String),
}

impl NoProxy {
    /// Reads a list. Entries without a valid host are ignored.
    pub(crate) fn new(list: &str) -> Self {
        let separated = list.split(|c: char| c == ',' || c.is_whitespace());
        Self { entries: separated.filter_map(Entry::parse).collect() }
    }

    /// Returns whether a destination is reached without a proxy. An IPv6 address may have brackets.
    pub(crate) fn matches(&self, host: &str, port: u16) -> bool {
        let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.').to_lowercase();
        let address = host.parse::<IpAddr>().ok().map(|address| address.to_canonical());
        self.entries
            .iter()
            .any(|entry| entry.port.is_none_or(|entry| entry == port) && entry.hosts.contain(&host, address))
    }
}

impl Entry {
    fn parse(text: &str) -> Option<Self> {
        let text = text.to_lowercase();
        if text == "*" {
            return Some(Self { hosts: Hosts::All, port: None });
        }
        if let Some(hosts) = Hosts::network(&text) {
            return Some(Self { hosts, port: None });
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, "")) => (host, None),
            Some((host, port)) => (host, Some(port.parse().ok()?)),
            None => (text.as_str(), None),
        };
        Some(Self { hosts: Hosts::network(host).or_else(|| Hosts::domain(host))?, port })
    }
}

impl Hosts {
    /// Returns the network `ADDRESS/PREFIX`, or that of a single address.
    fn network(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u32>().ok()?)),
            None => (text.trim_start_matches('[').trim_end_matches(']'), None),
        };
        let address = address.parse::<IpAddr>().ok()?;
        let address = if prefix.is_some() { address } else { address.to_canonical() };
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(bits);
        (prefix <= bits).then_some(Self::Network { address, prefix })
    }

    fn domain(text: &str) -> Option<Self> {
        let text = text.trim_end_matches('.');
        match text.strip_prefix("*.") {
            Some(name) => (!name.is_empty()).then(|| Self::Subdomains(name.to_owned())),
            None => {
                let name = text.trim_start_matches('.');
                (!name.is_empty()).then(|| Self::Domain(name.to_owned()))
            }
        }
    }

    fn contain(&self, host: &str, address: Option<IpAddr>) -> bool {
        let is_below = |name: &str| host.strip_suffix(name).is_some_and(|above| above.ends_with('.'));
        match (self, address) {
            (Self::All, _) => true,
            (Self::Network { address: IpAddr::V4(network), prefix }, Some(IpAddr::V4(address))) => {
                let difference = u32::from(*network) ^ u32::from(address);
                difference.checked_shr(32 - prefix).unwrap_or(0) == 0
            }
            (Self::Network { address: IpAddr::V6(network), prefix }, Some(IpAddr::V6(address))) => {
                let difference = u128::from(*network) ^ u128::from(address);
                difference.checked_shr(128 - prefix).unwrap_or(0) == 0
            }
            (Self::Domain(name), None) => host == name || is_below(name),
            (Self::Subdomains(name), None) => is_below(name),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each list with destinations that it matches, and destinations that it does not match.
    #[test]
    fn entries_match_as_in_other_implementations() {
        for (list, matched, others) in [
            (
                "collector.test",
                "collector.test:1 a.collector.test:1 COLLECTOR.TEST.:1",
                "mycollector.test:1 test:1",
            ),
            (".test", "collector.test:1 a.b.test:1 test:1", "atest:1"),
            ("*.test", "collector.test:1 a.b.test:1", "test:1 atest:1"),
            ("Collector.Test.", "collector.test:1", "collector:1"),
            ("collector.test:4318", "collector.test:4318 a.collector.test:4318", "collector.test:4317"),
            ("*.test:4318", "collector.test:4318", "collector.test:4317 test:4318"),
            ("10.0.0.0/8", "10.1.2.3:1", "11.0.0.1:1 10.test:1"),
            ("10.1.2.3/8", "10.9.9.9:1", "11.1.2.3:1"),
            ("10.1.2.3/32,0.0.0.0/33", "10.1.2.3:1", "10.1.2.4:1"),
            ("0.0.0.0/0", "8.8.8.8:1", "[::1]:1 a.test:1"),
            ("10.1.2.3", "10.1.2.3:1 [::ffff:10.1.2.3]:1", "10.1.2.30:1"),
            ("10.1.2.3:4318", "10.1.2.3:4318", "10.1.2.3:4317"),
            ("fd00::/8", "[fd12::1]:1", "[fe80::1]:1 10.0.0.1:1"),
            ("fd00::1", "[fd00::1]:1", "[fd00::2]:1"),
            ("[fd00::1]:4318", "[fd00::1]:4318", "[fd00::1]:4317"),
            ("[fd00::1]", "[fd00::1]:1", "[fd00::2]:1"),
            ("*", "a.test:1 10.1.2.3:1 [::1]:1", ""),
            ("a.test,*", "b.test:1", ""),
            ("a.test b.test\tc.test ,, d.test", "a.test:1 b.test:1 c.test:1 d.test:1", "e.test:1"),
            (",:4318,.,*.,a.test:x,http://a.test", "", "a.test:4318 a.test:80 test:1"),
            ("", "", "a.test:1"),
        ] {
            let no_proxy = NoProxy::new(list);
            let matches = |destination: &str| {
                let (host, port) = destination.rsplit_once(':').unwrap();
                no_proxy.matches(host, port.parse().unwrap())
            };
            assert_eq!(
                matched.split(' ').filter(|it| !it.is_empty()).find(|it| !matches(it)),
                None,
                "{list}"
            );
            assert_eq!(others.split(' ').filter(|it| !it.is_empty()).find(|it| matches(it)), None, "{list}");
        }
    }
}
