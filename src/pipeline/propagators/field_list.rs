//! The lists of fields that propagators return.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

/// Returns a list that is never freed, and the same one for equal lists. Their number is that of
/// the different values of `propagators`.
pub(super) fn interned(fields: Vec<String>) -> &'static [String] {
    static KNOWN: Mutex<BTreeSet<&'static [String]>> = Mutex::new(BTreeSet::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = known.get(fields.as_slice()) {
        return known;
    }
    let fields: &'static [String] = fields.leak();
    known.insert(fields);
    fields
}
