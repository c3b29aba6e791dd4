//! A page of metrics as bytes.

use std::io::{self, Write as _};

use flate2::{Compression, write::GzEncoder};
use hyper::body::Bytes;
use tokio::sync::mpsc::UnboundedSender;

/// The size at which a chunk is complete.
const CHUNK: usize = 60 * 1024;

/// The memory of a chunk: some room for the point that completes it.
const CHUNK_CAPACITY: usize = 64 * 1024;

/// A part of a page that its response can send.
#[derive(Debug)]
pub(super) enum PagePart {
    More(Bytes),
    Last(Bytes),
    /// There is no page, or no more of it, for this reason.
    Failed(String),
}

/// A page that is being written. Its response sends the first parts in the meantime.
///
/// It consists of chunks, because a large buffer that grows needs up to three times its size.
#[derive(Debug)]
pub(super) struct PageWriter {
    /// The buffer of the chunk that is being written.
    pub(super) current: Vec<u8>,
    /// The chunks that may still be removed.
    complete: Vec<Vec<u8>>,
    gzip: Option<GzEncoder<Vec<u8>>>,
    response: UnboundedSender<PagePart>,
    /// All chunks, for other responses.
    kept: Option<Vec<Bytes>>,
}

/// A position in a page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    chunks: usize,
    bytes: usize,
}

impl PageWriter {
    /// `is_kept`: [`finish`](Self::finish) returns the chunks.
    pub(super) fn new(response: UnboundedSender<PagePart>, is_gzip: bool, is_kept: bool) -> Self {
        Self {
            current: Vec::new(),
            complete: Vec::new(),
            gzip: is_gzip.then(|| GzEncoder::new(Vec::new(), Compression::fast())),
            response,
            kept: is_kept.then(Vec::new),
        }
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { chunks: self.complete.len(), bytes: self.current.len() }
    }

    /// Removes everything that was written since `mark`, and not released.
    pub(super) fn rewind(&mut self, mark: Mark) {
        if let Some(chunk) = self.complete.drain(mark.chunks..).next() {
            self.current = chunk;
        }
        self.current.truncate(mark.bytes);
    }

    /// Begins another chunk if the current one is large enough.
    pub(super) fn end_point(&mut self) {
        if self.current.len() >= CHUNK {
            let next = Vec::with_capacity(CHUNK_CAPACITY);
            self.complete.push(std::mem::replace(&mut self.current, next));
        }
    }

    /// Passes the complete chunks to the response.
    ///
    /// # Errors
    ///
    /// Returns an error if nothing needs the page any more.
    pub(super) fn release(&mut self) -> io::Result<()> {
        for chunk in std::mem::take(&mut self.complete) {
            let chunk = match &mut self.gzip {
                None => chunk,
                Some(gzip) => {
                    gzip.write_all(&chunk)?;
                    if gzip.get_ref().len() < CHUNK {
                        continue;
                    }
                    std::mem::take(gzip.get_mut())
                }
            };
            self.send(chunk, PagePart::More)?;
        }
        Ok(())
    }

    /// Passes the rest to the response. Returns the chunks, if they were kept.
    pub(super) fn finish(mut self) -> io::Result<Option<Vec<Bytes>>> {
        self.release()?;
        let mut last = std::mem::take(&mut self.current);
        if let Some(mut gzip) = self.gzip.take() {
            gzip.write_all(&last)?;
            last = gzip.finish()?;
        }
        self.send(last, PagePart::Last)?;
        Ok(self.kept)
    }

    fn send(&mut self, chunk: Vec<u8>, part: fn(Bytes) -> PagePart) -> io::Result<()> {
        let chunk = Bytes::from(chunk);
        if let Some(kept) = &mut self.kept {
            kept.push(chunk.clone());
        }
        let sent = self.response.send(part(chunk));
        if sent.is_err() && self.kept.is_none() {
            return Err(io::Error::other("the client is gone"));
        }
        Ok(())
    }
}
