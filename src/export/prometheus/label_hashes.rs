//! Detection of samples that have the same labels.

use std::{
    collections::HashSet,
    hash::{BuildHasherDefault, Hasher},
};

/// The hashes of labels. Equal labels always have equal hashes; different ones may.
#[derive(Debug, Default)]
pub(super) struct LabelHashes(HashSet<u64, BuildHasherDefault<IdentityHasher>>);

impl LabelHashes {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Returns whether the hash of these labels is new.
    #[inline]
    pub(super) fn insert(&mut self, labels: &[u8]) -> bool {
        self.0.insert(hash(labels))
    }
}

/// Hashes eight bytes at a time: the labels of all samples are hashed for each page.
fn hash(labels: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let add = |hash: u64, word: u64| (hash.rotate_left(23) ^ word).wrapping_mul(FACTOR);
    let (words, rest) = labels.as_chunks::<8>();
    let hash = words.iter().fold(0, |hash, word| add(hash, u64::from_le_bytes(*word)));
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let hash = add(hash, u64::from_le_bytes(last));
    hash ^ (hash >> 32)
}

/// Uses the key of the set, which is a hash, as its hash.
#[derive(Debug, Default)]
struct IdentityHasher(u64);

impl Hasher for IdentityHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = hash(bytes);
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
