//! A connector for a stream that already exists.

use std::{
    future::{Ready, ready},
    io,
    task::{Context, Poll},
};

use http::Uri;
use hyper_util::rt::TokioIo;
use tower_service::Service;

use super::stream::TransportStream;

/// "Connects" by returning an existing stream, so that hyper-rustls can add TLS to it.
pub(super) struct Established(Option<TokioIo<TransportStream>>);

impl Established {
    pub(super) fn new(stream: TokioIo<TransportStream>) -> Self {
        Self(Some(stream))
    }
}

impl Service<Uri> for Established {
    type Response = TokioIo<TransportStream>;
    type Error = io::Error;
    type Future = Ready<io::Result<TokioIo<TransportStream>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        ready(self.0.take().ok_or_else(|| io::ErrorKind::NotConnected.into()))
    }
}
