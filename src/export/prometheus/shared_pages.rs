//! The pages that scrapes share while many of them are waiting.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use hyper::body::Bytes;

use super::{connections::PageRoom, page_format::PageKind};

/// The number of kinds of pages that are kept. Clients rarely want more than two.
const MAX_KINDS: usize = 4;

/// The last page of each kind.
#[derive(Debug, Default)]
pub(super) struct SharedPages(Mutex<Vec<SharedPage>>);

#[derive(Debug, Clone)]
pub(super) struct SharedPage {
    pub(super) kind: PageKind,
    /// The beginning of its collection.
    pub(super) begun: Instant,
    pub(super) chunks: Vec<Bytes>,
    pub(super) room: PageRoom,
}

impl SharedPages {
    /// Returns a page whose collection began after `arrived`.
    pub(super) fn find(&self, kind: PageKind, arrived: Instant) -> Option<SharedPage> {
        let pages = self.lock();
        pages.iter().find(|page| page.kind == kind && page.begun >= arrived).cloned()
    }

    /// Keeps a page in place of the last one of its kind, or of the oldest one.
    pub(super) fn insert(&self, page: SharedPage) {
        let mut pages = self.lock();
        pages.retain(|other| other.kind != page.kind);
        if pages.len() == MAX_KINDS {
            pages.remove(0);
        }
        pages.push(page);
    }

    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, Vec<SharedPage>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::Semaphore;

    use super::*;
    use crate::export::prometheus::page_format::{Escaping, Exposition, PageFormat};

    #[test]
    fn each_kind_has_its_page_and_old_ones_are_dropped() {
        let places = Arc::new(Semaphore::new(100));
        let pages = SharedPages::default();
        let arrived = Instant::now();
        let kind = |exposition, is_gzip| {
            let format = PageFormat { exposition, escaping: Escaping::Underscores };
            PageKind { format, is_gzip }
        };
        let insert = |kind| {
            let room = Arc::new(Arc::clone(&places).try_acquire_owned().unwrap());
            pages.insert(SharedPage { kind, begun: Instant::now(), chunks: Vec::new(), room });
        };
        let (plain, gzip) = (kind(Exposition::Text0, false), kind(Exposition::Text0, true));
        insert(plain);
        insert(gzip);
        assert!(pages.find(plain, arrived).is_some() && pages.find(gzip, arrived).is_some());
        assert!(pages.find(kind(Exposition::Protobuf, true), arrived).is_none());
        assert!(pages.find(plain, Instant::now()).is_none(), "the page is older than the scrape");
        for exposition in Exposition::ALL {
            insert(kind(exposition, true));
        }
        assert!(pages.find(plain, arrived).is_none());
        assert_eq!(places.available_permits(), 100 - MAX_KINDS);
        pages.clear();
        assert_eq!(places.available_permits(), 100);
    }
}
