//! A cheap test for equal keys.

/// Suspects equal keys, at little cost: keys whose bits differ are not equal.
#[derive(Debug, Default)]
pub(crate) struct KeyBits {
    bits: u64,
    may_repeat: bool,
}

impl KeyBits {
    #[inline]
    pub(crate) fn add(&mut self, key: &str) {
        let first = key.as_bytes().first().map_or(0, |byte| usize::from(*byte));
        let bit = 1 << ((key.len() ^ (first << 2)) % 64);
        self.may_repeat |= self.bits & bit != 0;
        self.bits |= bit;
    }

    /// Returns `false` if all added keys are different.
    #[inline]
    pub(crate) fn may_repeat(&self) -> bool {
        self.may_repeat
    }
}
