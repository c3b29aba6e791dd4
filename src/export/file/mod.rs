//! Log records as lines in rolling files.
//!
//! - Keys: `[file]`
//! - Signals: logs
//! - Feature: none
//!
//! The rolling appender of tracing-appender is not used. It removes every file whose name begins
//! with the prefix, including files of other services and its own current file. It continues to
//! write to a file that was removed. It reports problems on stderr by itself.

mod file_name;
mod log_file;
mod rolling_file;

use std::{io, sync::Arc};

pub(crate) use self::rolling_file::RollingFile;
use super::{
    line_writer::{LineLogDestination, LineWriter},
    stats::recorder::StatsRecorder,
};
use crate::{
    config::{ExporterName, FileFormat, RollingFileSettings, Signal},
    diagnostics::DiagnosticLog,
    format::{LineFormat, Palette, drop_notice},
};

/// Opens the file and returns the destination that writes log records to it.
pub(crate) fn file_logs(
    settings: &RollingFileSettings,
    format: FileFormat,
    diagnostics: DiagnosticLog,
) -> io::Result<LineLogDestination> {
    let file = RollingFile::open(settings, ".log", diagnostics)?;
    let format = match format {
        FileFormat::Json => LineFormat::Json,
        FileFormat::Text => LineFormat::Text(Palette::new(false)),
    };
    let destination = format!("files in {}", settings.directory);
    let recorder = Arc::new(StatsRecorder::new(Signal::Logs, ExporterName::File, &destination, diagnostics));
    let lines = Arc::new(LineWriter::new(
        Box::new(file),
        move |lines| drop_notice(format, lines),
        &destination,
        diagnostics,
    ));
    Ok(LineLogDestination { lines, format, recorder })
}
