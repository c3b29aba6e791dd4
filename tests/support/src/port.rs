//! Ports for programs that cannot be given port 0, and ports that refuse connections.

use std::{
    hash::{BuildHasher as _, RandomState},
    net::{SocketAddr, TcpListener},
};

use tokio::net::TcpSocket;

/// Returns a port that was free a moment ago, outside the range that the system assigns for port 0.
///
/// A client that connects to an unused port of that range can be assigned the same port and reach
/// itself.
pub fn free_port() -> u16 {
    let free = (0..100).find_map(|attempt| {
        let random = RandomState::new().hash_one(attempt) % 20_000;
        TcpListener::bind(("127.0.0.1", 12_000 + u16::try_from(random).unwrap())).ok()
    });
    free.expect("some port is free").local_addr().unwrap().port()
}

/// An address that refuses connections as long as this value lives: it is bound, and nothing
/// listens.
#[derive(Debug)]
pub struct RefusingAddress(TcpSocket);

impl RefusingAddress {
    pub fn reserve() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        Self(socket)
    }

    pub fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }
}
