//! A server between a client and its destination: it passes on what it gets, as an HTTP proxy or without being asked.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// Runs until the process ends.
pub struct Relay {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

struct State {
    target: SocketAddr,
    /// What a request for a tunnel is answered with.
    answer: &'static str,
    heads: Vec<String>,
    open: Vec<TcpStream>,
}

impl Relay {
    /// Whatever name a client asks for, it gets `target`.
    pub fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let answer = "HTTP/1.1 200 Connection established\r\n\r\n";
        let state = Arc::new(Mutex::new(State { target, answer, heads: Vec::new(), open: Vec::new() }));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let state = Arc::clone(&shared);
                // An error is one side that went away.
                thread::spawn(move || pass_on(client, &state).ok());
            }
        });
        Self { address, state }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The heads of the requests that were made to the proxy itself.
    pub fn heads(&self) -> Vec<String> {
        self.state.lock().unwrap().heads.clone()
    }

    pub fn refuse(&self, answer: &'static str) {
        self.state.lock().unwrap().answer = answer;
    }

    /// Ends all connections and takes new ones elsewhere.
    pub fn redirect(&self, target: SocketAddr) {
        let mut state = self.state.lock().unwrap();
        state.target = target;
        state.open.drain(..).for_each(|stream| drop(stream.shutdown(Shutdown::Both)));
    }
}

fn pass_on(mut client: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
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
    let (target, answer) = {
        let mut state = state.lock().unwrap();
        if is_request {
            let head = String::from_utf8_lossy(&read);
            state.heads.push(head.split("\r\n\r\n").next().unwrap_or_default().to_owned());
        }
        state.open.push(client.try_clone()?);
        (state.target, state.answer)
    };
    let mut server = TcpStream::connect(target)?;
    if read.starts_with(b"CONNECT ") {
        client.write_all(answer.as_bytes())?;
        if !answer.starts_with("HTTP/1.1 200") {
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
