//! Text for people: `time level target: message key=value … trace=…`.

use opentelemetry::{InstrumentationScope, logs::AnyValue};
use opentelemetry_sdk::logs::SdkLogRecord;

use super::{LEVELS, hex, level, target, time_of, value};
use crate::{logs::record::repeats_message, text::push_escaped_controls};

/// How to colour. Without colours every code is empty.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Palette {
    on: bool,
}

impl Palette {
    pub(crate) fn new(on: bool) -> Self {
        Self { on }
    }

    fn code(self, code: &'static str) -> &'static str {
        if self.on { code } else { "" }
    }

    pub(crate) fn dim(self) -> &'static str {
        self.code("\u{1b}[2m")
    }

    pub(crate) fn bold(self) -> &'static str {
        self.code("\u{1b}[1m")
    }

    pub(crate) fn bad(self) -> &'static str {
        self.code("\u{1b}[31m")
    }

    pub(crate) fn warning(self) -> &'static str {
        self.code("\u{1b}[33m")
    }

    pub(crate) fn good(self) -> &'static str {
        self.code("\u{1b}[32m")
    }

    pub(crate) fn accent(self) -> &'static str {
        self.code("\u{1b}[36m")
    }

    pub(crate) fn reset(self) -> &'static str {
        self.code("\u{1b}[0m")
    }

    fn level(self, level: &str) -> &'static str {
        match level {
            "ERROR" | "FATAL" => self.bad(),
            "WARN" => self.warning(),
            "INFO" => self.good(),
            "DEBUG" => self.code("\u{1b}[34m"),
            _ => self.dim(),
        }
    }
}

/// Appends the line of one record.
pub(crate) fn line(out: &mut String, record: &SdkLogRecord, scope: &InstrumentationScope, palette: Palette) {
    let (dim, reset) = (palette.dim(), palette.reset());
    out.push_str(dim);
    time_of(out, record);
    let level = LEVELS[level(record.severity_number())];
    // Levels are at most five letters, right-aligned.
    out.extend([reset, " ", palette.level(level), &"    "[level.len().min(5) - 1..], level, reset, " "]);
    out.push_str(dim);
    push_escaped_controls(out, target(record, scope));
    out.extend([":", reset]);
    match record.body() {
        None => {}
        Some(AnyValue::String(body)) => {
            out.push(' ');
            push_escaped_controls(out, body.as_str());
        }
        Some(body) => {
            out.push(' ');
            value::text(out, body);
        }
    }
    let attributes = || record.attributes_iter().map(|(key, attribute)| (key.as_str(), attribute));
    for (key, attribute) in attributes() {
        if repeats_message(key, attribute, attributes()) {
            continue;
        }
        out.push(' ');
        out.push_str(palette.accent());
        push_escaped_controls(out, key);
        out.extend([reset, "="]);
        value::text(out, attribute);
    }
    if let Some(context) = record.trace_context() {
        // Enough to find the others of the same trace; the whole id is in JSON and OTLP.
        out.extend([" ", dim, "trace="]);
        hex(out, &context.trace_id.to_bytes()[..4]);
        out.push_str(reset);
    }
    out.push('\n');
}
