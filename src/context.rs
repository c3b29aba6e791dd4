//! The current OpenTelemetry context, which is not accessible at every moment.
//!
//! The SDK keeps it in a thread-local and panics in two cases: the thread-local is destroyed, or
//! the context is changed while the program borrows it (`get_active_span`, `map_current`). Log
//! records and spans may arise in both. A panic would end the process if it leaves the destructor
//! of a thread-local, or if a panic hook causes it.

use std::{
    cell::{Cell, RefCell},
    mem, thread,
};

use opentelemetry::{Context, ContextGuard};

use crate::shield::shielded;

/// The state of the thread-locals of other crates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ThreadState {
    /// Nothing is known, because nothing was accessed yet.
    Unknown,
    /// All are accessible.
    Running,
    /// All are accessible, and [`LATE`] is not empty.
    Behind,
    /// Some are destroyed.
    Ending,
}

/// Marks the thread as ending when it is destroyed.
///
/// Thread-locals are destroyed in the reverse order of their first use. A sentinel that is first
/// used after another thread-local is therefore destroyed before it.
struct Sentinel;

impl Drop for Sentinel {
    fn drop(&mut self) {
        set_state(ThreadState::Ending);
    }
}

thread_local! {
    static STATE: Cell<ThreadState> = const { Cell::new(ThreadState::Unknown) };
    /// Detaches the contexts whose guards were dropped while the context was borrowed.
    static LATE: RefCell<Vec<Box<dyn FnOnce()>>> = const { RefCell::new(Vec::new()) };
    static IS_EXPORT_THREAD: Cell<bool> = const { Cell::new(false) };
    /// Is destroyed before the context of the SDK.
    static CONTEXT_SENTINEL: Sentinel = const { Sentinel };
    /// Is destroyed before the thread-local with which the registry creates spans.
    static CREATED_SPAN_SENTINEL: Sentinel = const { Sentinel };
    /// Is destroyed before the thread-local with which the registry enters spans.
    static ENTERED_SPAN_SENTINEL: Sentinel = const { Sentinel };
}

#[inline]
fn state() -> ThreadState {
    STATE.try_with(Cell::get).unwrap_or(ThreadState::Ending)
}

fn set_state(state: ThreadState) {
    let _ = STATE.try_with(|current| current.set(state));
}

/// Returns whether thread-locals of this thread are being destroyed.
#[inline]
pub(crate) fn is_thread_ending() -> bool {
    state() == ThreadState::Ending
}

/// Returns whether the current context is accessible.
///
/// Also detaches contexts that could not be detached before.
#[inline]
pub(crate) fn is_accessible() -> bool {
    match state() {
        ThreadState::Running => true,
        ThreadState::Behind => {
            detach_late();
            true
        }
        ThreadState::Ending => false,
        ThreadState::Unknown => watch_context(),
    }
}

#[cold]
fn watch_context() -> bool {
    // Applies to a panic hook that logs, if the access below panics.
    set_state(ThreadState::Ending);
    if shielded(|| Context::map_current(|_| ())).is_none() {
        return false;
    }
    set_state(ThreadState::Running);
    let _ = CONTEXT_SENTINEL.try_with(|_| ());
    true
}

/// Must be called when the SDK or the program has accessed the current context on this thread.
#[inline]
pub(crate) fn watch_current() {
    let _ = is_accessible();
}

/// Must be called after the registry has created a span on this thread.
#[inline]
pub(crate) fn watch_created_spans() {
    let _ = CREATED_SPAN_SENTINEL.try_with(|_| ());
}

/// Must be called after the registry has entered a span on this thread.
#[inline]
pub(crate) fn watch_entered_spans() {
    let _ = ENTERED_SPAN_SENTINEL.try_with(|_| ());
}

/// Applies `read` to the current context. Returns `None` if it is not accessible.
#[inline]
pub(crate) fn with_current<T>(read: impl FnOnce(&Context) -> T) -> Option<T> {
    is_accessible().then(|| Context::map_current(read))
}

/// A context that is current until this is dropped.
#[derive(Debug)]
pub(crate) struct AttachedContext(Option<ContextGuard>);

/// Makes `context` current. Returns `None` if the current context cannot be changed now.
///
/// The SDK panics if the context is borrowed, and has no other way to find out. The panic is caught
/// here. While the thread panics, nothing is attached: in a panic hook, a second panic would end
/// the process.
pub(crate) fn attach(context: Context) -> Option<AttachedContext> {
    if thread::panicking() || !is_accessible() {
        return None;
    }
    let guard = shielded(|| context.attach())?;
    Some(AttachedContext(Some(guard)))
}

/// Returns whether a context can be attached now.
pub(crate) fn can_attach() -> bool {
    !thread::panicking() && can_detach()
}

/// Returns whether a context can be detached now, which is possible while the thread panics.
pub(crate) fn can_detach() -> bool {
    is_accessible() && !is_borrowed()
}

fn is_borrowed() -> bool {
    shielded(|| drop(Context::new().attach())).is_none()
}

/// Calls `detach` when the context of this thread is accessed next and no longer borrowed.
pub(crate) fn detach_later(detach: impl FnOnce() + 'static) {
    let mut detach: Option<Box<dyn FnOnce()>> = Some(Box::new(detach));
    let _ = LATE.try_with(|late| late.borrow_mut().extend(detach.take()));
    if detach.is_some() {
        // The destructor of a guard would end up here again.
        mem::forget(detach);
    } else if state() == ThreadState::Running {
        set_state(ThreadState::Behind);
    }
}

#[cold]
fn detach_late() {
    // In a panic hook, a second panic would end the process.
    if thread::panicking() {
        return;
    }
    // The calls below access the context.
    set_state(ThreadState::Running);
    if is_borrowed() {
        set_state(ThreadState::Behind);
        return;
    }
    let late = LATE.try_with(|late| mem::take(&mut *late.borrow_mut())).unwrap_or_default();
    for detach in late {
        let _ = shielded(detach);
    }
}

impl Drop for AttachedContext {
    fn drop(&mut self) {
        let Some(guard) = self.0.take() else { return };
        if is_thread_ending() {
            mem::forget(guard);
        } else if can_detach() {
            let _ = shielded(|| drop(guard));
        } else {
            // The SDK would panic and keep the context current.
            let kept = Self(Some(guard));
            detach_later(move || drop(kept));
        }
    }
}

/// Runs `work` with telemetry suppressed.
pub(crate) fn suppressed<T>(work: impl FnOnce() -> T) -> T {
    let _suppressed = with_current(Context::with_telemetry_suppressed).and_then(attach);
    work()
}

/// Suppresses telemetry on this thread until it ends.
pub(crate) fn enter_export_thread() {
    IS_EXPORT_THREAD.set(true);
    mem::forget(Context::enter_telemetry_suppressed_scope());
}

/// Returns whether this thread exports telemetry, so that its own telemetry is suppressed.
#[inline]
pub(crate) fn is_export_thread() -> bool {
    IS_EXPORT_THREAD.try_with(Cell::get).unwrap_or(false)
}
