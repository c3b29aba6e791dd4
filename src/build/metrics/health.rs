//! Whether metrics can still be collected.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::diagnostics::Diagnostics;

/// Shared by all that collect.
///
/// A callback that panics does so under locks of the SDK, which stay poisoned: from then on it collects nothing, and says
/// so in some places and not in others.
#[derive(Debug, Clone)]
pub(crate) struct Health {
    is_broken: Arc<AtomicBool>,
    diagnostics: Diagnostics,
}

impl Health {
    pub(crate) fn new(diagnostics: Diagnostics) -> Self {
        Self { is_broken: Arc::default(), diagnostics }
    }

    /// Notes that a callback panicked, and says once what that means.
    pub(crate) fn break_down(&self) {
        if !self.is_broken.swap(true, Ordering::SeqCst) {
            self.diagnostics.error(
                "metrics have ended until the program is restarted: a callback of an instrument panicked",
            );
        }
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.is_broken.load(Ordering::SeqCst)
    }
}
