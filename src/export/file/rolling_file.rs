//! A log file that rotates, and that is reopened after it was moved or removed.

use std::{fs, io, path::PathBuf, time::Duration};

use super::{file_name::FileNaming, log_file::LogFile};
use crate::{
    diagnostics::{DiagnosticLog, RateLimit},
    export::line_writer::{LineSink, WriteError},
};

/// The interval at which a moved or removed file is detected while nothing is written.
const TICK_INTERVAL: Duration = Duration::from_secs(1);

/// A log file that rotates, and that is reopened after it was moved or removed.
pub(super) struct RollingFile {
    directory: PathBuf,
    naming: FileNaming,
    /// The number of files to keep; 0 keeps all.
    max_files: usize,
    current: LogFile,
    diagnostics: DiagnosticLog,
    limit: RateLimit,
}

impl RollingFile {
    pub(super) fn open(
        directory: PathBuf,
        naming: FileNaming,
        max_files: usize,
        diagnostics: DiagnosticLog,
    ) -> io::Result<Self> {
        let current = LogFile::open(&directory, &naming)?;
        let limit = RateLimit::default();
        let file = Self { directory, naming, max_files, current, diagnostics, limit };
        file.remove_surplus();
        Ok(file)
    }

    /// Opens a new file if the current one was moved or removed.
    ///
    /// This is how a file that logrotate has renamed is noticed.
    fn reopen_if_moved(&mut self) -> io::Result<()> {
        if self.current.is_in_place() { Ok(()) } else { self.open_next() }
    }

    /// Opens a new file if the current one has expired, was moved or was removed.
    fn rotate(&mut self) -> io::Result<()> {
        if !self.current.is_expired() {
            return self.reopen_if_moved();
        }
        match self.open_next() {
            // Continues with the expired file, since no new one can be opened.
            Err(error) if self.current.is_in_place() => {
                if self.limit.is_due() {
                    self.diagnostics.warn(format_args!("cannot open a new log file: {error}"));
                }
                Ok(())
            }
            result => result,
        }
    }

    fn open_next(&mut self) -> io::Result<()> {
        self.current = LogFile::open(&self.directory, &self.naming)?;
        self.remove_surplus();
        Ok(())
    }

    /// Removes the oldest files beyond `max_files`. File names sort by date.
    fn remove_surplus(&self) {
        if self.max_files == 0 {
            return;
        }
        let Ok(entries) = fs::read_dir(&self.directory) else { return };
        let mut names: Vec<_> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| self.naming.matches(name))
            .collect();
        names.sort();
        // The current file is kept even if others have later dates.
        names.retain(|name| self.current.path() != self.directory.join(name));
        let surplus = (names.len() + 1).saturating_sub(self.max_files);
        for name in &names[..surplus] {
            let path = self.directory.join(name);
            if let Err(error) = fs::remove_file(&path)
                && self.limit.is_due()
            {
                self.diagnostics
                    .warn(format_args!("cannot remove the old log file {}: {error}", path.display()));
            }
        }
    }
}

impl LineSink for RollingFile {
    fn try_write(&mut self, _: &[u8]) -> io::Result<usize> {
        // A write to a disk may always block.
        Ok(0)
    }

    fn write_all(&mut self, lines: &[u8]) -> Result<(), WriteError> {
        let result = self.rotate().and_then(|()| self.current.write(lines));
        result.map_err(|error| WriteError { written: 0, error })
    }

    fn tick_interval(&self) -> Option<Duration> {
        Some(TICK_INTERVAL)
    }

    fn tick(&mut self) {
        // An expired file rotates with its next line, so that no empty files are created.
        if let Err(error) = self.reopen_if_moved()
            && self.limit.is_due()
        {
            let path = self.current.path().display();
            self.diagnostics
                .error(format_args!("log file {path} was removed and cannot be recreated: {error}"));
        }
    }
}
