//! Responses in Protocol Buffers.

use super::{
    protobuf_reader::{Malformed, read_fields},
    response::ExportResponse,
};

/// The message `ExportTracePartialSuccess`, or that of another signal. Their fields have the same
/// numbers. The text is bytes, because a server may cut it inside a character.
#[derive(Debug, Default)]
struct PartialSuccess<'m> {
    rejected: u64,
    message: &'m [u8],
}

impl<'m> PartialSuccess<'m> {
    fn read(&mut self, message: &'m [u8]) -> Result<(), Malformed> {
        read_fields(message, |number, value| {
            match number {
                // A negative number means nothing.
                1 => {
                    let rejected = value.varint()?.cast_signed();
                    self.rejected = u64::try_from(rejected).unwrap_or_default();
                }
                2 => self.message = value.bytes()?,
                _ => {}
            }
            Ok(())
        })
    }

    /// Reads the response of any signal.
    fn read_response(&mut self, response: &'m [u8]) -> Result<(), Malformed> {
        read_fields(response, |number, value| match number {
            1 => self.read(value.bytes()?),
            _ => Ok(()),
        })
    }
}

/// Returns `true` if the content is a response.
pub(super) fn is_response(content: &[u8]) -> bool {
    PartialSuccess::default().read_response(content).is_ok()
}

/// Decodes a response as far as it is readable, or returns `None` if nothing in it is.
pub(super) fn decode(content: &[u8]) -> Option<ExportResponse> {
    let mut partial = PartialSuccess::default();
    let is_complete = partial.read_response(content).is_ok();
    let PartialSuccess { rejected, message } = partial;
    let message = String::from_utf8_lossy(message).into_owned();
    (is_complete || rejected > 0).then_some(ExportResponse { rejected, message, code: None })
}
