//! Shortens an item that is too large for a request.
//!
//! A request is split until it holds a single item. If that is still too large, its longest texts
//! are cut, so that the rest of the item is not lost.

use super::{
    encoder::RequestEncoder,
    export_error::ExportError,
    parts::{Part, Parts},
    request::OtlpRequest,
};
use crate::diagnostics::item_count::Thousands;

/// The largest message that gRPC receivers accept by default, before compression.
pub(super) const MAX_REQUEST_BYTES: usize = 4 * 1024 * 1024;

/// The number of times that texts are cut. JSON escapes some characters, so the length of the
/// encoded text is an estimate.
const MAX_ROUNDS: usize = 8;

/// The result of [`shorten`].
pub(super) enum Shortened {
    /// The encoded request, and a description of its largest part.
    Fits(Vec<u8>, String),
    /// The item is too large without its texts. The description is that of its largest part.
    TooLarge(String),
}

/// Cuts the longest texts of a request of `len` encoded bytes until it fits.
pub(super) fn shorten<R: OtlpRequest>(
    encoder: &RequestEncoder,
    request: &mut R,
    mut len: usize,
) -> Result<Shortened, ExportError> {
    let largest = describe_largest(request, len);
    for _ in 0..MAX_ROUNDS {
        let texts = text_lengths(request);
        let total: usize = texts.iter().sum();
        // Of the excess, some is due to escapes. A few bytes more compensate for rounding.
        let excess = (len - MAX_REQUEST_BYTES) as u128 * total as u128 / len.max(1) as u128 + 64;
        let excess = usize::try_from(excess).unwrap_or(usize::MAX).min(total);
        if excess == 0 {
            break;
        }
        truncate_texts(request, longest_within(texts, total - excess));
        let body = encoder.encode(request)?;
        if body.len() <= MAX_REQUEST_BYTES {
            return Ok(Shortened::Fits(body, largest));
        }
        len = body.len();
    }
    Ok(Shortened::TooLarge(largest))
}

/// Describes the largest part of a request of `len` bytes.
fn describe_largest(request: &mut impl Parts, len: usize) -> String {
    let mut largest = (0, String::new());
    let mut count = 0;
    request.visit_parts(&mut |Part { name, content }| {
        count += 1;
        if content.len() > largest.0 {
            largest = (content.len(), name.to_string());
        }
    });
    let (bytes, name) = largest;
    let size = Thousands(bytes as u64);
    if bytes > len / 2 {
        format!("{name} has {size} bytes")
    } else {
        format!("the largest of its {} attributes and texts has {size} bytes", Thousands(count))
    }
}

fn text_lengths(request: &mut impl Parts) -> Vec<usize> {
    let mut lengths = Vec::new();
    request.visit_parts(&mut |part| part.content.visit_texts(&mut |text| lengths.push(text.len())));
    lengths
}

fn truncate_texts(request: &mut impl Parts, longest: usize) {
    request.visit_parts(&mut |part| part.content.visit_texts(&mut |text| text.truncate(longest)));
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
