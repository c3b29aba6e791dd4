//! Name resolution.

use std::{
    error::Error as StdError,
    fmt,
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll},
};

use hyper_util::client::legacy::connect::dns::{GaiAddrs, GaiResolver, Name};
use tower_service::Service;

/// Resolves names with the operating system. Its error type distinguishes failed lookups from all
/// other errors.
#[derive(Debug, Clone)]
pub(super) struct DnsResolver(GaiResolver);

impl DnsResolver {
    pub(super) fn new() -> Self {
        Self(GaiResolver::new())
    }
}

impl Service<Name> for DnsResolver {
    type Response = GaiAddrs;
    type Error = NameNotFound;
    type Future = Pin<Box<dyn Future<Output = Result<GaiAddrs, NameNotFound>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NameNotFound>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let lookup = self.0.call(name.clone());
        Box::pin(async move { lookup.await.map_err(|source| NameNotFound { name, source }) })
    }
}

/// The host name of a destination or proxy cannot be resolved.
#[derive(Debug)]
pub(super) struct NameNotFound {
    name: Name,
    source: io::Error,
}

impl fmt::Display for NameNotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no address found for {}", self.name)
    }
}

impl StdError for NameNotFound {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.source)
    }
}
