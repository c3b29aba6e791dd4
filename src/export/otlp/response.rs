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
