//! Values of spans and events whose `Display` and `Debug` return errors, panic or log.
//!
//! One test, because the globals of a process can be set once.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    cell::Cell,
    error::Error,
    fmt::{self, Write as _},
};

use serde_json::{Value as Json, json};
use test_support::{builder, line_buffer::LineBuffer};

/// A value that can be formatted once, like those of `itertools::format`.
struct Once(Cell<bool>);

fn once() -> Once {
    Once(Cell::new(false))
}

impl fmt::Display for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        assert!(!self.0.replace(true), "was already formatted once");
        f.write_str("1, 2, 3")
    }
}

/// A value that fails after its first characters.
#[derive(Clone, Copy)]
enum Bad {
    ReturnsError,
    Panics,
    Logs,
    LogsItself,
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")?;
        match self {
            Self::ReturnsError => Err(fmt::Error),
            Self::Panics => std::panic::panic_any(PanicsWhenDropped),
            Self::Logs => {
                tracing::error!(value = %"nested", "from a value");
                log::error!("from a {}", "value");
                f.write_str("!")
            }
            Self::LogsItself => {
                tracing::error!(value = %self, "recursion");
                f.write_char('!')
            }
        }
    }
}

impl fmt::Debug for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The payload of a panic, which panics again.
struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("on purpose");
    }
}

/// An error whose sources are circular, or whose source panics.
#[derive(Debug)]
struct BadError(Bad);

impl fmt::Display for BadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for BadError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self.0 {
            Bad::Panics => panic!("on purpose"),
            _ => Some(self),
        }
    }
}

/// The text of each value.
fn expected() -> Json {
    json!({ "once": "1, 2, 3", "error": "text", "panic": "text", "logs": "text!", "last": 7 })
}

/// Asserts that the attributes contain the text of each value.
fn assert_contains_expected(attributes: &Json) {
    for (key, value) in expected().as_object().unwrap() {
        assert_eq!(&attributes[key], value, "{key} in {attributes}");
    }
}

#[test]
fn bad_value_costs_its_own_text() {
    let lines = LineBuffer::default();
    let builder = builder().service_name("x").set("traces.exporters", "console").json_logs(true);
    let tools = builder.console_writer(lines.clone()).install().unwrap();

    let span = tracing::info_span!(
        "request",
        once = %once(),
        error = %Bad::ReturnsError,
        panic = ?Bad::Panics,
        logs = %Bad::Logs,
        last = 7,
        late = tracing::field::Empty,
        failed = tracing::field::Empty,
    );
    span.record("late", tracing::field::display(Bad::Panics));
    let circular = BadError(Bad::ReturnsError);
    span.record("failed", &circular as &(dyn Error + 'static));
    let entered = span.enter();
    tracing::info!(once = %once(), error = %Bad::ReturnsError, panic = ?Bad::Panics, logs = %Bad::Logs, last = 7, "info {}", once());
    tracing::error!(once = %once(), error = %Bad::ReturnsError, panic = ?Bad::Panics, logs = %Bad::Logs, last = 7, "error {}", once());
    tracing::error!("{}", Bad::Panics);
    tracing::error!(error = &circular as &(dyn Error + 'static), "circular");
    tracing::error!(error = &BadError(Bad::Panics) as &(dyn Error + 'static), "source panics");
    tracing::error!(error = %once());
    drop(entered);
    drop(span);
    let (once, error, panic, logs) = (once(), Bad::ReturnsError, Bad::Panics, Bad::Logs);
    log::error!(once:% = once, error:% = error, panic:? = panic, logs:% = logs, last = 7; "log {}", self::once());
    log::error!("log {}", Bad::Panics);
    tools.logger("x").exception("exception", &BadError(Bad::Panics), &[]);
    tools.logger("x").exception("circular exception", &circular, &[]);
    tracing::error!(value = %Bad::LogsItself, "recursion");
    tools.shutdown().unwrap();

    let lines = lines.json();
    let of =
        |message: &str| -> Vec<&Json> { lines.iter().filter(|line| line["message"] == message).collect() };
    for message in ["info 1, 2, 3", "error 1, 2, 3", "log 1, 2, 3"] {
        assert_eq!(of(message).len(), 1, "{message}");
        assert_eq!(of(message)[0]["attributes"], expected(), "{message}");
    }
    // One of the span, and two of each record.
    assert_eq!(of("from a value").len(), 8);
    assert_eq!(of("text").len(), 1);
    assert_eq!(of("log text").len(), 1);
    assert_eq!(of("circular")[0]["attributes"]["error"], "text");
    assert_eq!(of("source panics")[0]["attributes"]["error"], "text");
    assert_eq!(of("exception")[0]["attributes"]["exception.stacktrace"], "text");
    assert!((2..20).contains(&of("recursion").len()), "{}", of("recursion").len());

    let span = lines.iter().find(|line| line["span"] == "request").unwrap();
    assert_contains_expected(&span["attributes"]);
    assert_eq!(span["attributes"]["late"], "text");
    assert_eq!(span["attributes"]["failed"], "text");
    let event =
        |name: &str| span["events"].as_array().unwrap().iter().find(|event| event["name"] == name).unwrap();
    assert_contains_expected(&event("error 1, 2, 3")["attributes"]);
    event("text");
    assert_eq!(event("exception")["attributes"]["exception.message"], "1, 2, 3");
}
