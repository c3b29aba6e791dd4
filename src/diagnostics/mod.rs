//! The library's own messages: lines on standard error, never exported.

pub(crate) mod human_duration;
pub(crate) mod item_count;
mod rate_limit;
mod report_once;
pub(crate) mod stdio;

use std::{
    fmt,
    sync::atomic::{AtomicU8, Ordering},
};

use self::stdio::PIPE_BUF;
pub(crate) use self::{rate_limit::RateLimit, report_once::ReportOnce};
use crate::{
    config::{self, LevelFilter, Stream},
    text::floor_char_boundary,
};

/// Writes messages of at least the severity that `diagnostics.level` sets.
///
/// Copies share the level, which a reload may change.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DiagnosticLog {
    level: &'static AtomicU8,
}

impl DiagnosticLog {
    /// Allocates one byte for the level, which is never freed: threads may report until the process
    /// ends, and a copy must cost nothing.
    pub(crate) fn new(config: config::Diagnostics) -> Self {
        // The pipeline of metrics handles `diagnostics.metrics`.
        let config::Diagnostics { level, metrics: _ } = config;
        Self { level: Box::leak(Box::new(AtomicU8::new(level as u8))) }
    }

    /// Changes the level of all copies.
    pub(crate) fn set_level(self, config: config::Diagnostics) {
        self.level.store(config.level as u8, Ordering::Relaxed);
    }

    /// Returns the least severe level that is written.
    pub(crate) fn level(self) -> LevelFilter {
        LevelFilter::from_u8(self.level.load(Ordering::Relaxed))
    }

    /// Returns whether messages of this level are written.
    pub(crate) fn shows(self, level: LevelFilter) -> bool {
        level as u8 <= self.level.load(Ordering::Relaxed)
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
