//! Collects the metrics for a page.

use std::{
    collections::HashSet,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use opentelemetry_sdk::metrics::{ManualReader, data::ResourceMetrics, reader::MetricReader as _};
use tokio::sync::Semaphore;

use super::{encoder::Encoder, page::Page};
use crate::{
    config::Prometheus,
    diagnostics::DiagnosticLog,
    export::{
        callbacks::{CALLBACK_TIMEOUT, Callbacks},
        runtime::run_blocking,
    },
};

/// The longest time that a scrape waits for others.
const SCRAPE_WAIT: Duration = Duration::from_secs(10);

/// The number of conflicts that are reported.
const MAX_REPORTS: usize = 100;

/// Makes pages from the metrics of a reader, one at a time.
#[derive(Debug)]
pub(crate) struct Scraper {
    reader: Arc<ManualReader>,
    encoder: Encoder,
    callbacks: Arc<Callbacks>,
    /// Available while no page is being made.
    turn: Arc<Semaphore>,
    diagnostics: DiagnosticLog,
    /// The conflicts that have been reported.
    reported: Mutex<HashSet<String>>,
}

/// The reason why there is no page.
#[derive(Debug)]
pub(super) enum ScrapeError {
    /// Other scrapes took too long.
    Busy,
    Failed(String),
}

impl fmt::Display for ScrapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => f.write_str("other scrapes are still waiting for observable callbacks"),
            Self::Failed(reason) => f.write_str(reason),
        }
    }
}

impl Scraper {
    pub(crate) fn new(
        reader: Arc<ManualReader>,
        config: &Prometheus,
        callbacks: Arc<Callbacks>,
        diagnostics: DiagnosticLog,
    ) -> Self {
        Self {
            reader,
            encoder: Encoder::new(config),
            callbacks,
            turn: Arc::new(Semaphore::new(1)),
            diagnostics,
            reported: Mutex::default(),
        }
    }

    /// Returns a page with the current values.
    pub(super) async fn scrape(self: &Arc<Self>, gzip: bool) -> Result<Page, ScrapeError> {
        let turn = Arc::clone(&self.turn).acquire_owned();
        let Ok(Ok(turn)) = tokio::time::timeout(SCRAPE_WAIT, turn).await else {
            return Err(ScrapeError::Busy);
        };
        let scraper = Arc::clone(self);
        // A collection waits for callbacks of the program.
        let page = run_blocking(move || {
            let page = scraper.make_page(gzip);
            drop(turn);
            page
        });
        page.await.unwrap_or_else(|error| Err(ScrapeError::Failed(format!("cannot make the page: {error}"))))
    }

    fn make_page(&self, gzip: bool) -> Result<Page, ScrapeError> {
        let mut metrics = ResourceMetrics::default();
        self.callbacks
            .collect(CALLBACK_TIMEOUT, || self.reader.collect(&mut metrics))
            .map_err(|error| ScrapeError::Failed(format!("cannot collect metrics: {error}")))?;
        let (page, conflicts) = self.encoder.encode(&metrics);
        drop(metrics);
        self.report(conflicts);
        if !gzip {
            return Ok(page);
        }
        page.into_gzip().map_err(|error| ScrapeError::Failed(format!("cannot compress the page: {error}")))
    }

    /// Reports each conflict once.
    fn report(&self, mut conflicts: Vec<String>) {
        if conflicts.is_empty() {
            return;
        }
        {
            let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
            conflicts.retain(|conflict| reported.len() < MAX_REPORTS && reported.insert(conflict.clone()));
        }
        for conflict in conflicts {
            self.diagnostics.warn(conflict);
        }
    }
}
