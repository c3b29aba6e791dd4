//! The thread that makes pages.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        mpsc::{self, Receiver, RecvTimeoutError, SendError, Sender},
    },
    time::Duration,
};

use crate::{export::runtime::start_thread, shield::shielded};

/// The time after its last work for which the thread is kept: longer than the usual interval of
/// scrapes.
const IDLE_TIMEOUT: Duration = Duration::from_secs(120);

type Work = Box<dyn FnOnce() + Send>;

/// Runs work on a thread that is kept for the next scrape.
///
/// A thread for each page would take longer to start than a small page to make. It would also
/// allocate the page in other memory than the thread before.
#[derive(Debug)]
pub(super) struct PageThread {
    /// Sends work to the thread, if there is one.
    sender: Arc<Mutex<Option<Sender<Work>>>>,
    idle_timeout: Duration,
}

impl Default for PageThread {
    fn default() -> Self {
        Self { sender: Arc::default(), idle_timeout: IDLE_TIMEOUT }
    }
}

impl PageThread {
    /// Runs `work` after all earlier work.
    ///
    /// If the operating system refuses a thread, `work` runs on the thread of the caller.
    pub(super) fn run(&self, work: impl FnOnce() + Send + 'static) {
        if let Some(work) = self.send(Box::new(work)) {
            run_shielded(work);
        }
    }

    /// Returns work for which there is no thread.
    fn send(&self, work: Work) -> Option<Work> {
        let mut sender = lock(&self.sender);
        let work = match &*sender {
            Some(sender) => match sender.send(work) {
                Ok(()) => return None,
                // The thread has ended against all expectations.
                Err(SendError(work)) => work,
            },
            None => work,
        };
        let (new, works) = mpsc::channel();
        let state = Arc::downgrade(&self.sender);
        let idle_timeout = self.idle_timeout;
        if start_thread("autotelemetry-pages", move || serve(&works, &state, idle_timeout)).is_err() {
            return Some(work);
        }
        let unsent = new.send(work);
        *sender = Some(new);
        unsent.err().map(|SendError(work)| work)
    }
}

/// Runs work until none arrives any more.
fn serve(works: &Receiver<Work>, sender: &Weak<Mutex<Option<Sender<Work>>>>, idle_timeout: Duration) {
    loop {
        match works.recv_timeout(idle_timeout) {
            Ok(work) => run_shielded(work),
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                let Some(sender) = sender.upgrade() else { return };
                let mut sender = lock(&sender);
                // None is sent while the lock is held.
                let Ok(work) = works.try_recv() else {
                    *sender = None;
                    return;
                };
                drop(sender);
                run_shielded(work);
            }
        }
    }
}

/// Runs work that may panic: the thread is kept for the next scrape.
fn run_shielded(work: Work) {
    let _ = shielded(work);
}

fn lock(sender: &Mutex<Option<Sender<Work>>>) -> MutexGuard<'_, Option<Sender<Work>>> {
    sender.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::{
        cell::RefCell,
        thread::{self, ThreadId},
    };

    use super::*;

    thread_local! {
        /// Dropped when the thread ends.
        static HELD: RefCell<Option<Sender<()>>> = const { RefCell::new(None) };
    }

    fn run(thread: &PageThread) -> Option<ThreadId> {
        let (sender, id) = mpsc::channel();
        thread.run(move || sender.send(thread::current().id()).unwrap());
        id.recv().ok()
    }

    #[test]
    fn thread_is_kept_and_ends_with_its_owner() {
        let thread = PageThread::default();
        assert_eq!(run(&thread), run(&thread));
        let (held, is_dropped) = mpsc::channel();
        thread.run(move || HELD.set(Some(held)));
        drop(thread);
        is_dropped.recv().unwrap_err();
    }

    #[test]
    fn idle_thread_ends_and_is_replaced() {
        let thread = PageThread { idle_timeout: Duration::from_millis(1), ..PageThread::default() };
        let first = run(&thread);
        while lock(&thread.sender).is_some() {
            thread::yield_now();
        }
        assert_ne!(run(&thread), first);
        // Work and the end of the thread often coincide.
        for _ in 0..200 {
            assert!(run(&thread).is_some());
            thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn panic_costs_its_own_work() {
        let thread = PageThread::default();
        let (sender, result) = mpsc::channel::<()>();
        thread.run(move || {
            let _sender = sender;
            panic!("a page cannot be made");
        });
        result.recv().unwrap_err();
        assert!(run(&thread).is_some());
    }
}
