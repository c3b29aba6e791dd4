//! Conversion of a program's values into the values of log records.
//!
//! The implementations of `Display` and `Debug` belong to the program. They may return an error,
//! panic, or log themselves. Each costs only the text of the value from there on.

use std::{
    cell::{Cell, RefCell},
    fmt,
};

use opentelemetry::logs::AnyValue;

use super::record_source::SourceValue;
use crate::shield::shielded;

thread_local! {
    /// The buffer for formatting, so that each text is allocated once and in its final size.
    static BUFFER: RefCell<String> = const { RefCell::new(String::new()) };
    /// The number of values that are being formatted.
    static NESTED: Cell<u8> = const { Cell::new(0) };
}

/// A buffer with a larger capacity is released.
const MAX_BUFFER: usize = 16 * 1024;

/// A value that logs itself while it is formatted would recurse endlessly.
const MAX_NESTED: u8 = 9;

/// Returns the formatted text as a value.
#[inline]
pub(super) fn format_value(arguments: fmt::Arguments<'_>) -> AnyValue {
    match arguments.as_str() {
        Some(text) => text.into(),
        None => format_text(arguments).into(),
    }
}

/// Returns the formatted text, up to the first error or panic.
pub(super) fn format_text(arguments: fmt::Arguments<'_>) -> String {
    let text = BUFFER.try_with(|buffer| {
        let mut buffer = buffer.try_borrow_mut().ok()?;
        buffer.clear();
        write_value(&mut *buffer, arguments);
        let text = buffer.as_str().to_owned();
        if buffer.capacity() > MAX_BUFFER {
            *buffer = String::new();
        }
        Some(text)
    });
    match text {
        Ok(Some(text)) => text,
        // The thread is ending, or the value logs while it is formatted.
        _ => format_unbuffered(arguments),
    }
}

#[cold]
fn format_unbuffered(arguments: fmt::Arguments<'_>) -> String {
    let mut text = String::new();
    write_value(&mut text, arguments);
    text
}

/// Writes the formatted text, up to the first error or panic.
pub(super) fn write_value(out: &mut impl fmt::Write, arguments: fmt::Arguments<'_>) {
    let nested = NESTED.try_with(Cell::get).unwrap_or(MAX_NESTED);
    if nested < MAX_NESTED {
        let _ = NESTED.try_with(|count| count.set(nested + 1));
        let _ = shielded(|| out.write_fmt(arguments));
        let _ = NESTED.try_with(|count| count.set(nested));
    }
}

/// Returns the text of a value, up to the first error or panic of its `Display` implementation.
///
/// `to_string` would panic on that error.
pub(super) fn display_lossy(value: impl fmt::Display) -> String {
    format_text(format_args!("{value}"))
}

/// Passes an integer on, as text if it exceeds `i64`, the only integer type of OpenTelemetry.
#[inline]
pub(super) fn with_integer<T>(
    value: impl TryInto<i64> + Copy + fmt::Display,
    pass: impl FnOnce(SourceValue<'_>) -> T,
) -> T {
    match value.try_into() {
        Ok(number) => pass(SourceValue::Int(number)),
        Err(_) => pass(SourceValue::Formatted(format_args!("{value}"))),
    }
}
