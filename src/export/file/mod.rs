//! Log records as lines in rolling files.
//!
//! - Keys: `[file]`
//! - Signals: logs
//! - Feature: none
//!
//! The rolling appender of tracing-appender is not used: it removes whatever begins with the prefix, the files of other
//! services and its own current one included, goes on writing to a file that was removed, and reports on the standard error
//! of the process by itself.

mod name;
mod rolling;

use std::{io, sync::Arc};

use self::{name::Naming, rolling::RollingFile};
use super::{
    line_writer::{LineLogDestination, LineWriter},
    stats::recorder::StatsRecorder,
};
use crate::{
    config::{self, ExporterName, FileFormat, FilePrefix, Signal},
    diagnostics::Diagnostics,
    format::{Format, missing, text::Palette},
};

/// Opens the file, and returns the destination that writes log records to it.
pub(crate) fn file_logs(
    config: &config::File,
    prefix: &FilePrefix,
    diagnostics: Diagnostics,
) -> io::Result<LineLogDestination> {
    // `prefix` was resolved by the caller.
    let config::File { directory, prefix: _, rotation, max_files, format } = config;
    let naming = Naming { prefix: prefix.as_str().to_owned(), rotation: *rotation };
    let file = RollingFile::open(directory.as_str().into(), naming, max_files.get() as usize, diagnostics)?;
    let format = match format {
        FileFormat::Json => Format::Json,
        FileFormat::Text => Format::Text(Palette::new(false)),
    };
    let destination = format!("files in {directory}");
    let recorder = Arc::new(StatsRecorder::new(Signal::Logs, ExporterName::File, &destination, diagnostics));
    let lines = Arc::new(LineWriter::new(
        Box::new(file),
        move |lines| missing(format, lines),
        &destination,
        diagnostics,
    ));
    Ok(LineLogDestination { lines, format, recorder })
}
