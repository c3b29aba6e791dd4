//! The classification of errors of the network crates.

use std::{error::Error as StdError, io};

use super::{
    connect_error::{ConnectError, ConnectTimeout},
    connector::{BUFFER_BYTES, MAX_HEADERS},
    error_chain::ErrorChain,
    resolver::NameNotFound,
};
use crate::export::otlp::{error_type::ErrorType, export_error::ExportError};

/// Returns the export error for an error of hyper, h2, rustls or the operating system.
pub(super) fn classify(error: &(dyn StdError + 'static)) -> ExportError {
    let chain = ErrorChain::new(error);
    match chain.of_type::<ConnectError>().next() {
        Some(ConnectError::Tcp { .. }) => classify_tcp(&chain),
        Some(error @ ConnectError::Proxy { .. }) => {
            transient(ErrorType::Proxy, format!("{error}: {}", chain.root_text()))
        }
        #[cfg(feature = "tls")]
        Some(ConnectError::Tls { .. }) => super::tls::error::classify_handshake(&chain),
        None => classify_established(&chain),
    }
}

fn transient(error_type: ErrorType, detail: impl Into<String>) -> ExportError {
    ExportError::transient(error_type, detail, None)
}

/// Classifies an error of a lookup or a TCP handshake.
fn classify_tcp(chain: &ErrorChain<'_>) -> ExportError {
    let timeout = || transient(ErrorType::ConnectTimeout, ConnectTimeout.to_string());
    if chain.of_type::<ConnectTimeout>().next().is_some() {
        return timeout();
    }
    if chain.of_type::<NameNotFound>().next().is_some() {
        return transient(ErrorType::NameNotFound, format!("name not found: {}", chain.root_text()));
    }
    match chain.io_kind() {
        Some(io::ErrorKind::ConnectionRefused) => {
            transient(ErrorType::ConnectionRefused, "connection refused")
        }
        Some(io::ErrorKind::TimedOut) => timeout(),
        _ => transient(ErrorType::Unreachable, chain.root_text()),
    }
}

/// Classifies an error of an established connection.
fn classify_established(chain: &ErrorChain<'_>) -> ExportError {
    #[cfg(feature = "tls")]
    if let Some(error) = super::tls::error::classify_established(chain) {
        return error;
    }
    #[cfg(feature = "grpc")]
    if super::h2_error::is_invalid_frame(chain) {
        return transient(ErrorType::NotGrpc, "the endpoint does not speak gRPC");
    }
    #[cfg(feature = "grpc")]
    if let Some(frame) = super::h2_error::declining_frame(chain) {
        return transient(ErrorType::Unavailable, format!("{frame} before it processed the request"));
    }
    #[cfg(feature = "grpc")]
    if super::h2_error::is_violation(chain) {
        return ExportError::permanent(ErrorType::InvalidResponse, chain.root_text());
    }
    if let Some(error) = chain.of_type::<hyper::Error>().find_map(classify_parse) {
        return error;
    }
    // The errors of hyper for the framing of a body, such as endless chunk extensions or trailers.
    if matches!(chain.io_kind(), Some(io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput)) {
        return ExportError::permanent(ErrorType::InvalidResponse, chain.root_text());
    }
    transient(ErrorType::ConnectionClosed, chain.root_text())
}

/// Classifies a response that hyper cannot parse.
fn classify_parse(error: &hyper::Error) -> Option<ExportError> {
    if is_unexpected_message(error) || is_unknown_version(error) {
        return Some(transient(ErrorType::NotHttp, "the endpoint does not speak HTTP/1.1"));
    }
    if !error.is_parse() {
        return None;
    }
    let detail = match error.to_string() {
        text if text == TOO_LARGE => {
            format!("its headers exceed {} KiB or {MAX_HEADERS} lines", BUFFER_BYTES / 1024)
        }
        text => text,
    };
    // Another attempt could duplicate items, since the server may have accepted these.
    Some(ExportError::permanent(ErrorType::InvalidResponse, detail))
}

/// The text of hyper for a head with too many or too large headers. A test fails when it changes.
const TOO_LARGE: &str = "message head is too large";

/// Returns `true` if the response does not begin with `HTTP/1`. A test fails when the text of hyper
/// changes.
fn is_unknown_version(error: &hyper::Error) -> bool {
    error.is_parse_version_h2() || error.to_string().contains("invalid HTTP version")
}

/// Returns `true` if the server sent bytes before the request, as an HTTP/2 server may do. hyper
/// has no method for this kind of error; a test fails when its text changes.
fn is_unexpected_message(error: &hyper::Error) -> bool {
    error.to_string().contains("unexpected message")
}

#[cfg(test)]
mod tests {
    use std::{io::Write as _, net::TcpListener};

    use http_body_util::Empty;
    use hyper::{body::Bytes, client::conn::http1};
    use hyper_util::rt::TokioIo;

    use super::*;

    /// Returns the error of an HTTP/1.1 connection whose server sends `greeting` before a request.
    fn greeting_error(greeting: &[u8]) -> hyper::Error {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        runtime.block_on(async {
            let stream = tokio::net::TcpStream::connect(address).await.unwrap();
            let (mut server, _) = listener.accept().unwrap();
            server.write_all(greeting).unwrap();
            let (_sender, connection) =
                http1::handshake::<_, Empty<Bytes>>(TokioIo::new(stream)).await.unwrap();
            connection.await.unwrap_err()
        })
    }

    #[test]
    fn classify_bytes_before_request_is_not_http() {
        // The settings frame of an HTTP/2 server.
        let error = greeting_error(&[0, 0, 0, 4, 0, 0, 0, 0, 0]);
        assert!(is_unexpected_message(&error), "{error}");
        assert_eq!(classify(&error).error_type(), ErrorType::NotHttp);
    }

    #[test]
    fn classify_io_error_of_connector_names_the_cause() {
        let tcp = |source: io::Error| classify(&ConnectError::Tcp { source: source.into() });
        for (kind, expected) in [
            (io::ErrorKind::ConnectionRefused, ErrorType::ConnectionRefused),
            (io::ErrorKind::TimedOut, ErrorType::ConnectTimeout),
            (io::ErrorKind::NetworkUnreachable, ErrorType::Unreachable),
        ] {
            assert_eq!(tcp(kind.into()).error_type(), expected);
        }
        let error = io::Error::from(io::ErrorKind::ConnectionReset);
        assert_eq!(classify(&error).error_type(), ErrorType::ConnectionClosed);
    }
}
