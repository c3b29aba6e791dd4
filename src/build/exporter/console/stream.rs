//! Standard output and standard error, and writers that take their place.

use std::{
    fmt,
    io::{self, Write},
    panic::{AssertUnwindSafe, catch_unwind},
};

use crate::{build::exporter::lines::Sink, config::Stream};

/// A writer that a program gave us.
pub(crate) type Writer = Box<dyn Write + Send>;

/// One of the standard streams. It is written past the buffer of the standard library, whose lock somebody may hold while
/// he waits for a reader.
pub(super) struct Standard(pub(super) Stream);

#[cfg(unix)]
mod unix {
    use std::io::{self, ErrorKind};

    use rustix::{
        event::{PollFd, PollFlags, Timespec, poll},
        fd::BorrowedFd,
        io::Errno,
    };

    use super::{Sink, Standard, Stream};

    /// So many bytes fit into a pipe that is ready at all.
    const MAX_AT_ONCE: usize = 4096;

    impl Standard {
        fn descriptor(&self) -> BorrowedFd<'static> {
            match self.0 {
                Stream::Stdout => rustix::stdio::stdout(),
                Stream::Stderr => rustix::stdio::stderr(),
            }
        }

        /// Whether writing would not wait; waits until then, or for as long as `limit` says.
        fn is_ready(&self, limit: Option<&Timespec>) -> bool {
            let descriptor = self.descriptor();
            let mut wanted = [PollFd::new(&descriptor, PollFlags::OUT)];
            // A fault is ready too: the write will tell.
            poll(&mut wanted, limit).is_ok_and(|ready| ready > 0)
        }
    }

    impl Sink for Standard {
        fn write_now(&mut self, lines: &[u8]) -> io::Result<usize> {
            if lines.len() > MAX_AT_ONCE || !self.is_ready(Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) {
                return Ok(0);
            }
            match rustix::io::write(self.descriptor(), lines) {
                Err(Errno::INTR | Errno::AGAIN) => Ok(0),
                result => Ok(result?),
            }
        }

        fn write_all(&mut self, lines: &[u8]) -> Result<(), (usize, io::Error)> {
            let mut written = 0;
            while written < lines.len() {
                match rustix::io::write(self.descriptor(), &lines[written..]) {
                    Ok(0) => return Err((written, ErrorKind::WriteZero.into())),
                    Ok(bytes) => written += bytes,
                    Err(Errno::INTR) => {}
                    Err(Errno::AGAIN) => drop(self.is_ready(None)),
                    Err(error) => return Err((written, error.into())),
                }
            }
            Ok(())
        }

        fn is_final(&self, error: &io::Error) -> bool {
            super::is_final(error)
        }
    }
}

#[cfg(not(unix))]
impl Sink for Standard {
    fn write_now(&mut self, _: &[u8]) -> io::Result<usize> {
        // Whether it would wait cannot be asked.
        Ok(0)
    }

    fn write_all(&mut self, lines: &[u8]) -> Result<(), (usize, io::Error)> {
        let written = match self.0 {
            Stream::Stdout => io::stdout().write_all(lines),
            Stream::Stderr => io::stderr().write_all(lines),
        };
        written.map_err(|error| (0, error))
    }

    fn is_final(&self, error: &io::Error) -> bool {
        is_final(error)
    }
}

/// Whoever read has gone; a program must be able to live with `head`.
fn is_final(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

/// A writer of the program, called by the thread that logs.
pub(super) struct Custom {
    pub(super) writer: Writer,
    pub(super) panicked: bool,
}

impl fmt::Debug for Custom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Custom").finish_non_exhaustive()
    }
}

impl Sink for Custom {
    fn write_now(&mut self, lines: &[u8]) -> io::Result<usize> {
        self.write_all(lines).map_err(|(_, error)| error)?;
        Ok(lines.len())
    }

    fn write_all(&mut self, lines: &[u8]) -> Result<(), (usize, io::Error)> {
        let writer = &mut self.writer;
        let written =
            catch_unwind(AssertUnwindSafe(|| writer.write_all(lines).and_then(|()| writer.flush())));
        written
            .unwrap_or_else(|_| {
                self.panicked = true;
                Err(io::Error::other("the writer panicked"))
            })
            .map_err(|error| (0, error))
    }

    fn is_final(&self, error: &io::Error) -> bool {
        self.panicked || is_final(error)
    }
}
