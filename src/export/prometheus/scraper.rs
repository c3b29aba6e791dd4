//! Collects the metrics for a page.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use hyper::body::Bytes;
use tokio::sync::{
    OwnedSemaphorePermit, Semaphore,
    mpsc::{self, UnboundedSender},
};

use super::{
    block::block_until,
    body::PartsBody,
    connections::{Connections, PageRoom},
    encoder::Encoder,
    metrics_page::MetricsPage,
    negotiation::negotiate,
    page::{PagePart, PageWriter},
    page_format::PageKind,
    page_thread::PageThread,
    scrape_error::ScrapeError,
    shared_pages::{SharedPage, SharedPages},
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
    /// The last pages, while scrapes are waiting.
    shared: SharedPages,
    diagnostics: DiagnosticLog,
    /// The conflicts that have been reported.
    reported: Mutex<HashSet<String>>,
}

/// A page with its place in memory.
#[derive(Debug)]
pub(super) struct HeldPage {
    pub(super) body: PartsBody,
    pub(super) room: PageRoom,
}

/// Counts a scrape that waits.
struct Waiting<'s>(&'s Scraper);

impl Scraper {
    pub(crate) fn new(collector: Arc<Collector>, config: &Prometheus, diagnostics: DiagnosticLog) -> Self {
        Self {
            collector,
            encoder: Encoder::new(config),
            thread: PageThread::default(),
            turn: Arc::new(Semaphore::new(1)),
            room: Arc::new(Semaphore::new(MAX_PAGES)),
            waiting: AtomicUsize::new(0),
            shared: SharedPages::default(),
            diagnostics,
            reported: Mutex::default(),
        }
    }

    /// Returns a page with values that are not older than the request.
    pub(super) async fn scrape(
        self: &Arc<Self>,
        kind: PageKind,
        connections: &Connections,
    ) -> Result<HeldPage, ScrapeError> {
        let arrived = Instant::now();
        let waiting = Waiting::new(self);
        let turn = Arc::clone(&self.turn).acquire_owned();
        let Ok(Ok(turn)) = tokio::time::timeout(SCRAPE_WAIT, turn).await else {
            return Err(ScrapeError::Busy);
        };
        if let Some(SharedPage { chunks, room, .. }) = self.shared.find(kind, arrived) {
            return Ok(HeldPage { body: chunks.into_iter().collect(), room });
        }
        drop(waiting);
        let room = self.room(arrived + SCRAPE_WAIT, connections).await?;
        let body = self.make_page(kind, Some(Arc::clone(&room)), turn).await?;
        Ok(HeldPage { body, room })
    }

    /// Returns a page for the program's own web server. Blocks the thread for at most 10 seconds.
    pub(crate) fn scrape_blocking(
        self: &Arc<Self>,
        accept: Option<&str>,
    ) -> Result<MetricsPage, ScrapeError> {
        let kind = PageKind { format: negotiate(accept.into_iter()), is_gzip: false };
        let deadline = Instant::now() + SCRAPE_WAIT;
        let chunks = block_until(deadline, self.scrape_whole(kind)).unwrap_or(Err(ScrapeError::Busy))?;
        let content_type = kind.format.content_type();
        Ok(MetricsPage { content_type, body: chunks.concat(), is_gzip: kind.is_gzip })
    }

    /// Returns all chunks of a page. The future needs no runtime.
    async fn scrape_whole(self: &Arc<Self>, kind: PageKind) -> Result<Vec<Bytes>, ScrapeError> {
        let arrived = Instant::now();
        let waiting = Waiting::new(self);
        let Ok(turn) = Arc::clone(&self.turn).acquire_owned().await else {
            return Err(ScrapeError::Busy);
        };
        if let Some(SharedPage { chunks, .. }) = self.shared.find(kind, arrived) {
            return Ok(chunks);
        }
        drop(waiting);
        // The program holds the page, so it needs a place only to be shared.
        let room = Arc::clone(&self.room).try_acquire_owned().ok().map(Arc::new);
        let body = self.make_page(kind, room, turn).await?.complete().await;
        body.map(PartsBody::into_parts).map_err(|error| ScrapeError::Failed(error.to_string()))
    }

    /// Makes a page. Returns with its first part.
    async fn make_page(
        self: &Arc<Self>,
        kind: PageKind,
        room: Option<PageRoom>,
        turn: OwnedSemaphorePermit,
    ) -> Result<PartsBody, ScrapeError> {
        let scraper = Arc::clone(self);
        let (response, mut parts) = mpsc::unbounded_channel();
        // A collection waits for callbacks of the program.
        self.thread.run(move || {
            if let Err(reason) = scraper.write_page(kind, room, &response) {
                // An error means that the client is gone.
                let _ = response.send(PagePart::Failed(reason));
            }
            drop(turn);
        });
        match parts.recv().await {
            Some(PagePart::Last(only)) => Ok([only].into_iter().collect()),
            Some(PagePart::More(first)) => Ok(PartsBody::receive(first, parts)),
            Some(PagePart::Failed(reason)) => Err(ScrapeError::Failed(reason)),
            None => Err(ScrapeError::Failed("the thread that makes the page panicked".to_owned())),
        }
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

    /// Passes the parts of a page to `response`.
    fn write_page(
        &self,
        kind: PageKind,
        room: Option<PageRoom>,
        response: &UnboundedSender<PagePart>,
    ) -> Result<(), String> {
        let begun = Instant::now();
        // Later scrapes need a later page. With many clients, each of them would otherwise wait for
        // the pages of all others.
        let room = room.filter(|_| self.waiting.load(Ordering::SeqCst) >= CROWD);
        let metrics = self
            .collector
            .collect(CALLBACK_TIMEOUT)
            .map_err(|error| format!("cannot collect metrics: {error}"))?;
        let mut page = PageWriter::new(response.clone(), kind.is_gzip, room.is_some());
        let failed = |error| format!("cannot write the page: {error}");
        let conflicts = self.encoder.encode(&metrics, kind.format, &mut page).map_err(failed)?;
        self.report(conflicts);
        if let (Some(chunks), Some(room)) = (page.finish().map_err(failed)?, room) {
            self.shared.insert(SharedPage { kind, begun, chunks, room });
            if self.waiting.load(Ordering::SeqCst) == 0 {
                self.shared.clear();
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
            self.0.shared.clear();
        }
    }
}
