//! Servers that break the rules of their protocol, or only bend them. Each runs until the process
//! ends.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};

/// The encryption of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    Plain,
    Tls,
}

impl Security {
    pub const ALL: [Self; 2] = [Self::Plain, Self::Tls];
}

/// A server that handles each connection with a function on a thread of its own.
pub struct HostileServer {
    address: SocketAddr,
    security: Security,
    requests: Arc<AtomicUsize>,
    connections: Arc<AtomicUsize>,
}

/// A connection to a client.
pub struct Peer {
    stream: Stream,
    requests: Arc<AtomicUsize>,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

/// Returns the file with the certificate of the authority that all encrypted servers use.
pub fn ca_file() -> String {
    fixture("ca.pem").into_os_string().into_string().unwrap()
}

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/tls").join(name)
}

fn server_config() -> ServerConfig {
    let certificate = CertificateDer::from_pem_file(fixture("server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(fixture("server.key")).unwrap();
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let mut config = builder.with_single_cert(vec![certificate], key).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}

impl HostileServer {
    /// Starts a server. A connection ends when `handle` returns, and is reset if it returns an error.
    pub fn start(
        security: Security,
        handle: impl Fn(&mut Peer) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (requests, connections) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let server = Self {
            address,
            security,
            requests: Arc::clone(&requests),
            connections: Arc::clone(&connections),
        };
        let config = (security == Security::Tls).then(|| Arc::new(server_config()));
        let handle = Arc::new(handle);
        thread::spawn(move || {
            for tcp in listener.incoming().map_while(Result::ok) {
                connections.fetch_add(1, Ordering::SeqCst);
                tcp.set_nodelay(true).unwrap();
                let stream = match &config {
                    None => Stream::Plain(tcp),
                    Some(config) => {
                        let session = ServerConnection::new(Arc::clone(config)).unwrap();
                        Stream::Tls(Box::new(StreamOwned::new(session, tcp)))
                    }
                };
                let mut peer = Peer { stream, requests: Arc::clone(&requests) };
                let handle = Arc::clone(&handle);
                thread::spawn(move || {
                    // An error means that the client closed the connection.
                    if handle(&mut peer).is_ok() {
                        peer.close();
                    }
                });
            }
        });
        server
    }

    /// Starts a server for HTTP/1.1 that answers each request with these bytes. The connection
    /// closes after a response that announces it.
    pub fn answering(security: Security, response: impl Into<Vec<u8>>) -> Self {
        let response = response.into();
        Self::start(security, move |peer| {
            loop {
                peer.read_request()?;
                peer.write_all(&response)?;
                peer.flush()?;
                if response.windows(17).any(|text| text == b"connection: close") {
                    return Ok(());
                }
            }
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self) -> String {
        let scheme = if self.security == Security::Tls { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Returns the number of complete requests.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// Returns the number of connections.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Peer {
    /// Reads a request of HTTP/1.1, and returns its head.
    pub fn read_request(&mut self) -> io::Result<String> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length = length.map_or(0, |length| length.parse().unwrap());
        io::copy(&mut self.take(length), &mut io::sink())?;
        self.count_request();
        Ok(head)
    }

    /// Ends the stream properly, and reads on until the client closes the connection. Closing with
    /// unread bytes would reset the connection, and the client could lose the last response.
    fn close(&mut self) {
        let tcp = match &mut self.stream {
            Stream::Plain(stream) => stream,
            Stream::Tls(stream) => {
                stream.conn.send_close_notify();
                let _ = stream.flush();
                &mut stream.sock
            }
        };
        let _ = tcp.shutdown(Shutdown::Write);
        let _ = io::copy(tcp, &mut io::sink());
    }

    pub(crate) fn count_request(&self) {
        self.requests.fetch_add(1, Ordering::SeqCst);
    }

    /// Writes bytes without end, until the client closes the connection.
    pub fn flood(&mut self, bytes: &[u8]) -> io::Result<()> {
        let many = bytes.repeat(64 * 1024 / bytes.len().max(1) + 1);
        loop {
            self.write_all(&many)?;
        }
    }

    /// Waits until the client closes the connection.
    pub fn wait_closed(&mut self) -> io::Result<()> {
        io::copy(self, &mut io::sink()).map(drop)
    }
}

impl Read for Peer {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.stream {
            Stream::Plain(stream) => stream.read(buffer),
            Stream::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Peer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.stream {
            Stream::Plain(stream) => stream.write(bytes),
            Stream::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.stream {
            Stream::Plain(stream) => stream.flush(),
            Stream::Tls(stream) => stream.flush(),
        }
    }
}

/// Returns a response of HTTP/1.1 with a length.
pub fn response(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
    [head.as_bytes(), body].concat()
}
