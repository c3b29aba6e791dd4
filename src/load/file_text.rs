//! The text of the file, and the positions of keys and values in it.

use std::{
    path::Path,
    sync::{Arc, OnceLock},
};

use super::locate::{KeyOrValue, SpanIndex};
use crate::error::Origin;

/// The file as it was read.
pub(super) struct FileText {
    path: Arc<Path>,
    text: String,
    /// Created when the first position is requested.
    index: OnceLock<SpanIndex>,
}

impl FileText {
    pub(super) fn new(path: &Path, text: String) -> Self {
        Self { path: path.into(), text, index: OnceLock::new() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the directory against which relative paths in the file are resolved.
    pub(super) fn directory(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// Returns the position at a byte offset.
    pub(super) fn origin_at(&self, offset: usize) -> Origin {
        let (line, column) = self.index().line_and_column(&self.text, offset);
        Origin::File { path: Arc::clone(&self.path), line, column, profile: None }
    }

    /// Returns the position of a key or value.
    pub(super) fn origin(&self, path: &[String], part: KeyOrValue) -> Origin {
        let mut origin = self.origin_at(self.index().offset(path, part));
        if let (Origin::File { profile, .. }, [table, name, ..]) = (&mut origin, path)
            && table == "profiles"
        {
            *profile = Some(name.as_str().into());
        }
        origin
    }

    /// Returns whether the text contains a key or an entry at `path`.
    pub(super) fn holds(&self, path: &[String]) -> bool {
        self.index().holds(path)
    }

    fn index(&self) -> &SpanIndex {
        self.index.get_or_init(|| SpanIndex::new(&self.text))
    }
}
