//! A page of metrics as bytes.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use hyper::body::Bytes;

/// The size at which a chunk is complete.
const CHUNK: usize = 60 * 1024;

/// The memory of a chunk: some room for the point that completes it.
const CHUNK_CAPACITY: usize = 64 * 1024;

/// A page that is being written.
///
/// It consists of chunks, because a large buffer that grows needs up to three times its size.
#[derive(Debug)]
pub(super) struct PageWriter {
    complete: Vec<Vec<u8>>,
    pub(super) current: Vec<u8>,
}

/// A position in a page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    chunks: usize,
    bytes: usize,
}

/// A page that is complete. Clones share their bytes.
#[derive(Debug, Clone)]
pub(super) struct Page {
    pub(super) chunks: Vec<Bytes>,
    pub(super) is_gzip: bool,
}

impl PageWriter {
    pub(super) fn new() -> Self {
        Self { complete: Vec::new(), current: Vec::new() }
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { chunks: self.complete.len(), bytes: self.current.len() }
    }

    /// Removes everything that was written since `mark`.
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

    pub(super) fn finish(mut self) -> Page {
        self.complete.push(self.current);
        Page { chunks: self.complete.into_iter().map(Bytes::from).collect(), is_gzip: false }
    }
}

impl Page {
    /// Compresses the page. Frees each chunk when it is compressed.
    pub(super) fn into_gzip(self) -> std::io::Result<Self> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        for chunk in self.chunks {
            encoder.write_all(&chunk)?;
        }
        Ok(Self { chunks: vec![encoder.finish()?.into()], is_gzip: true })
    }
}
