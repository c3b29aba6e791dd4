//! An open log file.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::file_name::FileNaming;

/// An open log file.
pub(super) struct LogFile {
    file: File,
    path: PathBuf,
    /// The end of the file's period.
    end: Option<SystemTime>,
    /// The length of the file if it ends with an incomplete line.
    incomplete: Option<u64>,
}

impl LogFile {
    /// Opens or creates the file that is current now. Creates the directory if it is missing.
    ///
    /// # Errors
    ///
    /// Returns an error if the path leads to anything but a regular file. A pipe would block the
    /// writer, and a device has no lines to continue.
    pub(super) fn open(directory: &Path, naming: &FileNaming) -> io::Result<Self> {
        let (name, end) = naming.at(SystemTime::now());
        let path = directory.join(name);
        let open = || open_without_waiting(OpenOptions::new().create(true).read(true).append(true), &path);
        let mut file = match open() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                fs::create_dir_all(directory)?;
                open()
            }
            result => result,
        }?;
        if !file.metadata()?.is_file() {
            let message = format!("{} is not a regular file", path.display());
            return Err(io::Error::new(ErrorKind::InvalidInput, message));
        }
        // A process that was killed may have left an incomplete line.
        let mut last = [b'\n'];
        if file.seek(SeekFrom::End(-1)).is_ok() {
            file.read_exact(&mut last)?;
        }
        let incomplete = if last == *b"\n" { None } else { Some(file.stream_position()?) };
        Ok(Self { file, path, end, incomplete })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the length in bytes, including what other processes have written.
    pub(super) fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len() + u64::from(self.incomplete.is_some()))
    }

    /// Locks the file against other processes that would also move it. Returns `false` if one of
    /// them does so now.
    pub(super) fn lock_to_move(&self) -> bool {
        try_lock(&self.file)
    }

    pub(super) fn unlock(&self) {
        unlock(&self.file);
    }

    /// Returns whether the file's period has ended.
    pub(super) fn is_expired(&self) -> bool {
        self.end.is_some_and(|end| SystemTime::now() >= end)
    }

    /// Returns whether the path still leads to this file. Assumes so if that cannot be determined.
    pub(super) fn is_in_place(&self) -> bool {
        match (fs::metadata(&self.path), self.file.metadata()) {
            (Ok(at_path), Ok(open)) => is_same_file(&at_path, &open),
            (Err(error), _) => {
                error.kind() != ErrorKind::NotFound && error.kind() != ErrorKind::NotADirectory
            }
            _ => true,
        }
    }

    /// Appends all lines or, if possible, nothing.
    ///
    /// An incomplete line would also corrupt the next one.
    pub(super) fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        // If the file has grown, another process was writing the line, and has completed it.
        if let Some(len) = self.incomplete
            && self.file.metadata()?.len() == len
        {
            self.file.write_all(b"\n")?;
        }
        self.incomplete = None;
        let before = self.file.metadata()?.len();
        let mut written = 0;
        while written < lines.len() {
            match self.file.write(&lines[written..]) {
                Ok(0) => return self.undo(before, written, ErrorKind::WriteZero.into()),
                Ok(bytes) => written += bytes,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return self.undo(before, written, error),
            }
        }
        Ok(())
    }

    /// Removes the `written` bytes of a failed write and returns its error.
    fn undo(&mut self, before: u64, written: usize, error: io::Error) -> io::Result<()> {
        if written > 0 {
            // Do not remove what another process has appended to the same file.
            let now = self.file.metadata().map_or(0, |file| file.len());
            let is_removed = now == before + written as u64 && self.file.set_len(before).is_ok();
            self.incomplete = (!is_removed).then_some(now);
        }
        Err(error)
    }
}

/// Opens a file. A named pipe does not wait for its other end.
#[cfg(unix)]
fn open_without_waiting(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;

    use rustix::fs::OFlags;

    // A regular file ignores the first flag. A terminal must not become that of the process.
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    options.custom_flags(flags.bits().cast_signed()).open(path)
}

#[cfg(not(unix))]
fn open_without_waiting(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    options.open(path)
}

/// Locks a file unless another process has locked it. A file system without locks is no obstacle.
#[cfg(unix)]
fn try_lock(file: &File) -> bool {
    use rustix::{
        fs::{FlockOperation, flock},
        io::Errno,
    };
    flock(file, FlockOperation::NonBlockingLockExclusive) != Err(Errno::WOULDBLOCK)
}

#[cfg(unix)]
fn unlock(file: &File) {
    use rustix::fs::{FlockOperation, flock};
    let _ = flock(file, FlockOperation::NonBlockingUnlock);
}

#[cfg(not(unix))]
fn try_lock(_: &File) -> bool {
    true
}

#[cfg(not(unix))]
fn unlock(_: &File) {}

#[cfg(unix)]
fn is_same_file(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same_file(_: &Metadata, _: &Metadata) -> bool {
    // An open file cannot be moved on Windows.
    true
}
