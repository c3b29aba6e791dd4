//! A problem at a place of the text.

use super::node::{Node, Place};
use crate::config::value::ParseError;

/// A problem at a place.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) place: Place,
    /// The path of the node; empty for the whole text.
    pub(super) path: String,
    pub(super) error: ParseError,
}

impl Fault {
    /// Creates a problem of a value.
    pub(super) fn at(node: &Node, error: ParseError) -> Self {
        Self { place: node.place, path: node.path.clone(), error }
    }

    /// Creates a problem of the key of a value, or of a mapping that lacks something.
    pub(super) fn at_key(node: &Node, error: ParseError) -> Self {
        Self { place: node.key_place, ..Self::at(node, error) }
    }
}
