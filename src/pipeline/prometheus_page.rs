//! The page of metrics for Prometheus.

use std::net::SocketAddr;
#[cfg(feature = "prometheus")]
use std::sync::Arc;

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
    /// Closes the port when it is dropped.
    #[cfg(feature = "prometheus")]
    pub(super) _server: Option<Arc<RunningServer>>,
}
