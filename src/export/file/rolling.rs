//! A file that is begun anew when its time is over, and when somebody else moved it away.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use super::name::Naming;
use crate::{
    diagnostics::{Diagnostics, RateLimit},
    export::line_writer::{Sink, WriteError},
};

/// How soon a file that was moved away is noticed while nothing is written.
const TICK: Duration = Duration::from_secs(1);

pub(crate) struct RollingFile {
    directory: PathBuf,
    naming: Naming,
    /// How many files are kept; 0 keeps all.
    max_files: usize,
    current: Current,
    /// Set by SIGHUP, by which tools that rotate log files ask for a new one.
    hangup: Hangup,
    diagnostics: Diagnostics,
    limit: RateLimit,
}

struct Current {
    file: File,
    path: PathBuf,
    /// When the next file is due.
    end: Option<SystemTime>,
    /// It ends in the midst of a line that could not be written.
    mid_line: bool,
}

impl RollingFile {
    pub(crate) fn open(
        directory: PathBuf,
        naming: Naming,
        max_files: usize,
        diagnostics: Diagnostics,
    ) -> io::Result<Self> {
        let current = Current::open(&directory, &naming)?;
        let limit = RateLimit::default();
        let file =
            Self { directory, naming, max_files, current, hangup: Hangup::watch(), diagnostics, limit };
        file.remove_old();
        Ok(file)
    }

    /// Makes sure that what is written now will be found.
    fn refresh(&mut self, roll: bool) -> io::Result<()> {
        let is_in_place = self.current.is_in_place();
        let is_over = roll && self.current.end.is_some_and(|end| SystemTime::now() >= end);
        if !is_over && !self.hangup.take() && is_in_place {
            return Ok(());
        }
        match Current::open(&self.directory, &self.naming) {
            Ok(current) => {
                self.current = current;
                self.remove_old();
                Ok(())
            }
            // Better the old file than none.
            Err(error) if is_in_place => {
                if self.limit.is_due() {
                    self.diagnostics.warn(format_args!("no new log file can be begun: {error}"));
                }
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Removes the oldest files. Their names sort by their dates.
    fn remove_old(&self) {
        if self.max_files == 0 {
            return;
        }
        let Ok(entries) = fs::read_dir(&self.directory) else { return };
        let mut names: Vec<_> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| self.naming.is_ours(name))
            .collect();
        names.sort();
        // The current one stays, even where others come from the future.
        names.retain(|name| self.current.path != self.directory.join(name));
        let surplus = (names.len() + 1).saturating_sub(self.max_files);
        for name in &names[..surplus] {
            let path = self.directory.join(name);
            if let Err(error) = fs::remove_file(&path)
                && self.limit.is_due()
            {
                self.diagnostics.warn(format_args!("cannot remove {}: {error}", path.display()));
            }
        }
    }
}

impl Current {
    fn open(directory: &Path, naming: &Naming) -> io::Result<Self> {
        let (name, end) = naming.at(SystemTime::now());
        let path = directory.join(name);
        let open = || OpenOptions::new().create(true).read(true).append(true).open(&path);
        let mut file = match open() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                fs::create_dir_all(directory)?;
                open()
            }
            result => result,
        }?;
        // A process that ended suddenly may have left half a line.
        let mut last = [b'\n'];
        if file.seek(SeekFrom::End(-1)).is_ok() {
            file.read_exact(&mut last)?;
        }
        Ok(Self { file, path, end, mid_line: last != *b"\n" })
    }

    /// Whether the file still stands where it was opened, as far as anybody can tell.
    fn is_in_place(&self) -> bool {
        match (fs::metadata(&self.path), self.file.metadata()) {
            (Ok(there), Ok(ours)) => is_same(&there, &ours),
            (Err(error), _) => {
                error.kind() != ErrorKind::NotFound && error.kind() != ErrorKind::NotADirectory
            }
            _ => true,
        }
    }

    /// Writes all or, if possible, nothing: half a line would spoil the next one too.
    fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.mid_line {
            self.file.write_all(b"\n")?;
            self.mid_line = false;
        }
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

    fn undo(&mut self, before: u64, written: usize, error: io::Error) -> io::Result<()> {
        if written > 0 {
            // Another process may write to the same file; what is not ours stays.
            let is_ours = self.file.metadata().is_ok_and(|now| now.len() == before + written as u64);
            self.mid_line = !is_ours || self.file.set_len(before).is_err();
        }
        Err(error)
    }
}

impl Sink for RollingFile {
    fn try_write(&mut self, _: &[u8]) -> io::Result<usize> {
        // A disk is never ready by promise.
        Ok(0)
    }

    fn write_all(&mut self, lines: &[u8]) -> Result<(), WriteError> {
        let written = self.refresh(true).and_then(|()| self.current.write(lines));
        written.map_err(|error| WriteError { bytes: 0, error })
    }

    fn tick_interval(&self) -> Option<Duration> {
        Some(TICK)
    }

    fn tick(&mut self) {
        // An empty file is not begun just because its time has come.
        if let Err(error) = self.refresh(false)
            && self.limit.is_due()
        {
            let path = self.current.path.display();
            self.diagnostics.error(format_args!("{path} is gone and cannot be begun anew: {error}"));
        }
    }
}

#[cfg(unix)]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same(_: &Metadata, _: &Metadata) -> bool {
    // An open file cannot be moved away there.
    true
}

/// Tells whether SIGHUP came.
struct Hangup {
    came: Arc<AtomicBool>,
    #[cfg(unix)]
    registration: Option<signal_hook::SigId>,
}

impl Hangup {
    /// Without the signal a file that was moved away is noticed too, only later; so a refusal does not matter.
    fn watch() -> Self {
        let came = Arc::new(AtomicBool::new(false));
        #[cfg(unix)]
        let registration = signal_hook::flag::register(signal_hook::consts::SIGHUP, Arc::clone(&came)).ok();
        Self {
            came,
            #[cfg(unix)]
            registration,
        }
    }

    fn take(&self) -> bool {
        self.came.swap(false, Ordering::Relaxed)
    }
}

#[cfg(unix)]
impl Drop for Hangup {
    fn drop(&mut self) {
        if let Some(registration) = self.registration {
            signal_hook::low_level::unregister(registration);
        }
    }
}
