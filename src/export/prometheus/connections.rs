//! The open connections and their limits.
//!
//! At the limit, a new connection replaces one that serves no client: a connection without a
//! request first, then one between two requests, then one whose client has stopped reading. A
//! scrape that is in progress is never replaced; the new connection waits instead.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, OwnedSemaphorePermit},
    time::Instant,
};

/// The number of concurrent connections. A scrape takes one.
const MAX_CONNECTIONS: usize = 64;

/// The longest time from one request to the next, and from the last request to the end of its
/// response.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// The shortest time from one request to the next of a connection. A client that sends requests
/// without end does not occupy the thread.
const REQUEST_INTERVAL: Duration = Duration::from_millis(10);

/// The time without progress from which on a client has stopped reading.
const STALL: Duration = Duration::from_secs(1);

/// The time after which a connection that waits checks again which clients have stopped reading.
const CHECK_INTERVAL: Duration = Duration::from_millis(100);

/// A place in memory for a page. Clients that receive the same page share it.
pub(super) type PageRoom = Arc<OwnedSemaphorePermit>;

/// All connections of the server.
#[derive(Debug, Default)]
pub(super) struct Connections {
    open: Mutex<OpenConnections>,
    /// Notified when a connection ends or becomes idle.
    changed: Notify,
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
    phase: Phase,
    /// The time since which the client reads nothing, while a part of a response waits for it.
    blocked_since: Option<Instant>,
    /// Held until the page is sent.
    room: Option<PageRoom>,
    closed: Arc<Notify>,
}

/// The state of a connection. Earlier ones are replaced first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// There was no request yet.
    New,
    /// The last response is sent.
    Idle,
    /// A response is being sent.
    Sending,
    /// The body of the response is complete, a rest of it is still being sent.
    Ending,
    /// A response is being made.
    Answering,
}

/// A connection that counts until it is dropped.
#[derive(Debug)]
pub(super) struct Connection {
    id: u64,
    connections: Arc<Connections>,
    closed: Arc<Notify>,
}

/// A response of which a part is not sent yet.
#[derive(Debug)]
pub(super) struct ResponseGuard(Arc<Connection>);

impl Connections {
    /// Registers a connection. At the limit, replaces another one, or waits until one ends.
    pub(super) async fn open(self: &Arc<Self>) -> Connection {
        loop {
            if let Some(connection) = self.try_open() {
                return connection;
            }
            // An error means that nothing has changed. A client may have stopped reading, though.
            let _ = tokio::time::timeout(CHECK_INTERVAL, self.changed.notified()).await;
        }
    }

    fn try_open(self: &Arc<Self>) -> Option<Connection> {
        let mut open = self.lock();
        if open.by_id.len() >= MAX_CONNECTIONS && !open.close_one(|_| true) {
            return None;
        }
        open.last_id += 1;
        let id = open.last_id;
        let closed = Arc::new(Notify::new());
        let connection = OpenConnection {
            since: Instant::now(),
            phase: Phase::New,
            blocked_since: None,
            room: None,
            closed: Arc::clone(&closed),
        };
        open.by_id.insert(id, connection);
        Some(Connection { id, connections: Arc::clone(self), closed })
    }

    /// Closes one of the connections with a page whose clients have stopped reading.
    pub(super) fn close_stalled_page(&self) {
        self.lock().close_one(|connection| connection.room.is_some());
    }

    fn lock(&self) -> MutexGuard<'_, OpenConnections> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenConnections {
    /// Closes the candidate that can be missed most. Returns `false` if there is none.
    fn close_one(&mut self, is_candidate: impl Fn(&OpenConnection) -> bool) -> bool {
        let now = Instant::now();
        let candidates = self.by_id.iter().filter(|(_, connection)| is_candidate(connection));
        let replaceable = candidates
            .filter_map(|(id, connection)| connection.priority(now).map(|priority| (priority, *id)));
        let Some(connection) = replaceable.min().and_then(|(_, id)| self.by_id.remove(&id)) else {
            return false;
        };
        connection.closed.notify_one();
        true
    }
}

impl OpenConnection {
    /// Returns the priority of connections that may be replaced. The lowest one is replaced first.
    fn priority(&self, now: Instant) -> Option<(Phase, Instant)> {
        match self.phase {
            Phase::New | Phase::Idle => Some((self.phase, self.since)),
            Phase::Sending | Phase::Ending => {
                let blocked_since = self.blocked_since.filter(|since| *since + STALL <= now);
                blocked_since.map(|since| (Phase::Sending, since))
            }
            Phase::Answering => None,
        }
    }
}

impl Connection {
    /// Begins a request. Returns the time at which it may be answered.
    pub(super) fn begin_request(&self) -> Instant {
        let now = Instant::now();
        // The connection is no longer in the map if another one replaces it.
        self.update(|connection| {
            if connection.phase == Phase::New {
                connection.phase = Phase::Answering;
                connection.since = now;
            } else {
                // It stays idle until the answer begins. Requests without end therefore leave gaps
                // in which it can be replaced.
                connection.since = now.max(connection.since + REQUEST_INTERVAL);
            }
            connection.since
        })
        .unwrap_or(now)
    }

    /// Begins the answer of a request.
    pub(super) fn begin_answer(&self) {
        self.update(|connection| connection.phase = Phase::Answering);
    }

    /// Keeps the page until it is sent.
    pub(super) fn hold(&self, room: PageRoom) {
        self.update(|connection| connection.room = Some(room));
    }

    /// Begins to send a response. It ends when the guard is dropped and the rest is sent.
    pub(super) fn begin_response(self: &Arc<Self>) -> ResponseGuard {
        self.update(|connection| {
            connection.phase = Phase::Sending;
            connection.blocked_since = None;
        });
        ResponseGuard(Arc::clone(self))
    }

    /// Records that the client does not read at the moment.
    pub(super) fn record_blocked(&self) {
        self.update(|connection| {
            connection.blocked_since.get_or_insert_with(Instant::now);
        });
    }

    /// Records that the client has read a part of the response.
    pub(super) fn record_progress(&self) {
        self.update(|connection| connection.blocked_since = None);
    }

    /// Records that everything so far is sent.
    pub(super) fn record_sent(&self) {
        let is_end = self.update(|connection| {
            let is_end = connection.phase == Phase::Ending;
            if is_end {
                connection.phase = Phase::Idle;
                connection.room = None;
            }
            is_end
        });
        if is_end == Some(true) {
            self.connections.changed.notify_one();
        }
    }

    /// Returns when the connection must be closed.
    pub(super) async fn must_close(&self) {
        while let Some(since) = self.update(|connection| connection.since) {
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

    fn update<T>(&self, update: impl FnOnce(&mut OpenConnection) -> T) -> Option<T> {
        self.connections.lock().by_id.get_mut(&self.id).map(update)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.connections.lock().by_id.remove(&self.id);
        self.connections.changed.notify_one();
    }
}

impl Drop for ResponseGuard {
    fn drop(&mut self) {
        self.0.update(|connection| connection.phase = Phase::Ending);
    }
}
