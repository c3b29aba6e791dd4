//! Callsites of events whose records have unique keys, whatever their values. JSON needs no escape
//! in these keys.

use std::{
    ptr,
    sync::atomic::{AtomicUsize, Ordering},
};

use tracing::{Metadata, field::FieldSet};

use crate::format::{EXCEPTION_MESSAGE, json::is_plain};

/// The number of callsites that are kept.
const ENTRIES: usize = 256;

/// The addresses of the metadata of callsites, which are static and thus never used again.
static CALLSITES: [AtomicUsize; ENTRIES] = [const { AtomicUsize::new(0) }; ENTRIES];

/// Returns whether the events of a callsite are regular.
#[inline]
pub(super) fn contain(metadata: &'static Metadata<'static>) -> bool {
    let address = ptr::from_ref(metadata).addr();
    let entry = &CALLSITES[(address / size_of::<usize>()) % ENTRIES];
    entry.load(Ordering::Relaxed) == address || add(address, entry, metadata.fields())
}

#[cold]
fn add(address: usize, entry: &AtomicUsize, fields: &FieldSet) -> bool {
    let is_regular = fields.iter().enumerate().all(|(index, field)| {
        let name = field.name();
        // The keys of attributes that are added to the fields.
        let is_reserved = name == EXCEPTION_MESSAGE || name.starts_with("code.");
        !is_reserved
            && is_plain(name.as_bytes())
            && fields.iter().take(index).all(|before| before.name() != name)
    });
    if is_regular {
        entry.store(address, Ordering::Relaxed);
    }
    is_regular
}
