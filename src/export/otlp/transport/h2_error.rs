//! The errors of h2.
//!
//! h2 is not a direct dependency, so its errors can be classified only by their text. The tests
//! fail when this text changes.

use super::error_chain::ErrorChain;

/// Returns `true` if the server's first bytes are not an HTTP/2 frame but, for example, HTTP/1.1.
pub(super) fn is_invalid_frame(chain: &ErrorChain<'_>) -> bool {
    chain.root_text().starts_with("connection error detected: frame with invalid size")
}

/// Returns `true` if the server violated HTTP/2 or sent too much.
pub(super) fn is_violation(chain: &ErrorChain<'_>) -> bool {
    let text = chain.root_text();
    text.starts_with("connection error detected: ") || text.starts_with("stream error detected: ")
}

/// Returns the frame with which the server declined the request before it processed anything.
pub(super) fn declining_frame(chain: &ErrorChain<'_>) -> Option<&'static str> {
    let text = chain.root_text();
    if text.starts_with("stream error received: refused stream") {
        Some("REFUSED_STREAM")
    } else if text.starts_with("stream error received: detected excessive load") {
        Some("ENHANCE_YOUR_CALM")
    } else if text.starts_with("connection error received: ") {
        // Only requests above the last stream of the frame fail with its code, whatever it is.
        Some("GOAWAY")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{self, Read as _, Write as _},
        net::{TcpListener, TcpStream},
        thread,
    };

    use http::Request;
    use http_body_util::Empty;
    use hyper::{body::Bytes, client::conn::http2};
    use hyper_util::rt::{TokioExecutor, TokioIo};

    use super::*;

    const HEADERS: u8 = 1;
    const RST_STREAM: u8 = 3;
    const SETTINGS: u8 = 4;
    const GOAWAY: u8 = 7;

    /// Returns the error of an HTTP/2 request to a server that answers it with `response`.
    fn request_error(respond: fn(&mut TcpStream) -> io::Result<()>) -> hyper::Error {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept()?;
            read_until_headers(&mut stream)?;
            respond(&mut stream)?;
            // Closing with unread data would reset the connection before the client reads.
            io::copy(&mut stream, &mut io::sink())
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        let error = runtime.block_on(async {
            let stream = tokio::net::TcpStream::connect(address).await.unwrap();
            let (mut sender, connection) =
                http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
            tokio::spawn(connection);
            let request = Request::post(format!("http://{address}/")).body(Empty::<Bytes>::new()).unwrap();
            sender.send_request(request).await.unwrap_err()
        });
        drop(runtime);
        server.join().unwrap().unwrap();
        error
    }

    /// Reads the preface and all frames up to the headers of the request.
    fn read_until_headers(stream: &mut TcpStream) -> io::Result<()> {
        stream.read_exact(&mut [0; 24])?;
        loop {
            let mut head = [0; 9];
            stream.read_exact(&mut head)?;
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            io::copy(&mut stream.take(length.into()), &mut io::sink())?;
            if head[3] == HEADERS {
                return Ok(());
            }
        }
    }

    fn frame(frame_type: u8, stream_id: u8, payload: &[u8]) -> Vec<u8> {
        let length = u8::try_from(payload.len()).unwrap();
        let head = [0, 0, length, frame_type, 0, 0, 0, 0, stream_id];
        [&head[..], payload].concat()
    }

    #[test]
    fn h2_error_of_http1_server_is_invalid_frame() {
        let error = request_error(|stream| stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
        let chain = ErrorChain::new(&error);
        assert!(is_invalid_frame(&chain) && is_violation(&chain), "{}", chain.root_text());
        assert_eq!(declining_frame(&chain), None);
    }

    #[test]
    fn h2_error_of_declined_request_names_the_frame() {
        let refused = request_error(|stream| {
            stream.write_all(&frame(SETTINGS, 0, &[]))?;
            stream.write_all(&frame(RST_STREAM, 1, &[0, 0, 0, 7]))
        });
        let chain = ErrorChain::new(&refused);
        assert_eq!(declining_frame(&chain), Some("REFUSED_STREAM"), "{}", chain.root_text());
        let calm = request_error(|stream| {
            stream.write_all(&frame(SETTINGS, 0, &[]))?;
            stream.write_all(&frame(RST_STREAM, 1, &[0, 0, 0, 11]))
        });
        let chain = ErrorChain::new(&calm);
        assert_eq!(declining_frame(&chain), Some("ENHANCE_YOUR_CALM"), "{}", chain.root_text());
        let goaway = request_error(|stream| {
            stream.write_all(&frame(SETTINGS, 0, &[]))?;
            stream.write_all(&frame(GOAWAY, 0, &[0, 0, 0, 0, 0, 0, 0, 0]))
        });
        let chain = ErrorChain::new(&goaway);
        assert_eq!(declining_frame(&chain), Some("GOAWAY"), "{}", chain.root_text());
        let goaway = request_error(|stream| {
            stream.write_all(&frame(SETTINGS, 0, &[]))?;
            stream.write_all(&frame(GOAWAY, 0, &[0, 0, 0, 0, 0, 0, 0, 11]))
        });
        let chain = ErrorChain::new(&goaway);
        assert_eq!(declining_frame(&chain), Some("GOAWAY"), "{}", chain.root_text());
    }

    #[test]
    fn h2_error_of_other_frames_declines_nothing() {
        let errors = [
            request_error(|stream| {
                stream.write_all(&frame(SETTINGS, 0, &[]))?;
                stream.write_all(&frame(RST_STREAM, 1, &[0, 0, 0, 2]))
            }),
            request_error(|stream| {
                stream.write_all(&frame(SETTINGS, 0, &[]))?;
                stream.write_all(&frame(GOAWAY, 0, &[0, 0, 0, 1, 0, 0, 0, 11]))?;
                stream.shutdown(std::net::Shutdown::Write)
            }),
            request_error(|stream| stream.shutdown(std::net::Shutdown::Write)),
        ];
        for error in &errors {
            let chain = ErrorChain::new(error);
            assert!(declining_frame(&chain).is_none() && !is_violation(&chain), "{}", chain.root_text());
        }
    }
}
