//! The page of metrics for Prometheus.

use std::net::SocketAddr;
#[cfg(feature = "prometheus")]
use std::sync::{Arc, Mutex, PoisonError};

#[cfg(feature = "prometheus")]
use arc_swap::ArcSwap;

#[cfg(feature = "prometheus")]
use crate::{
    config::Prometheus,
    export::{prometheus::ServedPage, runtime::RunningServer},
};

/// The ways to the page.
#[derive(Debug, Clone)]
pub(crate) struct PrometheusPage {
    /// The address of the server; `None` if the program serves the page.
    pub(crate) address: Option<SocketAddr>,
    #[cfg(feature = "prometheus")]
    pub(super) config: Prometheus,
    #[cfg(feature = "prometheus")]
    pub(crate) page: Arc<ArcSwap<ServedPage>>,
    #[cfg(feature = "prometheus")]
    pub(super) server: ServerSlot,
}

/// The server of a page; empty if it has none, and once it is closed.
#[cfg(feature = "prometheus")]
#[derive(Debug, Clone, Default)]
pub(super) struct ServerSlot(Arc<Mutex<Option<RunningServer>>>);

#[cfg(feature = "prometheus")]
impl ServerSlot {
    pub(super) fn set(&self, server: RunningServer) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(server);
    }

    /// Closes the ports of the server. Returns `false` if there is none.
    pub(super) fn close(&self) -> bool {
        let server = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        server.map(RunningServer::close).is_some()
    }
}

#[cfg(feature = "prometheus")]
impl PrometheusPage {
    /// Closes the ports, unless `next` has taken them over.
    pub(super) fn replace_by(&self, next: Option<&Self>) {
        if !next.is_some_and(|next| Arc::ptr_eq(&self.server.0, &next.server.0)) {
            self.server.close();
        }
    }
}
