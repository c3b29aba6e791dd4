//! The library's own messages: lines on standard error, never exported.

pub(crate) mod human_duration;
pub(crate) mod item_count;
mod rate_limit;
mod report_once;
pub(crate) mod stdio;

use std::fmt;

use self::stdio::PIPE_BUF;
pub(crate) use self::{rate_limit::RateLimit, report_once::ReportOnce};
use crate::{
    config::{self, LevelFilter, Stream},
    text::floor_char_boundary,
};

/// Writes messages of at least the severity that `diagnostics.level` sets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DiagnosticLog {
    level: LevelFilter,
}

impl DiagnosticLog {
    pub(crate) fn new(config: config::Diagnostics) -> Self {
        // The pipeline of metrics handles `diagnostics.metrics`.
        let config::Diagnostics { level, metrics: _ } = config;
        Self { level }
    }

    /// Returns the least severe level that is written.
    pub(crate) fn level(self) -> LevelFilter {
        self.level
    }

    /// Returns whether messages of this level are written.
    pub(crate) fn shows(self, level: LevelFilter) -> bool {
        level <= self.level
    }

    /// Reports a loss of telemetry.
    pub(crate) fn error(self, message: impl fmt::Display) {
        self.line(LevelFilter::Error, message);
    }

    /// Reports a condition that needs attention.
    pub(crate) fn warn(self, message: impl fmt::Display) {
        self.line(LevelFilter::Warn, message);
    }

    /// Reports normal operation.
    pub(crate) fn info(self, message: impl fmt::Display) {
        self.line(LevelFilter::Info, message);
    }

    /// Writes a message. Best effort: never blocks, ignores write errors, cuts a message after
    /// [`MAX_MESSAGE`] bytes.
    pub(crate) fn line(self, level: LevelFilter, message: impl fmt::Display) {
        if !self.shows(level) {
            return;
        }
        let mut line = format!("autotelemetry: {message}");
        if line.len() > MAX_MESSAGE {
            line.truncate(floor_char_boundary(&line, MAX_MESSAGE));
            line.push('…');
        }
        line.push('\n');
        // A pipe that is writable accepts this many bytes without blocking.
        for part in line.as_bytes().chunks(PIPE_BUF) {
            if !stdio::is_writable(Stream::Stderr) || stdio::write(Stream::Stderr, part).is_err() {
                return;
            }
        }
    }
}

/// The maximum length of a message in bytes. Messages may contain values of any length.
const MAX_MESSAGE: usize = 4000;
