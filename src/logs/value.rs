//! Conversion of a program's values into the values of log records.

use std::{
    cell::RefCell,
    fmt::{self, Write as _},
};

use opentelemetry::logs::AnyValue;

thread_local! {
    /// The buffer for formatting, so that each text is allocated once and in its final size.
    static BUFFER: RefCell<String> = const { RefCell::new(String::new()) };
}

/// A buffer with a larger capacity is released.
const MAX_BUFFER: usize = 16 * 1024;

/// Returns the formatted text as a value.
#[inline]
pub(super) fn format_value(arguments: fmt::Arguments<'_>) -> AnyValue {
    if let Some(text) = arguments.as_str() {
        return text.into();
    }
    let text = BUFFER.try_with(|buffer| {
        let mut buffer = buffer.try_borrow_mut().ok()?;
        buffer.clear();
        let _ = buffer.write_fmt(arguments);
        let text = buffer.as_str().to_owned();
        if buffer.capacity() > MAX_BUFFER {
            *buffer = String::new();
        }
        Some(text)
    });
    match text {
        Ok(Some(text)) => text.into(),
        // The thread is ending, or the value logs while it is formatted.
        _ => display_lossy(arguments).into(),
    }
}

/// Returns the text of a value up to the first error of its `Display` implementation.
///
/// `to_string` would panic on that error.
pub(super) fn display_lossy(value: impl fmt::Display) -> String {
    let mut text = String::new();
    let _ = write!(text, "{value}");
    text
}

/// Returns an integer, as text if it exceeds `i64`, the only integer type of OpenTelemetry.
pub(super) fn integer_value(value: impl TryInto<i64> + Copy + fmt::Display) -> AnyValue {
    value.try_into().map_or_else(|_| value.to_string().into(), AnyValue::Int)
}
