//! A server between a client and its destination: an HTTP proxy, or a plain TCP relay.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// A relay that runs until the process ends.
pub struct Relay {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

struct State {
    target: SocketAddr,
    /// The response to a request for a tunnel.
    tunnel_response: &'static str,
    heads: Vec<String>,
    open: Vec<TcpStream>,
}

impl Relay {
    /// Starts a relay that connects each client to `target`, whichever name the client requests.
    pub fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let tunnel_response = "HTTP/1.1 200 Connection established\r\n\r\n";
        let state =
            Arc::new(Mutex::new(State { target, tunnel_response, heads: Vec::new(), open: Vec::new() }));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let state = Arc::clone(&shared);
                // An error means that one side closed its connection.
                thread::spawn(move || relay(client, &state).ok());
            }
        });
        Self { address, state }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the heads of the requests that the proxy itself received.
    pub fn heads(&self) -> Vec<String> {
        self.state.lock().unwrap().heads.clone()
    }

    /// Responds to requests for a tunnel with this from now on.
    pub fn refuse(&self, response: &'static str) {
        self.state.lock().unwrap().tunnel_response = response;
    }

    /// Closes all connections and relays new ones to `target`.
    pub fn redirect(&self, target: SocketAddr) {
        let mut state = self.state.lock().unwrap();
        state.target = target;
        state.open.drain(..).for_each(|stream| drop(stream.shutdown(Shutdown::Both)));
    }
}

fn relay(mut client: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut buffer = [0; 4096];
    let mut read = Vec::new();
    let is_request = loop {
        let length = client.read(&mut buffer)?;
        read.extend(&buffer[..length]);
        let is_request = read.starts_with(b"CONNECT ") || read.starts_with(b"POST http://");
        if length == 0 || !is_request || read.windows(4).any(|end| end == b"\r\n\r\n") {
            break is_request;
        }
    };
    let (target, tunnel_response) = {
        let mut state = state.lock().unwrap();
        if is_request {
            let head = String::from_utf8_lossy(&read);
            state.heads.push(head.split("\r\n\r\n").next().unwrap_or_default().to_owned());
        }
        state.open.push(client.try_clone()?);
        (state.target, state.tunnel_response)
    };
    let mut server = TcpStream::connect(target)?;
    if read.starts_with(b"CONNECT ") {
        client.write_all(tunnel_response.as_bytes())?;
        if !tunnel_response.starts_with("HTTP/1.1 200") {
            return client.shutdown(Shutdown::Both);
        }
    } else {
        server.write_all(&read)?;
    }
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        let _ = std::io::copy(&mut from_client, &mut to_server);
        to_server.shutdown(Shutdown::Both)
    });
    std::io::copy(&mut server, &mut client)?;
    client.shutdown(Shutdown::Both)
}
