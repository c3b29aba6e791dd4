//! The callsites of `tracing`, by which its copies in the `log` crate are known.
//!
//! With its feature `log-always`, `tracing` also passes each event and span to the `log` crate. The
//! feature may be enabled anywhere in the tree of dependencies.

use std::{
    collections::BTreeMap,
    sync::{PoisonError, RwLock},
};

use tracing::Metadata;

/// The files of all known callsites, by line.
static CALLSITES: RwLock<BTreeMap<u32, Vec<&'static str>>> = RwLock::new(BTreeMap::new());

/// Remembers the location of a callsite.
pub(super) fn remember(metadata: &Metadata<'static>) {
    let (Some(file), Some(line)) = (metadata.file(), metadata.line()) else { return };
    // `tracing` asks for the same callsites again whenever a filter changes.
    if !contains(Some(file), Some(line)) {
        CALLSITES.write().unwrap_or_else(PoisonError::into_inner).entry(line).or_default().push(file);
    }
}

/// Returns whether a callsite of `tracing` has this location.
pub(super) fn contains(file: Option<&str>, line: Option<u32>) -> bool {
    let (Some(file), Some(line)) = (file, line) else { return false };
    let callsites = CALLSITES.read().unwrap_or_else(PoisonError::into_inner);
    callsites.get(&line).is_some_and(|files| files.contains(&file))
}

/// Returns whether `tracing` made this record of the `log` crate.
///
/// The macros of the `log` crate pass a static file and module path, `tracing` does not.
#[inline]
pub(super) fn is_copy(record: &log::Record<'_>) -> bool {
    record.file_static().is_none()
        && record.module_path_static().is_none()
        && contains(record.file(), record.line())
}
