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

    /// Returns the number of bytes since `mark`, none of which are released.
    pub(super) fn len_since(&self, mark: Mark) -> usize {
        let complete: usize = self.complete[mark.chunks..].iter().map(Vec::len).sum();
        complete + self.current.len() - mark.bytes
    }

    /// Replaces the bytes that were written first after `mark`, and not released.
    pub(super) fn overwrite(&mut self, mark: Mark, bytes: &[u8]) {
        let chunk = self.complete.get_mut(mark.chunks).unwrap_or(&mut self.current);
        if let Some(replaced) = chunk.get_mut(mark.bytes..mark.bytes + bytes.len()) {
            replaced.copy_from_slice(bytes);
        }
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

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use tokio::sync::mpsc::{self, UnboundedReceiver};

    use super::*;

    /// Returns the parts of a page and their content.
    fn received(mut parts: UnboundedReceiver<PagePart>) -> (usize, Vec<u8>) {
        let (mut count, mut content) = (0, Vec::new());
        while let Some(part) = parts.blocking_recv() {
            count += 1;
            match part {
                PagePart::More(part) => content.extend(part),
                PagePart::Last(part) => {
                    content.extend(part);
                    return (count, content);
                }
                PagePart::Failed(reason) => panic!("{reason}"),
            }
        }
        panic!("no last part")
    }

    /// Writes numbers that do not repeat, and returns them.
    fn write(page: &mut PageWriter, numbers: std::ops::Range<u64>) -> Vec<u8> {
        let mut written = Vec::new();
        for number in numbers {
            let text = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_string();
            page.current.extend_from_slice(text.as_bytes());
            written.extend_from_slice(text.as_bytes());
            page.end_point();
        }
        written
    }

    #[test]
    fn released_chunks_stay_and_later_ones_can_be_removed() {
        let (response, parts) = mpsc::unbounded_channel();
        let mut page = PageWriter::new(response, false, true);
        let mut expected = write(&mut page, 0..10_000);
        page.release().unwrap();
        let mark = page.mark();
        write(&mut page, 10_000..20_000);
        page.rewind(mark);
        expected.extend(write(&mut page, 20_000..30_000));
        let kept = page.finish().unwrap().unwrap().concat();
        let (count, content) = received(parts);
        assert!(count > 5);
        assert!(content == expected && kept == expected);
    }

    #[test]
    fn compressed_page_is_released_in_parts() {
        let (response, parts) = mpsc::unbounded_channel();
        let mut page = PageWriter::new(response, true, false);
        let mut expected = Vec::new();
        for family in 0..20 {
            expected.extend(write(&mut page, family * 5_000..(family + 1) * 5_000));
            page.release().unwrap();
        }
        assert!(page.finish().unwrap().is_none());
        let (count, compressed) = received(parts);
        assert!(count > 5);
        let mut content = Vec::new();
        flate2::read::GzDecoder::new(&*compressed).read_to_end(&mut content).unwrap();
        assert!(content == expected);
    }

    #[test]
    fn page_without_a_client_ends_unless_it_is_kept() {
        for is_kept in [false, true] {
            let mut page = PageWriter::new(mpsc::unbounded_channel().0, false, is_kept);
            write(&mut page, 0..10_000);
            assert_eq!(page.release().is_ok(), is_kept);
        }
    }
}
