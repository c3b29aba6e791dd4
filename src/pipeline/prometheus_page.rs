//! The page of metrics for Prometheus.

use std::net::SocketAddr;
#[cfg(feature = "prometheus")]
use std::sync::Arc;

#[cfg(feature = "prometheus")]
use crate::export::prometheus::Scraper;

/// The ways to the page.
#[derive(Debug)]
pub(crate) struct PrometheusPage {
    /// The address of the server; `None` if the program serves the page.
    pub(crate) address: Option<SocketAddr>,
    #[cfg(feature = "prometheus")]
    pub(crate) scraper: Arc<Scraper>,
}
