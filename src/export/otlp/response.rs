//! The response to an accepted request.

use super::response_code::ResponseCode;

/// The response of a server that accepted a request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ExportResponse {
    /// The number of items that the server rejected nevertheless.
    pub(crate) rejected: u64,
    /// The reason for the rejection, or a warning if no item was rejected.
    pub(crate) message: String,
    pub(crate) code: Option<ResponseCode>,
}

/// The maximum length of a shortened server message, in characters.
const MAX_CHARS: usize = 200;

/// Shortens a server message, and replaces control characters so that it fits on one line.
pub(super) fn shorten(text: &str) -> String {
    text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_CHARS).collect()
}
