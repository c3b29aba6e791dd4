//! The callsites of `tracing`, by which its copies in the `log` crate are known.
//!
//! With its feature `log-always`, `tracing` also passes each event and span to the `log` crate. The
//! feature may be enabled anywhere in the tree of dependencies.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{PoisonError, RwLock},
};

use tracing::{
    Event, Metadata,
    field::{Field, Visit},
};

use super::value::format_text;

/// All known callsites, by line.
static CALLSITES: RwLock<BTreeMap<u32, Vec<&'static Metadata<'static>>>> = RwLock::new(BTreeMap::new());

/// The targets of the copies that `tracing` makes of spans without fields.
const SPAN_TARGETS: [&str; 2] = ["tracing::span", "tracing::span::active"];

/// Remembers a callsite.
pub(super) fn remember(metadata: &'static Metadata<'static>) {
    let Some(line) = metadata.line() else { return };
    // `tracing` asks for the same callsites again whenever a filter changes.
    if !any(metadata.file(), Some(line), |known| is_same(known, metadata)) {
        CALLSITES.write().unwrap_or_else(PoisonError::into_inner).entry(line).or_default().push(metadata);
    }
}

fn is_same(a: &Metadata<'_>, b: &Metadata<'_>) -> bool {
    a.is_span() == b.is_span() && a.name() == b.name() && is_of_same_code(a, b) && has_same_target(a, b)
}

fn is_of_same_code(a: &Metadata<'_>, b: &Metadata<'_>) -> bool {
    a.module_path() == b.module_path()
}

fn has_same_target(a: &Metadata<'_>, b: &Metadata<'_>) -> bool {
    a.target() == b.target() && a.level() == b.level()
}

/// Returns whether any callsite of this location passes the test.
fn any(file: Option<&str>, line: Option<u32>, test: impl Fn(&Metadata<'_>) -> bool) -> bool {
    let (Some(file), Some(line)) = (file, line) else { return false };
    let callsites = CALLSITES.read().unwrap_or_else(PoisonError::into_inner);
    let mut of_line = callsites.get(&line).into_iter().flatten();
    of_line.any(|callsite| callsite.file() == Some(file) && test(callsite))
}

/// Returns whether `tracing` made this record of the `log` crate.
///
/// The macros of the `log` crate pass a static file and module path, `tracing` does not.
#[inline]
pub(super) fn is_copy(record: &log::Record<'_>) -> bool {
    record.file_static().is_none()
        && record.module_path_static().is_none()
        && any(record.file(), record.line(), |_| true)
}

/// Returns whether `tracing` made the record of the `log` crate that a `LogTracer` forwards as an
/// event.
///
/// A `LogTracer` does not pass on which texts are static. A record of the program may therefore
/// have the location of a callsite, such as that of a span in the same line.
pub(super) fn is_forwarded_copy(log: &Metadata<'_>, event: &Event<'_>) -> bool {
    any(log.file(), log.line(), |callsite| {
        is_of_same_code(callsite, log)
            && if callsite.is_event() {
                has_same_target(callsite, log)
            } else {
                SPAN_TARGETS.contains(&log.target())
                    || (has_same_target(callsite, log) && is_about_span(callsite.name(), event))
            }
    })
}

/// Returns whether the message is that of a span that is created or gets a value.
fn is_about_span(name: &str, event: &Event<'_>) -> bool {
    let mut message = Message(String::new());
    event.record(&mut message);
    let text = message.0.strip_prefix("++ ").unwrap_or(&message.0);
    text.strip_prefix(name).is_some_and(|rest| rest.starts_with(';'))
}

/// Collects the message of an event.
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format_text(format_args!("{value:?}"));
        }
    }
}
