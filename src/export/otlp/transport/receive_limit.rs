//! The limit of what a server may send without progress.

use std::{
    error::Error as StdError,
    fmt, io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use crate::export::otlp::{error_type::ErrorType, export_error::ExportError};

/// The bytes that a server may send before its response, and between two parts of a body, for each
/// request in flight. A TLS handshake and the headers of a response fit several times.
const MAX_BYTES: usize = 256 * 1024;

/// The interim responses (1xx) that a server may send before its response. Each is short, and
/// costs more than its bytes.
const MAX_INTERIM: usize = 64;

/// Limits the bytes that a server sends without progress: interim responses, pings, endless
/// headers. All connections of a client share it, and it counts below TLS.
///
/// A flood would otherwise keep the only worker thread busy, and delay all other destinations.
#[derive(Debug, Clone)]
pub(super) struct ReceiveLimit(Arc<Received>);

#[derive(Debug, Default)]
struct Received {
    bytes: AtomicUsize,
    /// The requests in flight.
    requests: AtomicUsize,
    /// Set once a server has sent a byte.
    any: AtomicBool,
    /// Set once a server has begun with a frame of HTTP/2.
    http2: AtomicBool,
    /// The largest body that is kept.
    max_body: usize,
}

/// A request in flight. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct LimitedRequest(Arc<Received>);

impl Drop for LimitedRequest {
    fn drop(&mut self) {
        self.0.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

impl ReceiveLimit {
    /// `max_body` is the largest body that is kept.
    pub(super) fn new(max_body: usize) -> Self {
        Self(Arc::new(Received { max_body, ..Received::default() }))
    }

    pub(super) fn max_body(&self) -> usize {
        self.0.max_body
    }

    /// Begins a request.
    pub(super) fn begin(&self) -> LimitedRequest {
        self.0.requests.fetch_add(1, Ordering::Relaxed);
        self.reset();
        LimitedRequest(Arc::clone(&self.0))
    }

    /// Records progress: a request or the head of its response.
    pub(super) fn reset(&self) {
        self.0.bytes.store(0, Ordering::Relaxed);
    }

    /// Records a part of a body. Its length counts several times, because of its framing. Many tiny
    /// parts are no progress.
    pub(super) fn reset_by(&self, length: usize) {
        let reduce = |bytes: usize| Some(bytes.saturating_sub(length.saturating_mul(4)));
        let _ = self.0.bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, reduce);
    }

    /// Counts received bytes.
    pub(super) fn add(&self, length: usize) {
        if length > 0 {
            self.0.bytes.fetch_add(length, Ordering::Relaxed);
            self.0.any.store(true, Ordering::Relaxed);
        }
    }

    /// Records the first byte of a plain connection. That of an HTTP/2 server is the length of its
    /// settings, and no other protocol begins with it.
    pub(super) fn add_first(&self, byte: u8) {
        if byte == 0 {
            self.0.http2.store(true, Ordering::Relaxed);
        }
    }

    /// Counts an interim response.
    pub(super) fn add_interim(&self) {
        self.add(MAX_BYTES / MAX_INTERIM);
    }

    /// Returns an error if the server has exceeded the limit.
    pub(super) fn check(&self) -> io::Result<()> {
        if self.is_exceeded() { Err(io::Error::other(ReceiveLimitExceeded)) } else { Ok(()) }
    }

    fn is_exceeded(&self) -> bool {
        let requests = self.0.requests.load(Ordering::Relaxed).max(1);
        self.0.bytes.load(Ordering::Relaxed) > MAX_BYTES.saturating_mul(requests)
    }

    /// Returns `true` once any server has sent a byte.
    #[cfg(feature = "grpc")]
    pub(super) fn has_received(&self) -> bool {
        self.0.any.load(Ordering::Relaxed)
    }

    /// Returns `true` once any server has begun with a frame of HTTP/2, without TLS.
    #[cfg(feature = "grpc")]
    pub(super) fn has_received_http2(&self) -> bool {
        self.0.http2.load(Ordering::Relaxed)
    }

    /// Replaces the error of a connection that this limit has closed. h2 would hide the cause.
    pub(super) fn explain(&self, error: ExportError) -> ExportError {
        if !self.is_exceeded() {
            return error;
        }
        // Another attempt could duplicate items, since the server may have accepted these.
        ExportError::permanent(ErrorType::InvalidResponse, ReceiveLimitExceeded.to_string())
    }
}

/// The server sent too much without progress.
#[derive(Debug)]
struct ReceiveLimitExceeded;

impl fmt::Display for ReceiveLimitExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kibibytes = MAX_BYTES / 1024;
        write!(f, "more than {kibibytes} KiB or {MAX_INTERIM} interim responses without a complete response")
    }
}

impl StdError for ReceiveLimitExceeded {}
