//! A file of lines that rotates, and that is reopened after it was moved or removed.

use std::{fs, io, path::PathBuf, time::Duration};

use super::{file_name::FileNaming, log_file::LogFile};
use crate::{
    config::{RollingFileSettings, value::byte_size::ByteSize},
    diagnostics::{DiagnosticLog, RateLimit},
    export::line_writer::{LineSink, WriteError, whole_lines_len},
};

/// The interval at which a moved or removed file is detected while nothing is written.
const TICK_INTERVAL: Duration = Duration::from_secs(1);

/// A file of lines that rotates, and that is reopened after it was moved or removed.
pub(crate) struct RollingFile {
    directory: PathBuf,
    naming: FileNaming,
    /// The number of files to keep; 0 keeps all.
    max_files: usize,
    /// The size of one file, and of all files.
    max_size: Option<u64>,
    max_total_size: Option<u64>,
    current: LogFile,
    diagnostics: DiagnosticLog,
    limit: RateLimit,
}

impl RollingFile {
    /// Opens the current file. `suffix` ends the names of all files.
    pub(crate) fn open(
        settings: &RollingFileSettings,
        suffix: &'static str,
        diagnostics: DiagnosticLog,
    ) -> io::Result<Self> {
        let RollingFileSettings { directory, prefix, rotation, max_files, max_size, max_total_size } =
            settings;
        let naming = FileNaming {
            prefix: prefix.as_str().to_owned(),
            suffix,
            rotation: *rotation,
            has_numbers: max_size.is_some(),
        };
        let directory = PathBuf::from(directory.as_str());
        let file = Self {
            current: LogFile::open(&directory, &naming)?,
            directory,
            naming,
            max_files: max_files.get() as usize,
            max_size: max_size.map(ByteSize::bytes),
            max_total_size: max_total_size.map(ByteSize::bytes),
            diagnostics,
            limit: RateLimit::default(),
        };
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

    /// Writes the first of `lines`, as many as fit into one file, and returns their length.
    fn write_first(&mut self, lines: &[u8]) -> io::Result<usize> {
        self.rotate()?;
        let room = match self.max_size {
            Some(max_size) => self.make_room(whole_lines_len(lines, 0) as u64, max_size)?,
            None => lines.len(),
        };
        let length = whole_lines_len(lines, room);
        self.current.write(&lines[..length])?;
        Ok(length)
    }

    /// Returns the room in the current file. If a line of `length` bytes does not fit, a new file
    /// takes its place before.
    fn make_room(&mut self, length: u64, max_size: u64) -> io::Result<usize> {
        let room = |len: u64| usize::try_from(max_size.saturating_sub(len)).unwrap_or(usize::MAX);
        let len = self.current.len()?;
        if len == 0 || len + length <= max_size {
            return Ok(room(len));
        }
        match self.move_full() {
            // Continues with the full file while another process moves it, or if it cannot be
            // moved.
            Ok(false) => Ok(usize::MAX),
            Err(error) => {
                if self.limit.is_due() {
                    let path = self.current.path().display();
                    self.diagnostics.warn(format_args!("cannot rotate the file {path}: {error}"));
                }
                Ok(usize::MAX)
            }
            Ok(true) => Ok(room(self.current.len()?)),
        }
    }

    /// Gives the current file a number and opens a new one. Returns `false` if another process
    /// moves the file now.
    fn move_full(&mut self) -> io::Result<bool> {
        if !self.current.lock_to_move() {
            return Ok(false);
        }
        // Another process may have moved it before the lock.
        if self.current.is_in_place()
            && let Err(error) = self.give_number()
        {
            self.current.unlock();
            return Err(error);
        }
        // The lock ends with the old file.
        self.open_next()?;
        Ok(true)
    }

    fn give_number(&self) -> io::Result<()> {
        let names = self.names()?;
        let path = self.current.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let numbered = name.and_then(|name| self.naming.numbered(name, names.iter().map(String::as_str)));
        let numbered = numbered.ok_or_else(|| io::Error::other("there is no number left"))?;
        fs::rename(path, self.directory.join(numbered))
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let entries = fs::read_dir(&self.directory)?;
        Ok(entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect())
    }

    /// Removes the oldest files beyond `max_files` and `max_total_size`.
    fn remove_surplus(&self) {
        if self.max_files == 0 && self.max_total_size.is_none() {
            return;
        }
        let Ok(names) = self.names() else { return };
        let mut files: Vec<_> = names
            .iter()
            .filter_map(|name| Some((self.naming.age(name)?, self.directory.join(name))))
            // The current file is kept even if others have later dates.
            .filter(|(_, path)| self.current.path() != path && !path.is_dir())
            .collect();
        files.sort();
        // The current file may yet become full.
        let mut total = self.current.len().unwrap_or(0).max(self.max_size.unwrap_or(0));
        for (number, (_, path)) in files.iter().rev().enumerate() {
            if self.max_total_size.is_some() {
                total = total.saturating_add(fs::metadata(path).map_or(0, |file| file.len()));
            }
            let is_surplus = self.max_files != 0 && number + 2 > self.max_files
                || self.max_total_size.is_some_and(|max| total > max);
            if is_surplus
                && let Err(error) = fs::remove_file(path)
                && error.kind() != io::ErrorKind::NotFound
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
        let mut written = 0;
        while written < lines.len() {
            match self.write_first(&lines[written..]) {
                Ok(bytes) => written += bytes,
                Err(error) => return Err(WriteError { written, error }),
            }
        }
        Ok(())
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
