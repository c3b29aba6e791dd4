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
use super::line_writer::LineWriter;
use crate::{
    config::{FileFormat, RollingFileSettings},
    diagnostics::DiagnosticLog,
    format::{LineFormat, Palette, drop_notice},
};

/// Opens the file and returns the writer of its lines.
pub(crate) fn open_log_file(
    settings: &RollingFileSettings,
    format: LineFormat,
    diagnostics: DiagnosticLog,
) -> io::Result<Arc<LineWriter>> {
    let file = RollingFile::open(settings, ".log", diagnostics)?;
    let notice = move |lines| drop_notice(format, lines);
    Ok(Arc::new(LineWriter::new(Box::new(file), notice, &destination(settings), diagnostics)))
}

/// Returns the name of the files in messages and statistics.
pub(crate) fn destination(settings: &RollingFileSettings) -> String {
    format!("files in {}", settings.directory)
}

/// Returns the format of the lines of a file.
pub(crate) fn line_format(format: FileFormat) -> LineFormat {
    match format {
        FileFormat::Json => LineFormat::Json,
        FileFormat::Text => LineFormat::Text(Palette::new(false)),
    }
}
