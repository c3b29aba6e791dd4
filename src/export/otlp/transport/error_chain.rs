//! An error and its sources.

use std::{error::Error as StdError, io};

type SourceError = dyn StdError + 'static;

/// An error and its sources, the outermost first.
pub(super) struct ErrorChain<'e>(Vec<&'e SourceError>);

impl<'e> ErrorChain<'e> {
    pub(super) fn new(error: &'e SourceError) -> Self {
        fn next(error: &SourceError) -> Option<&SourceError> {
            // The `source` of an I/O error is that of the error it wraps, and skips this one.
            match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
                Some(inner) => Some(inner),
                None => error.source(),
            }
        }
        Self(std::iter::successors(Some(error), |error| next(*error)).collect())
    }

    /// Returns the errors of type `T`.
    pub(super) fn of_type<T: StdError + 'static>(&self) -> impl Iterator<Item = &'e T> {
        self.0.iter().filter_map(|error| error.downcast_ref())
    }

    /// Returns the kind of the innermost I/O error.
    pub(super) fn io_kind(&self) -> Option<io::ErrorKind> {
        self.of_type::<io::Error>().last().map(io::Error::kind)
    }

    /// Returns the text of the innermost error, which usually names the cause.
    pub(super) fn root_text(&self) -> String {
        // The text of rustls contains the address of a web page.
        if self.io_kind() == Some(io::ErrorKind::UnexpectedEof) {
            return "closed by the peer".to_owned();
        }
        let mut text = self.0.last().map(ToString::to_string).unwrap_or_default();
        text.retain(|c| !c.is_control());
        text
    }
}
