//! The rules for the targets of spans that `tracing` creates.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use arc_swap::ArcSwap;

use crate::config::{ScopeRule, scope::is_enabled};

/// The rules, which a reload replaces. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct SpanScopes(Arc<Rules>);

#[derive(Debug)]
struct Rules {
    all: ArcSwap<Vec<ScopeRule>>,
    /// False without rules, as usual. The list is then not read.
    exist: AtomicBool,
}

impl SpanScopes {
    pub(super) fn new(rules: Vec<ScopeRule>) -> Self {
        let exist = AtomicBool::new(!rules.is_empty());
        Self(Arc::new(Rules { all: ArcSwap::from_pointee(rules), exist }))
    }

    pub(super) fn set(&self, rules: Vec<ScopeRule>) {
        let exist = !rules.is_empty();
        self.0.all.store(Arc::new(rules));
        self.0.exist.store(exist, Ordering::Release);
    }

    /// Returns whether spans of this target are created.
    #[inline]
    pub(super) fn enable(&self, target: &str) -> bool {
        !self.0.exist.load(Ordering::Acquire) || is_enabled(&self.0.all.load(), target)
    }
}
