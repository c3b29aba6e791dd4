//! A gRPC server that writes its frames by hand.

use std::io::{self, Read as _, Write as _};

use crate::hostile::{HostileServer, Peer, Security};

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// The identifier of the setting `SETTINGS_MAX_CONCURRENT_STREAMS`.
pub const MAX_CONCURRENT_STREAMS: u16 = 3;
const INITIAL_WINDOW_SIZE: u16 = 4;

/// The largest payload of a frame that a client accepts.
const MAX_FRAME: usize = 16 * 1024;

/// The first headers of a gRPC response.
pub const GRPC: &[(&str, &str)] = &[(":status", "200"), ("content-type", "application/grpc")];

/// A connection to an HTTP/2 client.
pub struct H2<'p> {
    peer: &'p mut Peer,
    /// The bytes that the client allows: in all, and for a new stream.
    connection_window: i64,
    initial_window: i64,
    stream_window: i64,
}

/// Starts a server that answers each request with `respond`. Its second argument is the stream.
pub fn serve(
    security: Security,
    respond: impl Fn(&mut H2<'_>, u32) -> io::Result<()> + Send + Sync + 'static,
) -> HostileServer {
    serve_with(security, &[], respond)
}

/// Same as [`serve`], with settings.
pub fn serve_with(
    security: Security,
    settings: &'static [(u16, u32)],
    respond: impl Fn(&mut H2<'_>, u32) -> io::Result<()> + Send + Sync + 'static,
) -> HostileServer {
    HostileServer::start(security, move |peer| {
        let mut h2 = H2::accept(peer, settings)?;
        loop {
            let stream = h2.next_request()?;
            respond(&mut h2, stream)?;
            h2.peer.flush()?;
        }
    })
}

impl<'p> H2<'p> {
    /// Reads the preface of the client, and sends settings.
    pub fn accept(peer: &'p mut Peer, settings: &[(u16, u32)]) -> io::Result<Self> {
        peer.read_exact(&mut [0; 24])?;
        let mut h2 = Self { peer, connection_window: 0xffff, initial_window: 0xffff, stream_window: 0xffff };
        let payload: Vec<u8> = settings
            .iter()
            .flat_map(|(name, value)| [&name.to_be_bytes()[..], &value.to_be_bytes()].concat())
            .collect();
        h2.frame(SETTINGS, 0, 0, &payload)?;
        Ok(h2)
    }

    /// Reads frames up to the end of a request, and returns its stream.
    pub fn next_request(&mut self) -> io::Result<u32> {
        loop {
            let (kind, flags, stream) = self.read_frame()?;
            if kind <= HEADERS && flags & END_STREAM != 0 {
                self.stream_window = self.initial_window;
                self.peer.count_request();
                return Ok(stream);
            }
        }
    }

    fn read_frame(&mut self) -> io::Result<(u8, u8, u32)> {
        let mut head = [0; 9];
        self.peer.read_exact(&mut head)?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let (kind, flags) = (head[3], head[4]);
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        let mut payload = vec![0; length as usize];
        self.peer.read_exact(&mut payload)?;
        let number = |bytes: &[u8]| i64::from(u32::from_be_bytes(bytes.try_into().unwrap()));
        match kind {
            DATA if length > 0 => {
                self.frame(WINDOW_UPDATE, 0, 0, &length.to_be_bytes())?;
                self.frame(WINDOW_UPDATE, 0, stream, &length.to_be_bytes())?;
            }
            SETTINGS if flags & ACK == 0 => {
                for setting in payload.chunks(6) {
                    if setting[..2] == INITIAL_WINDOW_SIZE.to_be_bytes() {
                        self.initial_window = number(&setting[2..]);
                    }
                }
                self.frame(SETTINGS, ACK, 0, &[])?;
            }
            PING if flags & ACK == 0 => self.frame(PING, ACK, 0, &payload)?,
            WINDOW_UPDATE if stream == 0 => self.connection_window += number(&payload),
            WINDOW_UPDATE => self.stream_window += number(&payload),
            _ => {}
        }
        Ok((kind, flags, stream))
    }

    /// Writes a frame.
    pub fn frame(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> io::Result<()> {
        let mut head = u32::try_from(payload.len()).unwrap().to_be_bytes()[1..].to_vec();
        head.extend([kind, flags]);
        head.extend(stream.to_be_bytes());
        self.peer.write_all(&[&head, payload].concat())
    }

    /// Writes headers or trailers.
    pub fn headers(&mut self, stream: u32, fields: &[(&str, &str)], is_end: bool) -> io::Result<()> {
        let block: Vec<u8> = fields.iter().flat_map(|(name, value)| field(name, value)).collect();
        let (mut payload, mut rest) = block.split_at(block.len().min(MAX_FRAME));
        let mut kind = HEADERS;
        loop {
            let end_stream = if is_end && kind == HEADERS { END_STREAM } else { 0 };
            let end_headers = if rest.is_empty() { END_HEADERS } else { 0 };
            self.frame(kind, end_stream | end_headers, stream, payload)?;
            if rest.is_empty() {
                return Ok(());
            }
            (payload, rest) = rest.split_at(rest.len().min(MAX_FRAME));
            kind = CONTINUATION;
        }
    }

    /// Writes a part of a body, as fast as the client allows.
    pub fn data(&mut self, stream: u32, bytes: &[u8]) -> io::Result<()> {
        for part in bytes.chunks(MAX_FRAME) {
            let length = i64::try_from(part.len()).unwrap();
            while self.connection_window.min(self.stream_window) < length {
                self.peer.flush()?;
                self.read_frame()?;
            }
            self.connection_window -= length;
            self.stream_window -= length;
            self.frame(DATA, 0, stream, part)?;
        }
        Ok(())
    }

    /// Writes a response with a message and a status.
    pub fn respond(&mut self, stream: u32, message: &[u8], trailers: &[(&str, &str)]) -> io::Result<()> {
        self.headers(stream, GRPC, false)?;
        self.data(stream, &framed(message))?;
        self.headers(stream, trailers, true)
    }

    /// Ends the connection. Requests above `last` were not processed.
    pub fn goaway(&mut self, last: u32, code: u32, debug: &[u8]) -> io::Result<()> {
        self.frame(GOAWAY, 0, 0, &[&last.to_be_bytes()[..], &code.to_be_bytes(), debug].concat())
    }

    pub fn peer(&mut self) -> &mut Peer {
        self.peer
    }
}

/// Returns a message with its prefix.
pub fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[0], &length[..], message].concat()
}

/// Returns a header in HPACK, without index and Huffman coding.
fn field(name: &str, value: &str) -> Vec<u8> {
    let mut field = vec![0];
    for text in [name, value] {
        let length = text.len();
        if length < 127 {
            field.push(u8::try_from(length).unwrap());
        } else {
            field.push(127);
            let mut rest = length - 127;
            while rest >= 128 {
                field.push(u8::try_from(rest % 128).unwrap() | 128);
                rest /= 128;
            }
            field.push(u8::try_from(rest).unwrap());
        }
        field.extend(text.as_bytes());
    }
    field
}
