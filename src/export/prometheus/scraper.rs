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

use hyper::body::Bytes;
use tokio::sync::{
    Semaphore,
    mpsc::{self, UnboundedSender},
};

use super::{
    body::PartsBody,
    connections::{Connections, PageRoom},
    encoder::Encoder,
    page::{PagePart, PageWriter},
    page_thread::PageThread,
};
use crate::{
    config::Prometheus,
    diagnostics::DiagnosticLog,
    export::{callbacks::CALLBACK_TIMEOUT, collector::Collector},
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

/// Makes pages from the current metrics, one at a time.
#[derive(Debug)]
pub(crate) struct Scraper {
    collector: Arc<Collector>,
    encoder: Encoder,
    thread: PageThread,
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
    chunks: Vec<Bytes>,
    is_gzip: bool,
    room: PageRoom,
}

/// A page with its place in memory.
#[derive(Debug)]
pub(super) struct HeldPage {
    pub(super) body: PartsBody,
    pub(super) is_gzip: bool,
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
    pub(crate) fn new(collector: Arc<Collector>, config: &Prometheus, diagnostics: DiagnosticLog) -> Self {
        Self {
            collector,
            encoder: Encoder::new(config),
            thread: PageThread::default(),
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
        is_gzip: bool,
        connections: &Connections,
    ) -> Result<HeldPage, ScrapeError> {
        let arrived = Instant::now();
        let waiting = Waiting::new(self);
        let turn = Arc::clone(&self.turn).acquire_owned();
        let Ok(Ok(turn)) = tokio::time::timeout(SCRAPE_WAIT, turn).await else {
            return Err(ScrapeError::Busy);
        };
        if let Some(page) = self.shared_page(arrived, is_gzip) {
            return Ok(page);
        }
        drop(waiting);
        let room = self.room(arrived + SCRAPE_WAIT, connections).await?;
        let scraper = Arc::clone(self);
        let (response, mut parts) = mpsc::unbounded_channel();
        let held = Arc::clone(&room);
        // A collection waits for callbacks of the program.
        self.thread.run(move || {
            if let Err(reason) = scraper.make_page(is_gzip, held, &response) {
                // An error means that the client is gone.
                let _ = response.send(PagePart::Failed(reason));
            }
            drop(turn);
        });
        let body = match parts.recv().await {
            Some(PagePart::Last(only)) => [only].into_iter().collect(),
            Some(PagePart::More(first)) => PartsBody::receive(first, parts),
            Some(PagePart::Failed(reason)) => return Err(ScrapeError::Failed(reason)),
            None => return Err(ScrapeError::Failed("the thread that makes the page panicked".to_owned())),
        };
        Ok(HeldPage { body, is_gzip, room })
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
    fn shared_page(&self, arrived: Instant, is_gzip: bool) -> Option<HeldPage> {
        let latest = self.latest();
        let latest = latest.as_ref().filter(|page| page.begun >= arrived && page.is_gzip == is_gzip)?;
        let body = latest.chunks.iter().cloned().collect();
        Some(HeldPage { body, is_gzip, room: Arc::clone(&latest.room) })
    }

    fn latest(&self) -> MutexGuard<'_, Option<LatestPage>> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes the parts of a page to `response`.
    fn make_page(
        &self,
        is_gzip: bool,
        room: PageRoom,
        response: &UnboundedSender<PagePart>,
    ) -> Result<(), String> {
        let begun = Instant::now();
        // Later scrapes need a later page.
        let is_shared = self.waiting.load(Ordering::SeqCst) >= CROWD;
        let metrics = self
            .collector
            .collect(CALLBACK_TIMEOUT)
            .map_err(|error| format!("cannot collect metrics: {error}"))?;
        let mut page = PageWriter::new(response.clone(), is_gzip, is_shared);
        let failed = |error| format!("cannot write the page: {error}");
        let conflicts = self.encoder.encode(&metrics, &mut page).map_err(failed)?;
        self.report(conflicts);
        if let Some(chunks) = page.finish().map_err(failed)? {
            *self.latest() = Some(LatestPage { begun, chunks, is_gzip, room });
            if self.waiting.load(Ordering::SeqCst) == 0 {
                *self.latest() = None;
            }
        }
        Ok(())
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
