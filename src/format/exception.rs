//! The attributes of the semantic conventions for exceptions.

/// Holds the message of an error.
pub(crate) const EXCEPTION_MESSAGE: &str = "exception.message";
/// Holds the sources of an error, since Rust errors have no stack trace.
pub(crate) const EXCEPTION_STACKTRACE: &str = "exception.stacktrace";

/// Returns whether an attribute is a stack trace that only repeats the message.
///
/// Text output for people leaves out such an attribute.
pub(crate) fn repeats_message<'a, V: PartialEq + 'a>(
    key: &str,
    value: &V,
    mut attributes: impl Iterator<Item = (&'a str, &'a V)>,
) -> bool {
    key == EXCEPTION_STACKTRACE && attributes.any(|(key, other)| key == EXCEPTION_MESSAGE && other == value)
}
