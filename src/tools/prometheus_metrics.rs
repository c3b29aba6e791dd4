//! The page of metrics for the program's own web server.

use super::observability_tools::ObservabilityTools;
use crate::export::prometheus::{MetricsPage, MetricsPageError};

impl ObservabilityTools {
    /// Returns the page of metrics for Prometheus, for the program's own web server.
    ///
    /// `accept` is the header `Accept` of the request, which decides between the text format,
    /// OpenMetrics and Protocol Buffers. `prometheus.listen = false` disables the server of this
    /// crate.
    ///
    /// Blocks the thread while the page is made, for at most 10 seconds: it waits for other
    /// scrapes, and for the callbacks of observable instruments. Asynchronous code calls it in
    /// `tokio::task::spawn_blocking`.
    ///
    /// ```
    /// use autotelemetry::{ObservabilityTools, prometheus::MetricsPageError};
    ///
    /// /// Returns the status, the headers and the body of a response.
    /// fn metrics(
    ///     tools: &ObservabilityTools,
    ///     accept: Option<&str>,
    ///     accept_encoding: Option<&str>,
    /// ) -> (u16, Vec<(&'static str, String)>, Vec<u8>) {
    ///     match tools.prometheus_metrics(accept) {
    ///         Ok(page) => {
    ///             let page = page.compress(accept_encoding);
    ///             let mut headers = vec![("content-type", page.content_type().to_owned())];
    ///             if let Some(encoding) = page.content_encoding() {
    ///                 headers.push(("content-encoding", encoding.to_owned()));
    ///             }
    ///             (200, headers, page.into_body())
    ///         }
    ///         Err(error @ MetricsPageError::NotConfigured) => {
    ///             (404, vec![], error.to_string().into())
    ///         }
    ///         Err(error) => (503, vec![], error.to_string().into()),
    ///     }
    /// }
    /// # assert_eq!(metrics(&ObservabilityTools::disabled(), None, None).0, 404);
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if `metrics.exporters` does not contain `prometheus`, if the time is over,
    /// and after a shutdown.
    pub fn prometheus_metrics(&self, accept: Option<&str>) -> Result<MetricsPage, MetricsPageError> {
        if self.is_forked() {
            let reason = "the tools belong to the parent of this process; build tools in the child";
            return Err(MetricsPageError::Failed(reason.to_owned()));
        }
        let page = self.pipeline().prometheus_page().ok_or(MetricsPageError::NotConfigured)?;
        let page = page.page.load_full();
        Ok(page.scraper.scrape_blocking(accept)?)
    }
}
