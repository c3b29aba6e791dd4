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

impl ExportResponse {
    /// Creates the response of a server that accepted a request, and whose message has no known
    /// form.
    pub(crate) fn unreadable() -> Self {
        let message = "the response could not be read; some items may be rejected".to_owned();
        Self { rejected: 0, message, code: None }
    }
}
