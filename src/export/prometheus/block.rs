//! Waiting for a future without a runtime.

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::Instant,
};

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Blocks the thread until the future is ready. Returns `None` at the deadline.
pub(super) fn block_until<T>(deadline: Instant, future: impl Future<Output = T>) -> Option<T> {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    // The thread can belong to a runtime of the program, whose task has used its budget.
    let mut future = pin!(tokio::task::unconstrained(future));
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(output);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        thread::park_timeout(left);
    }
}

#[cfg(test)]
mod tests {
    use std::{future, time::Duration};

    use tokio::sync::oneshot;

    use super::*;

    #[test]
    fn thread_waits_for_the_future_or_the_deadline() {
        let (sender, receiver) = oneshot::channel();
        thread::spawn(move || sender.send(7).unwrap());
        assert_eq!(block_until(Instant::now() + Duration::from_secs(60), receiver), Some(Ok(7)));
        assert_eq!(block_until::<()>(Instant::now() + Duration::from_millis(1), future::pending()), None);
    }
}
