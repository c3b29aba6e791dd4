//! The lengths to which the texts of an item are cut that is too large for a request.

/// The number of times that texts are cut. JSON escapes some characters, so the length of the
/// encoded text is an estimate.
const MAX_ROUNDS: usize = 8;

/// The limits to try, one after the other.
#[derive(Debug)]
pub(super) struct TextLimits {
    /// The lengths of the texts.
    lengths: Vec<usize>,
    max_bytes: usize,
    rounds: usize,
}

/// Returns the limits for a request of at most `max_bytes` whose texts have these lengths.
pub(super) fn text_limits(lengths: Vec<usize>, max_bytes: usize) -> TextLimits {
    TextLimits { lengths, max_bytes, rounds: MAX_ROUNDS }
}

impl TextLimits {
    /// Returns the next limit for a request that has too many `bytes` with the limit before, or
    /// `None` if shorter texts do not help.
    pub(super) fn next(&mut self, bytes: usize) -> Option<usize> {
        self.rounds = self.rounds.checked_sub(1)?;
        let total: usize = self.lengths.iter().sum();
        // Of the excess, some is due to escapes. A few bytes more compensate for rounding.
        let excess = bytes.saturating_sub(self.max_bytes) as u128 * total as u128 / bytes.max(1) as u128;
        let excess = usize::try_from(excess + 128).unwrap_or(usize::MAX).min(total);
        if excess == 0 {
            return None;
        }
        let limit = longest_within(self.lengths.clone(), total - excess);
        for length in &mut self.lengths {
            *length = (*length).min(limit);
        }
        Some(limit)
    }
}

/// Returns the length to which texts must be cut so that all together have `total` bytes.
fn longest_within(mut lengths: Vec<usize>, total: usize) -> usize {
    lengths.sort_unstable();
    let mut left = total;
    let mut count = lengths.len();
    for length in lengths {
        let share = left / count;
        if length > share {
            return share;
        }
        left -= length;
        count -= 1;
    }
    usize::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longest_texts_are_cut_to_the_same_length() {
        assert_eq!(longest_within(vec![10, 1000, 20], 130), 100);
        assert_eq!(longest_within(vec![10, 1000, 1000], 110), 50);
        assert_eq!(longest_within(vec![10, 10], 20), usize::MAX);
        assert_eq!(longest_within(vec![10, 10], 0), 0);
    }
}
