//! What all three ways in have in common: the making of a record.

use std::{
    borrow::Cow,
    cell::RefCell,
    error::Error,
    fmt::{self, Write as _},
    time::SystemTime,
};

use opentelemetry::{
    InstrumentationScope,
    logs::{AnyValue, LogRecord as _, Severity},
};
use opentelemetry_sdk::logs::SdkLogRecord;

/// The semantic conventions' names of what `exception` and errors among the fields become.
pub(crate) const EXCEPTION_MESSAGE: &str = "exception.message";
const EXCEPTION_STACKTRACE: &str = "exception.stacktrace";

/// How many sources of an error are told; a chain could be a circle.
const MAX_SOURCES: usize = 64;

/// What is told of an error, by the semantic conventions for exceptions. Rust errors hold no stack trace; the chain of sources
/// takes its place. The type of a `dyn Error` is not known, so that is left out.
pub(crate) fn exception<E: Error + ?Sized>(error: &E) -> impl Iterator<Item = (&'static str, String)> {
    let type_name = std::any::type_name::<E>();
    let type_name = (!type_name.starts_with("dyn ")).then(|| ("exception.type", type_name.to_owned()));
    let message = display_lossy(error);
    let mut trace = message.clone();
    let sources = std::iter::successors(error.source(), |&error| error.source());
    for source in sources.take(MAX_SOURCES) {
        trace.push_str("\ncaused by: ");
        trace.push_str(&display_lossy(source));
    }
    type_name.into_iter().chain([(EXCEPTION_MESSAGE, message), (EXCEPTION_STACKTRACE, trace)])
}

/// Whether a stack trace says no more than the message does, which people need not read twice.
pub(crate) fn repeats_message<'a, V: PartialEq + 'a>(
    key: &str,
    value: &V,
    mut attributes: impl Iterator<Item = (&'a str, &'a V)>,
) -> bool {
    key == EXCEPTION_STACKTRACE && attributes.any(|(key, other)| key == EXCEPTION_MESSAGE && other == value)
}

/// Fills in what every record has, and that it is made now.
#[inline]
pub(crate) fn init_record(
    record: &mut SdkLogRecord,
    target: impl Into<Cow<'static, str>>,
    severity: Severity,
) {
    let now = SystemTime::now();
    record.set_timestamp(now);
    // It is observed when it happens; without this the SDK would ask the clock again.
    record.set_observed_timestamp(now);
    record.set_severity_number(severity);
    record.set_severity_text(severity.name());
    record.set_target(target);
}

/// The target of a record, which `logs.level` filters on: its own, else the name of its scope.
#[inline]
pub(crate) fn target<'r>(record: &'r SdkLogRecord, scope: &'r InstrumentationScope) -> &'r str {
    record.target().map_or(scope.name(), |target| target)
}

/// Says where in the code the record was made. See the semantic conventions, "Code attributes".
pub(crate) fn add_location(record: &mut SdkLogRecord, file: Option<impl Into<AnyValue>>, line: Option<u32>) {
    if let Some(file) = file {
        record.add_attribute("code.file.path", file);
    }
    if let Some(line) = line {
        record.add_attribute("code.line.number", i64::from(line));
    }
}

thread_local! {
    /// Texts are formatted here first, so that each is allocated once and in its size.
    static SCRATCH: RefCell<String> = const { RefCell::new(String::new()) };
}

/// A scratch that grew larger than this is given back.
const MAX_SCRATCH: usize = 16 * 1024;

/// What formatting yields.
#[inline]
pub(crate) fn formatted(value: fmt::Arguments<'_>) -> AnyValue {
    if let Some(text) = value.as_str() {
        return text.into();
    }
    let text = SCRATCH.try_with(|scratch| {
        let mut scratch = scratch.try_borrow_mut().ok()?;
        scratch.clear();
        let _ = scratch.write_fmt(value);
        let text = scratch.as_str().to_owned();
        if scratch.capacity() > MAX_SCRATCH {
            *scratch = String::new();
        }
        Some(text)
    });
    match text {
        Ok(Some(text)) => text.into(),
        // The thread ends, or a value logs while it is formatted.
        _ => display_lossy(value).into(),
    }
}

/// What a value of the program shows of itself, as far as it can: `to_string` panics where it fails.
pub(crate) fn display_lossy(value: impl fmt::Display) -> String {
    let mut text = String::new();
    let _ = write!(text, "{value}");
    text
}

/// OpenTelemetry has no larger integers than `i64`; a text keeps the digits.
pub(crate) fn integer(value: impl TryInto<i64> + Copy + fmt::Display) -> AnyValue {
    value.try_into().map_or_else(|_| value.to_string().into(), AnyValue::Int)
}
