//! The path of a key.

/// A key as a list of segments, since a segment may contain dots.
pub(crate) type KeyPath = Vec<String>;

/// Splits a key whose segments contain no dots.
pub(crate) fn key_path(dotted: &str) -> KeyPath {
    dotted.split('.').map(str::to_owned).collect()
}
