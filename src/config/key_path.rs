//! The path of a key.

/// A key as its segments, since a segment may hold dots.
pub(crate) type KeyPath = Vec<String>;

pub(crate) fn key_path(dotted: &str) -> KeyPath {
    dotted.split('.').map(str::to_owned).collect()
}
