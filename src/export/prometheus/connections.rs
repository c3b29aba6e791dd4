//! The open connections and their limits.
//!
//! At the limit, a new connection replaces the one whose client has taken the longest for its
//! current request. Clients that send or read nothing therefore never keep out a scrape.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

/// The number of concurrent connections. A scrape takes one.
const MAX_CONNECTIONS: usize = 64;

/// The number of pages that are in memory because they are not sent yet.
const MAX_PAGES: usize = 16;

/// The longest time from one request to the next, and from the last request to the end of its
/// response.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// The shortest time from one request to the next of a connection. A client that sends requests
/// without end does not occupy the thread.
const REQUEST_INTERVAL: Duration = Duration::from_millis(10);

/// All connections of the server.
#[derive(Debug, Default)]
pub(super) struct Connections {
    open: Mutex<OpenConnections>,
}

#[derive(Debug, Default)]
struct OpenConnections {
    by_id: HashMap<u64, OpenConnection>,
    last_id: u64,
}

#[derive(Debug)]
struct OpenConnection {
    /// The time of the last request, or of the connection.
    since: Instant,
    has_request: bool,
    pages: usize,
    closed: Arc<Notify>,
}

/// A connection that counts until it is dropped.
#[derive(Debug)]
pub(super) struct Connection {
    id: u64,
    connections: Arc<Connections>,
    closed: Arc<Notify>,
}

/// A page that counts until it is dropped.
#[derive(Debug)]
pub(super) struct PageGuard(Arc<Connection>);

impl Connections {
    /// Registers a connection. At the limit, closes another one.
    pub(super) fn open(self: &Arc<Self>) -> Connection {
        let closed = Arc::new(Notify::new());
        let mut open = self.lock();
        if open.by_id.len() >= MAX_CONNECTIONS {
            open.close_oldest(|_| true);
        }
        open.last_id += 1;
        let id = open.last_id;
        let since = Instant::now();
        let connection = OpenConnection { since, has_request: false, pages: 0, closed: Arc::clone(&closed) };
        open.by_id.insert(id, connection);
        Connection { id, connections: Arc::clone(self), closed }
    }

    fn lock(&self) -> MutexGuard<'_, OpenConnections> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenConnections {
    fn close_oldest(&mut self, is_candidate: impl Fn(&OpenConnection) -> bool) {
        let candidates = self.by_id.iter().filter(|(_, connection)| is_candidate(connection));
        let oldest = candidates.min_by_key(|(id, connection)| (connection.since, **id)).map(|(id, _)| *id);
        if let Some(connection) = oldest.and_then(|id| self.by_id.remove(&id)) {
            connection.closed.notify_one();
        }
    }
}

impl Connection {
    /// Begins a request. Returns the time at which it may be answered.
    pub(super) fn begin_request(&self) -> Instant {
        let now = Instant::now();
        let mut open = self.connections.lock();
        // The connection is no longer in the map if another one replaces it.
        let Some(connection) = open.by_id.get_mut(&self.id) else { return now };
        let due = if connection.has_request { connection.since + REQUEST_INTERVAL } else { now };
        connection.has_request = true;
        connection.since = now.max(due);
        connection.since
    }

    /// Registers a page to be sent. At the limit, closes the connection with the oldest page.
    pub(super) fn begin_page(self: &Arc<Self>) -> PageGuard {
        let mut open = self.connections.lock();
        if open.by_id.values().map(|connection| connection.pages).sum::<usize>() >= MAX_PAGES {
            open.close_oldest(|connection| connection.pages > 0);
        }
        if let Some(connection) = open.by_id.get_mut(&self.id) {
            connection.pages += 1;
        }
        drop(open);
        PageGuard(Arc::clone(self))
    }

    /// Returns when the connection must be closed.
    pub(super) async fn must_close(&self) {
        loop {
            let since = self.connections.lock().by_id.get(&self.id).map(|connection| connection.since);
            let Some(since) = since else { return };
            let deadline = since + REQUEST_TIMEOUT;
            if deadline <= Instant::now() {
                return;
            }
            tokio::select! {
                () = self.closed.notified() => return,
                () = tokio::time::sleep_until(deadline) => {}
            }
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.connections.lock().by_id.remove(&self.id);
    }
}

impl Drop for PageGuard {
    fn drop(&mut self) {
        if let Some(connection) = self.0.connections.lock().by_id.get_mut(&self.0.id) {
            connection.pages = connection.pages.saturating_sub(1);
        }
    }
}
