//! Collects the metrics for a page.

use std::{
    collections::HashSet,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use opentelemetry_sdk::metrics::{ManualReader, data::ResourceMetrics, reader::MetricReader as _};
use tokio::sync::Semaphore;

use super::{
    connections::{Connections, PageRoom},
    encoder::Encoder,
    page::Page,
};
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

/// The number of different pages in memory.
const MAX_PAGES: usize = 16;

/// The time after which a scrape that waits for a place closes another stalled connection.
const ROOM_INTERVAL: Duration = Duration::from_millis(10);

/// The number of scrapes that wait from which on they share pages.
const CROWD: usize = 8;

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
    /// The places for pages.
    room: Arc<Semaphore>,
    /// The number of scrapes that wait for their turn.
    waiting: AtomicUsize,
    /// The last page, while scrapes are waiting.
    latest: Mutex<Option<LatestPage>>,
    diagnostics: DiagnosticLog,
    /// The conflicts that have been reported.
    reported: Mutex<HashSet<String>>,
}

#[derive(Debug)]
struct LatestPage {
    /// The beginning of its collection.
    begun: Instant,
    page: HeldPage,
}

/// A page with its place in memory.
#[derive(Debug, Clone)]
pub(super) struct HeldPage {
    pub(super) page: Page,
    pub(super) room: PageRoom,
}

/// Counts a scrape that waits.
struct Waiting<'s>(&'s Scraper);

/// The reason why there is no page.
#[derive(Debug)]
pub(super) enum ScrapeError {
    /// Other scrapes took too long.
    Busy,
    /// Other clients took too long to read their pages.
    Full,
    Failed(String),
}

impl fmt::Display for ScrapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => f.write_str("other scrapes are still waiting for observable callbacks"),
            Self::Full => f.write_str("other clients are still reading their pages"),
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
            room: Arc::new(Semaphore::new(MAX_PAGES)),
            waiting: AtomicUsize::new(0),
            latest: Mutex::default(),
            diagnostics,
            reported: Mutex::default(),
        }
    }

    /// Returns a page with values that are not older than the request.
    pub(super) async fn scrape(
        self: &Arc<Self>,
        gzip: bool,
        connections: &Connections,
    ) -> Result<HeldPage, ScrapeError> {
        let arrived = Instant::now();
        let waiting = Waiting::new(self);
        let turn = Arc::clone(&self.turn).acquire_owned();
        let Ok(Ok(turn)) = tokio::time::timeout(SCRAPE_WAIT, turn).await else {
            return Err(ScrapeError::Busy);
        };
        if let Some(page) = self.shared_page(arrived, gzip) {
            return Ok(page);
        }
        drop(waiting);
        let room = self.room(arrived + SCRAPE_WAIT, connections).await?;
        let scraper = Arc::clone(self);
        // A collection waits for callbacks of the program.
        let page = run_blocking(move || {
            let begun = Instant::now();
            let page = scraper.make_page(gzip).map(|page| HeldPage { page, room });
            if let Ok(page) = &page
                && scraper.waiting.load(Ordering::SeqCst) >= CROWD
            {
                *scraper.latest() = Some(LatestPage { begun, page: page.clone() });
            }
            drop(turn);
            page
        });
        page.await.unwrap_or_else(|error| Err(ScrapeError::Failed(format!("cannot make the page: {error}"))))
    }

    /// Returns a place for a page. If there is none, closes connections whose clients have stopped
    /// reading.
    async fn room(&self, deadline: Instant, connections: &Connections) -> Result<PageRoom, ScrapeError> {
        loop {
            if let Ok(room) = Arc::clone(&self.room).try_acquire_owned() {
                return Ok(Arc::new(room));
            }
            if Instant::now() >= deadline {
                return Err(ScrapeError::Full);
            }
            connections.close_stalled_page();
            tokio::time::sleep(ROOM_INTERVAL).await;
        }
    }

    /// Returns the last page if it was begun after `arrived`. With many clients, each of them would
    /// otherwise wait for the pages of all others.
    fn shared_page(&self, arrived: Instant, gzip: bool) -> Option<HeldPage> {
        let latest = self.latest();
        let is_current = |latest: &&LatestPage| latest.begun >= arrived && latest.page.page.is_gzip == gzip;
        latest.as_ref().filter(is_current).map(|latest| latest.page.clone())
    }

    fn latest(&self) -> MutexGuard<'_, Option<LatestPage>> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
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

impl<'s> Waiting<'s> {
    fn new(scraper: &'s Scraper) -> Self {
        scraper.waiting.fetch_add(1, Ordering::SeqCst);
        Self(scraper)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.0.waiting.fetch_sub(1, Ordering::SeqCst) == 1 {
            *self.0.latest() = None;
        }
    }
}
