//! The thread that writes the queue.

use std::sync::{MutexGuard, PoisonError};

use super::{
    queue::LineQueue,
    shared::{SharedWriter, WriterState},
    sink::LineSink,
    state::{QueueState, WorkerStatus},
};

/// The number of bytes that are written before they are counted.
const CHUNK_SIZE: usize = 64 * 1024;

/// Writes the queue until the writer stops.
pub(super) fn run(shared: &SharedWriter) {
    let mut state = shared.lock_state();
    // Swapped with the queue, so that sustained load needs no allocation.
    let mut spare = LineQueue::default();
    loop {
        if state.done == state.pushed && state.queue.is_empty() {
            if state.stopping {
                state.worker = WorkerStatus::NotRunning;
                return;
            }
            if state.notice_due {
                shared.write_drop_notice(&mut state);
                continue;
            }
            spare.shrink();
            state.queue.shrink();
            state.worker = WorkerStatus::Idle;
            let is_tick;
            (state, is_tick) = wait_for_work(shared, state);
            state.worker = WorkerStatus::Busy;
            if is_tick {
                drop(state);
                shared.lock_writer().sink.tick();
                state = shared.lock_state();
            }
            continue;
        }
        (state, spare) = write_queue(shared, state, spare);
    }
}

/// Writes the queue on a thread that has pushed lines, in place of the worker.
///
/// Leaves the queue as it is if the sink would block.
#[cold]
pub(super) fn run_on_caller(shared: &SharedWriter) {
    let mut state = shared.lock_state();
    let mut spare = LineQueue::default();
    while state.done != state.pushed || !state.queue.is_empty() {
        drop(state);
        let is_writable = shared.lock_writer().sink.is_writable();
        state = shared.lock_state();
        if !is_writable {
            break;
        }
        (state, spare) = write_queue(shared, state, spare);
    }
    state.worker = WorkerStatus::NotRunning;
}

/// Writes what is queued now. `spare` becomes the queue. Returns the empty queue.
fn write_queue<'s>(
    shared: &'s SharedWriter,
    mut state: MutexGuard<'s, QueueState>,
    spare: LineQueue,
) -> (MutexGuard<'s, QueueState>, LineQueue) {
    let mut batch = shared.take_queue(&mut state, spare);
    drop(state);
    let mut writer = shared.lock_writer();
    let WriterState { sink, partial_write } = &mut *writer;
    write(shared, sink.as_mut(), partial_write);
    write(shared, sink.as_mut(), &mut batch);
    drop(writer);
    (shared.lock_state(), batch)
}

/// Waits for lines, and returns whether the tick interval passed instead.
fn wait_for_work<'s>(
    shared: &SharedWriter,
    state: MutexGuard<'s, QueueState>,
) -> (MutexGuard<'s, QueueState>, bool) {
    match shared.tick_interval {
        None => (shared.work.wait(state).unwrap_or_else(PoisonError::into_inner), false),
        Some(interval) => {
            let (state, waited) =
                shared.work.wait_timeout(state, interval).unwrap_or_else(PoisonError::into_inner);
            (state, waited.timed_out())
        }
    }
}

fn write(shared: &SharedWriter, sink: &mut dyn LineSink, lines: &mut LineQueue) {
    lines.drain(
        CHUNK_SIZE,
        |chunk| {
            if shared.is_closed() {
                return Err(None);
            }
            let result = shared.guard_reentry(|| sink.write_all(chunk));
            result.map_err(|failure| {
                shared.close_after(sink, &failure.error);
                Some(failure)
            })
        },
        |items, recorder, error| match error {
            Some(error) => shared.count_failed(items, recorder, error),
            None => recorder.discard(items, shared.drop_reason()),
        },
        |bytes, missing| {
            shared.update(|state| {
                state.done += bytes as u64;
                state.missing += missing;
                state.stalled = false;
                if state.waiters > 0 {
                    shared.progress.notify_all();
                }
            });
        },
    );
}
