//! The thread that writes what cannot be written at once.

use std::sync::{MutexGuard, PoisonError};

use super::{PIECE, Queue, Shared, Sink, State, Thread, WriterState};

impl Shared {
    /// What the thread does: writes what is in the queue until the end.
    pub(crate) fn work(&self) {
        let mut state = self.lock();
        // Takes turns with the queue: in a flood no memory is asked for.
        let mut spare = Queue::default();
        loop {
            if state.done == state.pushed && state.queue.is_empty() {
                if state.ending {
                    state.thread = Thread::None;
                    return;
                }
                if state.can_tell {
                    self.write_drop_notice(&mut state);
                    continue;
                }
                spare.shrink();
                state.queue.shrink();
                state.thread = Thread::Waiting;
                let is_time;
                (state, is_time) = self.rest(state);
                state.thread = Thread::Busy;
                if is_time {
                    drop(state);
                    self.slot().sink.tick();
                    state = self.lock();
                }
                continue;
            }
            let mut batch = std::mem::replace(&mut state.queue, spare);
            drop(state);
            let mut slot = self.slot();
            let WriterState { sink, rest } = &mut *slot;
            self.write(sink.as_mut(), rest);
            self.write(sink.as_mut(), &mut batch);
            drop(slot);
            spare = batch;
            state = self.lock();
        }
    }

    fn slot(&self) -> MutexGuard<'_, WriterState> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for work; the other value says whether the sink wants a tick instead.
    fn rest<'s>(&self, state: MutexGuard<'s, State>) -> (MutexGuard<'s, State>, bool) {
        match self.tick {
            None => (self.work.wait(state).unwrap_or_else(PoisonError::into_inner), false),
            Some(tick) => {
                let (state, waited) =
                    self.work.wait_timeout(state, tick).unwrap_or_else(PoisonError::into_inner);
                (state, waited.timed_out())
            }
        }
    }

    fn write(&self, sink: &mut dyn Sink, lines: &mut Queue) {
        lines.write(
            PIECE,
            |piece| {
                if self.is_closed() {
                    return Err(None);
                }
                let result = self.marked(|| sink.write_all(piece));
                result.map_err(|failure| {
                    self.note(sink, &failure.error);
                    Some(failure)
                })
            },
            |items, recorder, error| match error {
                Some(error) => self.lose(items, recorder, error),
                None => recorder.discard(items, self.reason()),
            },
            |bytes, missing| {
                self.change(|state| {
                    state.done += bytes as u64;
                    state.missing += missing;
                    state.stalled = false;
                    if state.waiters > 0 {
                        self.done.notify_all();
                    }
                });
            },
        );
    }
}
