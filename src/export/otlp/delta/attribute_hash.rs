//! A hash of a set of attributes.

use std::hash::{BuildHasher, RandomState};

use opentelemetry::KeyValue;

/// 128 random-keyed bits, which do not depend on the order of the attributes. Equal hashes of
/// different sets are practically impossible, so the attributes need not be kept.
pub(super) type AttributeHash = (u64, u64);

#[derive(Debug, Default)]
pub(super) struct AttributeHasher {
    first: RandomState,
    second: RandomState,
}

impl AttributeHasher {
    pub(super) fn hash<'a>(&self, attributes: impl Iterator<Item = &'a KeyValue>) -> AttributeHash {
        attributes.fold((0, 0), |(first, second), attribute| {
            (
                first.wrapping_add(self.first.hash_one(attribute)),
                second.wrapping_add(self.second.hash_one(attribute)),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_of_attributes_does_not_matter() {
        let hasher = AttributeHasher::default();
        let (a, b) = (KeyValue::new("a", 1), KeyValue::new("b", "1"));
        assert_eq!(hasher.hash([&a, &b].into_iter()), hasher.hash([&b, &a].into_iter()));
        assert_ne!(hasher.hash([&a, &b].into_iter()), hasher.hash([&a].into_iter()));
        assert_ne!(hasher.hash([&a].into_iter()), hasher.hash([&b].into_iter()));
    }
}
