//! Name resolution.

use std::{
    error::Error as StdError,
    fmt,
    future::Future,
    io,
    net::{SocketAddr, ToSocketAddrs as _},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    vec,
};

use hyper_util::client::legacy::connect::dns::Name;
use tokio::sync::Semaphore;
use tower_service::Service;

use crate::export::runtime::run_blocking;

/// The number of lookups at a time. A lookup that hangs keeps its thread after it has timed out.
const MAX_LOOKUPS: usize = 4;

/// Resolves the names of one destination with the operating system. Its error type distinguishes
/// failed lookups from all other errors.
#[derive(Debug, Clone)]
pub(super) struct DnsResolver {
    permits: Arc<Semaphore>,
}

impl DnsResolver {
    pub(super) fn new() -> Self {
        Self { permits: Arc::new(Semaphore::new(MAX_LOOKUPS)) }
    }

    async fn lookup(self, name: Name) -> io::Result<vec::IntoIter<SocketAddr>> {
        let permit = self.permits.acquire_owned().await.map_err(io::Error::other)?;
        run_blocking(move || {
            let _permit = permit;
            // The connector sets the port.
            (name.as_str(), 0).to_socket_addrs()
        })
        .await?
    }
}

impl Service<Name> for DnsResolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = NameNotFound;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, NameNotFound>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NameNotFound>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let lookup = self.clone().lookup(name.clone());
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
