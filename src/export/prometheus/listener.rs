//! The sockets that the server listens on.

use std::{
    io::{Error, ErrorKind},
    net::{SocketAddr, TcpListener, ToSocketAddrs as _},
};

use crate::config::Prometheus;

/// The number of free ports that are tried with port 0, if the host has several addresses.
const PORT_ATTEMPTS: usize = 32;

/// Bound ports that are not served yet.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(super) sockets: Vec<TcpListener>,
    address: SocketAddr,
}

impl Listener {
    /// Binds the port on every address of the host. With a name such as `localhost`, another
    /// program could otherwise bind one of them and be scraped instead.
    pub(crate) fn bind(config: &Prometheus) -> std::io::Result<Self> {
        let resolved = (config.host.as_str(), config.port.get()).to_socket_addrs()?;
        Self::bind_all(&distinct(resolved))
    }

    fn bind_all(addresses: &[SocketAddr]) -> std::io::Result<Self> {
        // A port that is free on the first address may be in use on another one.
        let is_any_port = addresses.first().is_some_and(|address| address.port() == 0);
        let attempts = if is_any_port { PORT_ATTEMPTS } else { 1 };
        let mut result = Err(ErrorKind::AddrNotAvailable.into());
        for _ in 0..attempts {
            result = bind_once(addresses);
            match &result {
                Err(error) if error.kind() == ErrorKind::AddrInUse => {}
                _ => break,
            }
        }
        result
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Removes addresses that occur twice, as in a hosts file with two lines for one name. Addresses
/// that cover others come first.
fn distinct(resolved: impl Iterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for mut address in resolved {
        // `::ffff:127.0.0.1` is another notation of `127.0.0.1`.
        if address.ip().to_canonical() != address.ip() {
            address.set_ip(address.ip().to_canonical());
        }
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses.sort_by_key(|address| {
        (!address.ip().is_unspecified(), address.ip().is_unspecified() && address.is_ipv4())
    });
    addresses
}

fn bind_once(addresses: &[SocketAddr]) -> std::io::Result<Listener> {
    let mut sockets: Vec<TcpListener> = Vec::new();
    let mut bound: Vec<SocketAddr> = Vec::new();
    let mut last_error = Error::from(ErrorKind::AddrNotAvailable);
    for address in addresses {
        let mut address = *address;
        // Port 0 takes a free port, which has to be the same on all addresses.
        if let Some(first) = bound.first() {
            address.set_port(first.port());
        }
        match TcpListener::bind(address) {
            Ok(socket) => {
                socket.set_nonblocking(true)?;
                bound.push(socket.local_addr()?);
                sockets.push(socket);
            }
            Err(error) if error.kind() == ErrorKind::AddrInUse && is_covered(address, &bound) => {}
            Err(error) if matches!(error.kind(), ErrorKind::AddrInUse | ErrorKind::PermissionDenied) => {
                return Err(error);
            }
            // The machine does not support this address family.
            Err(error) => last_error = error,
        }
    }
    let address = *bound.first().ok_or(last_error)?;
    Ok(Listener { sockets, address })
}

/// Returns whether one of the sockets already accepts connections to `address`: `::` also accepts
/// those of IPv4.
fn is_covered(address: SocketAddr, bound: &[SocketAddr]) -> bool {
    bound.iter().any(|bound| bound.ip().is_unspecified() && (bound.is_ipv6() || address.is_ipv4()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        distinct(texts.iter().map(|text| text.parse().unwrap()))
    }

    #[test]
    fn addresses_that_occur_twice_are_bound_once() {
        let twice = addresses(&["127.0.0.1:0", "127.0.0.1:0", "[::ffff:127.0.0.1]:0"]);
        assert_eq!(twice, addresses(&["127.0.0.1:0"]));
        assert_eq!(Listener::bind_all(&twice).unwrap().sockets.len(), 1);
    }

    #[test]
    fn addresses_that_overlap_are_bound_together() {
        let all = addresses(&["127.0.0.1:0", "0.0.0.0:0", "[::]:0"]);
        assert_eq!(all, addresses(&["[::]:0", "0.0.0.0:0", "127.0.0.1:0"]));
        let listener = Listener::bind_all(&all).unwrap();
        std::net::TcpStream::connect(("127.0.0.1", listener.address().port())).unwrap();
    }

    /// The port that the system selects on the first address is in use on the second one.
    #[test]
    fn free_port_is_free_on_all_addresses() {
        let both = addresses(&["127.0.0.1:0", "127.0.0.2:0"]);
        // Half of the ports of one address are taken, so that the first attempt often fails.
        let taken: Vec<_> = (0..2_000).filter_map(|_| TcpListener::bind("127.0.0.2:0").ok()).collect();
        for _ in 0..50 {
            let listener = Listener::bind_all(&both).unwrap();
            let port = listener.address().port();
            assert!(listener.sockets.iter().all(|socket| socket.local_addr().unwrap().port() == port));
        }
        drop(taken);
    }
}
