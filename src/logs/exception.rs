//! Errors as attributes.

use std::error::Error;

use super::value::display_lossy;
use crate::context::shielded;
use crate::format::{EXCEPTION_MESSAGE, EXCEPTION_STACKTRACE};

/// The maximum number of recorded sources of an error. A chain of sources could be circular.
const MAX_SOURCES: usize = 64;

/// Returns the attributes that describe an error, by the semantic conventions for exceptions.
///
/// Rust errors have no stack trace, so the chain of sources takes its place. The type of a
/// `dyn Error` is unknown and left out.
pub(crate) fn exception_attributes<E: Error + ?Sized>(
    error: &E,
) -> impl Iterator<Item = (&'static str, String)> {
    let type_name = std::any::type_name::<E>();
    let type_name = (!type_name.starts_with("dyn ")).then(|| ("exception.type", type_name.to_owned()));
    let message = display_lossy(error);
    let mut trace = message.clone();
    for source in sources(error) {
        trace.push_str("\ncaused by: ");
        trace.push_str(&display_lossy(source));
    }
    type_name.into_iter().chain([(EXCEPTION_MESSAGE, message), (EXCEPTION_STACKTRACE, trace)])
}

/// Returns the sources of an error, up to the first panic of their implementation.
pub(super) fn sources<E: Error + ?Sized>(error: &E) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(source(error), |&error| source(error)).take(MAX_SOURCES)
}

fn source<E: Error + ?Sized>(error: &E) -> Option<&(dyn Error + 'static)> {
    shielded(|| error.source()).flatten()
}
