//! A page of metrics for the program's own web server.

use std::{
    error::Error,
    fmt,
    io::{self, Write as _},
};

use flate2::{Compression, write::GzEncoder};

use super::{content_encoding::accepts_gzip, scrape_error::ScrapeError};

/// A page of metrics, as a response to a scrape.
///
/// Returned by [`ObservabilityTools::prometheus_metrics`].
///
/// [`ObservabilityTools::prometheus_metrics`]: crate::ObservabilityTools::prometheus_metrics
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricsPage {
    pub(super) content_type: String,
    pub(super) body: Vec<u8>,
    pub(super) is_gzip: bool,
}

impl MetricsPage {
    /// Returns the value of the header `Content-Type`.
    #[must_use]
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// Returns the value of the header `Content-Encoding`; `None` if the body is not compressed.
    #[must_use]
    pub fn content_encoding(&self) -> Option<&str> {
        self.is_gzip.then_some("gzip")
    }

    /// Returns the body of the response. It is not always text.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Returns the body of the response without a copy.
    #[must_use]
    pub fn into_body(self) -> Vec<u8> {
        self.body
    }

    /// Compresses the body with gzip, if the header `Accept-Encoding` of the request allows it.
    ///
    /// Not needed behind a layer of the web server that compresses responses.
    #[must_use]
    pub fn compress(self, accept_encoding: Option<&str>) -> Self {
        if self.is_gzip || !accepts_gzip(accept_encoding.into_iter()) {
            return self;
        }
        match gzip(&self.body) {
            Ok(body) => Self { body, is_gzip: true, ..self },
            // Memory is the only destination, so this does not happen.
            Err(_) => self,
        }
    }
}

fn gzip(body: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body)?;
    encoder.finish()
}

/// The reason why there is no page of metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetricsPageError {
    /// `metrics.exporters` does not contain `prometheus`, or the tools are disabled. Suggested
    /// response: 404.
    NotConfigured,
    /// Other scrapes or observable callbacks took too long. Suggested response: 503.
    Busy,
    /// The metrics could not be collected, for example after a shutdown. Suggested response: 500.
    Failed(String),
}

impl fmt::Display for MetricsPageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotConfigured => f.write_str("`metrics.exporters` does not contain `prometheus`"),
            Self::Busy => fmt::Display::fmt(&ScrapeError::Busy, f),
            Self::Failed(reason) => f.write_str(reason),
        }
    }
}

impl Error for MetricsPageError {}

impl From<ScrapeError> for MetricsPageError {
    fn from(error: ScrapeError) -> Self {
        match error {
            ScrapeError::Busy | ScrapeError::Full => Self::Busy,
            ScrapeError::Failed(reason) => Self::Failed(reason),
        }
    }
}
