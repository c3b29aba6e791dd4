//! Telemetry on standard output or standard error.
//!
//! - Keys: `[console]`
//! - Signals: all
//! - Feature: none

mod logs;
mod metrics;
mod points;
mod spans;

use std::{
    io::IsTerminal as _,
    sync::atomic::{AtomicBool, Ordering},
};

pub(crate) use self::{logs::ConsoleLogs, metrics::write_metrics, points::count_points, spans::ConsoleSpans};
use crate::{
    config::{self, Color, Format, Stream},
    logs::line::text::Palette,
};

/// Where and how to write.
#[derive(Debug)]
pub(crate) struct Console {
    stream: Stream,
    json: bool,
    palette: Palette,
    /// Whoever read us has gone; nothing is written any more.
    closed: AtomicBool,
}

impl Console {
    pub(crate) fn new(config: &config::Console, no_color: bool) -> Self {
        let config::Console { stream, format, color } = config;
        let terminal = match stream {
            Stream::Stdout => std::io::stdout().is_terminal(),
            Stream::Stderr => std::io::stderr().is_terminal(),
        };
        let color = match color {
            Color::Auto => terminal && !no_color,
            Color::Always => true,
            Color::Never => false,
        };
        let json = match format {
            Format::Auto => !terminal,
            Format::Text => false,
            Format::Json => true,
        };
        Self { stream: *stream, json, palette: Palette::new(color), closed: AtomicBool::new(false) }
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Writes whole lines at once, so that threads never mix theirs. Never fails: telemetry must not stop a program
    /// because `head` has seen enough.
    fn write(&self, lines: &str) {
        fn all(mut stream: impl std::io::Write, lines: &str) -> std::io::Result<()> {
            stream.write_all(lines.as_bytes())?;
            stream.flush()
        }
        let written = match self.stream {
            Stream::Stdout => all(std::io::stdout().lock(), lines),
            Stream::Stderr => all(std::io::stderr().lock(), lines),
        };
        if written.is_err_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe) {
            self.closed.store(true, Ordering::Relaxed);
        }
    }
}
