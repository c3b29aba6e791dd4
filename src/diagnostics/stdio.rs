//! Raw, unbuffered access to stdout and stderr.
//!
//! Bypasses the locks of the standard library, which another thread may hold while it is blocked on
//! a slow reader.

#[cfg(not(unix))]
pub(crate) use self::other::{has_reader, is_writable, wait_writable, write};
#[cfg(unix)]
pub(crate) use self::unix::{has_reader, is_writable, wait_writable, write};

/// The maximum number of bytes that a write to a pipe keeps together, even if other processes also
/// write to it.
#[cfg(target_os = "linux")]
pub(crate) const PIPE_BUF: usize = 4096;
/// The maximum number of bytes that a write to a pipe keeps together: the minimum that POSIX
/// guarantees.
#[cfg(not(target_os = "linux"))]
pub(crate) const PIPE_BUF: usize = 512;

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

    /// Returns whether a write of at most [`PIPE_BUF`](super::PIPE_BUF) bytes would not block.
    pub(crate) fn is_writable(stream: Stream) -> bool {
        poll_writable(stream, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))
    }

    /// Blocks until the stream is writable.
    pub(crate) fn wait_writable(stream: Stream) {
        poll_writable(stream, None);
    }

    /// Returns whether a write to a pipe would not fail for the lack of a reader.
    pub(crate) fn has_reader(stream: Stream) -> bool {
        let events = poll_events(stream, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }));
        events.is_some_and(|events| !events.intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL))
    }

    fn poll_writable(stream: Stream, timeout: Option<&Timespec>) -> bool {
        // A broken stream counts as writable, so that the write returns its error.
        poll_events(stream, timeout).is_some_and(|events| !events.is_empty())
    }

    /// Returns the events of the stream, which are empty after the timeout.
    fn poll_events(stream: Stream, timeout: Option<&Timespec>) -> Option<PollFlags> {
        let descriptor = descriptor(stream);
        let mut descriptors = [PollFd::new(&descriptor, PollFlags::OUT)];
        poll(&mut descriptors, timeout).ok()?;
        Some(descriptors[0].revents())
    }

    /// Writes some of `bytes` and returns how many.
    pub(crate) fn write(stream: Stream, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::write(descriptor(stream), bytes)?)
    }
}

#[cfg(not(unix))]
mod other {
    use std::io::{self, Write as _};

    use crate::config::Stream;

    /// Returns whether a write may be tried by a thread that must not block.
    ///
    /// The platform has no `poll`, so only the queue's thread writes to stdout.
    pub(crate) fn is_writable(stream: Stream) -> bool {
        stream == Stream::Stderr
    }

    pub(crate) fn wait_writable(_: Stream) {}

    /// The platform cannot look without a write.
    pub(crate) fn has_reader(_: Stream) -> bool {
        false
    }

    pub(crate) fn write(stream: Stream, bytes: &[u8]) -> io::Result<usize> {
        match stream {
            Stream::Stdout => io::stdout().write_all(bytes).and_then(|()| io::stdout().flush()),
            Stream::Stderr => io::stderr().write_all(bytes),
        }?;
        Ok(bytes.len())
    }
}
