//! The standard streams, past the buffers of the standard library, whose locks somebody may hold while he waits for a
//! reader.

#[cfg(not(unix))]
pub(crate) use self::other::{is_ready, wait, write};
#[cfg(unix)]
pub(crate) use self::unix::{is_ready, wait, write};

/// So many bytes are written whole into a pipe that is ready, never mixed with those of others.
#[cfg(target_os = "linux")]
pub(crate) const ATOMIC: usize = 4096;
/// What POSIX promises.
#[cfg(not(target_os = "linux"))]
pub(crate) const ATOMIC: usize = 512;

#[cfg(unix)]
mod unix {
    use std::io;

    use rustix::{
        event::{PollFd, PollFlags, Timespec, poll},
        fd::BorrowedFd,
    };

    use crate::config::Stream;

    fn descriptor(stream: Stream) -> BorrowedFd<'static> {
        match stream {
            Stream::Stdout => rustix::stdio::stdout(),
            Stream::Stderr => rustix::stdio::stderr(),
        }
    }

    /// Whether writing [`ATOMIC`](crate::ATOMIC) bytes would not wait.
    pub(crate) fn is_ready(stream: Stream) -> bool {
        ready_within(stream, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))
    }

    /// Waits until something can be written.
    pub(crate) fn wait(stream: Stream) {
        ready_within(stream, None);
    }

    fn ready_within(stream: Stream, limit: Option<&Timespec>) -> bool {
        let descriptor = descriptor(stream);
        let mut wanted = [PollFd::new(&descriptor, PollFlags::OUT)];
        // A fault is ready too: the write will tell.
        poll(&mut wanted, limit).is_ok_and(|ready| ready > 0)
    }

    /// Writes some of `bytes`.
    pub(crate) fn write(stream: Stream, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::write(descriptor(stream), bytes)?)
    }
}

#[cfg(not(unix))]
mod other {
    use std::io::{self, Write as _};

    use crate::config::Stream;

    /// It cannot be asked, so only who may wait anyhow writes to standard output.
    pub(crate) fn is_ready(stream: Stream) -> bool {
        stream == Stream::Stderr
    }

    pub(crate) fn wait(_: Stream) {}

    pub(crate) fn write(stream: Stream, bytes: &[u8]) -> io::Result<usize> {
        match stream {
            Stream::Stdout => io::stdout().write_all(bytes).and_then(|()| io::stdout().flush()),
            Stream::Stderr => io::stderr().write_all(bytes),
        }?;
        Ok(bytes.len())
    }
}
