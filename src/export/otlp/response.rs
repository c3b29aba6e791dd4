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

/// The length to which texts of the server are shortened.
const MAX_CHARS: usize = 200;

/// Shortens a text of the server to a part of one line.
pub(super) fn shorten(text: &str) -> String {
    text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_CHARS).collect()
}
