//! A connector for a stream that already exists.

use std::{
    future::{Ready, ready},
    io,
    task::{Context, Poll},
};

use http::Uri;
use tower_service::Service;

use super::proxy::ProxyStream;

/// "Connects" by returning an existing stream, so that hyper-rustls can add TLS to it.
pub(super) struct Established(Option<ProxyStream>);

impl Established {
    pub(super) fn new(stream: ProxyStream) -> Self {
        Self(Some(stream))
    }
}

impl Service<Uri> for Established {
    type Response = ProxyStream;
    type Error = io::Error;
    type Future = Ready<io::Result<ProxyStream>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        ready(self.0.take().ok_or_else(|| io::ErrorKind::NotConnected.into()))
    }
}
