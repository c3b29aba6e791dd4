//! A plain HTTP client.

use std::{
    io::{Read, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
};

/// Sends a request such as `GET /metrics`, and returns the head of the response in lower case, and
/// its body.
pub fn request(address: SocketAddr, request: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "{request} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n").unwrap();
    let (head, body) = response(stream);
    (head, String::from_utf8(body).unwrap())
}

/// Sends the bytes of a request that asks to close the connection. Returns the head of the
/// response in lower case, and its body.
pub fn request_bytes(address: SocketAddr, request: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    response(stream)
}

/// Reads to the end. Returns the head of the response in lower case, and its body. Panics if the
/// body is not complete.
pub fn response(mut stream: impl Read) -> (String, Vec<u8>) {
    let mut response = Vec::new();
    stream.read_to_end(&mut response).unwrap();
    let end = response.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
    let body = response.split_off(end + 4);
    let head = String::from_utf8(response).unwrap().to_lowercase();
    // The response to a HEAD request has no body.
    let is_chunked = head.contains("transfer-encoding: chunked") && !body.is_empty();
    let body = if is_chunked { joined_chunks(&body) } else { body };
    (head, body)
}

/// Serves the content type and the body that `respond` returns for each request, until the process
/// ends.
pub fn serve(respond: impl Fn() -> (String, Vec<u8>) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let (content_type, body) = respond();
            let length = body.len();
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
            );
            // An error means that the client is gone.
            let _ = stream
                .read(&mut [0; 8192])
                .and_then(|_| stream.write_all(&[head.as_bytes(), &body].concat()));
        }
    });
    address
}

fn joined_chunks(mut chunks: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = chunks.windows(2).position(|bytes| bytes == b"\r\n").expect("a chunk is missing");
        let length = usize::from_str_radix(std::str::from_utf8(&chunks[..end]).unwrap(), 16).unwrap();
        let (chunk, rest) = chunks[end + 2..].split_at(length);
        body.extend_from_slice(chunk);
        chunks = rest.strip_prefix(b"\r\n").expect("a chunk is complete");
        if length == 0 {
            return body;
        }
    }
}
