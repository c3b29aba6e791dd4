//! Whether metrics can still be collected.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::diagnostics;

/// Shared by all that collect.
///
/// A callback that panics does so under locks of the SDK, which stay poisoned: from then on it collects nothing, and says
/// so in some places and not in others.
#[derive(Debug, Clone, Default)]
pub(crate) struct Health(Arc<AtomicBool>);

impl Health {
    /// Notes that a callback panicked, and says once what that means.
    pub(crate) fn break_down(&self) {
        if !self.0.swap(true, Ordering::SeqCst) {
            diagnostics::line(
                "metrics have ended until the program is restarted: a callback of an instrument panicked",
            );
        }
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
