//! Items as requests, each within the size limit of receivers.

use std::ops::Range;

use opentelemetry_sdk::Resource;

use super::{
    part_sizes::PartSizes,
    resource::write_resource,
    scope::{ItemScope, write_scope},
    shorten::text_limits,
    writer::{Field, Writer},
};

/// The bytes that end the open messages of a request.
const CLOSING_BYTES: usize = 32;

/// The fields of a signal that contain its items.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MessageNames {
    pub(super) resources: Field,
    pub(super) scopes: Field,
    pub(super) items: Field,
}

/// A part of a request that belongs to one scope: a span, a log record or a metric.
pub(crate) trait Item {
    const NAMES: MessageNames;

    /// Returns the number of data points. Other items count as one.
    fn count(&self) -> usize {
        1
    }

    /// Writes those of the data points `points` that fit into `limit` bytes, but at least the
    /// first. Returns their number.
    fn write<W: Writer>(&self, w: &mut W, points: Range<usize>, limit: usize) -> usize;
}

/// A writer for requests.
pub(super) trait RequestWriter: Writer {
    /// Sets the length in bytes to which texts are shortened.
    fn set_text_limit(&mut self, limit: usize);

    fn into_bytes(self) -> Vec<u8>;
}

/// The requests for a list of items.
#[derive(Debug, Default)]
pub(crate) struct EncodedItems {
    pub(crate) requests: Vec<EncodedRequest>,
    /// The largest part of each item that was shortened.
    pub(crate) shortened: Vec<String>,
    pub(crate) too_large: Vec<TooLarge>,
}

#[derive(Debug)]
pub(crate) struct EncodedRequest {
    pub(crate) body: Vec<u8>,
    pub(crate) items: u64,
}

/// An item that is too large even without its texts.
#[derive(Debug)]
pub(crate) struct TooLarge {
    pub(crate) bytes: usize,
    pub(crate) largest: String,
}

/// Encodes items as requests of at most `max_bytes`. Items of the same scope follow each other.
pub(super) fn encode<'s, W: RequestWriter, I: Item + 's>(
    max_bytes: usize,
    new_writer: impl Fn() -> W,
    resource: &'s Resource,
    items: impl IntoIterator<Item = (ItemScope<'s>, &'s I)>,
) -> EncodedItems {
    let request = OpenRequest::new(new_writer(), I::NAMES, resource, max_bytes);
    let mut requests = Requests { request, new_writer, encoded: EncodedItems::default() };
    for (scope, item) in items {
        requests.add(scope, item);
    }
    requests.close();
    requests.encoded
}

#[derive(Debug)]
struct Requests<'s, W, N> {
    request: OpenRequest<'s, W>,
    new_writer: N,
    encoded: EncodedItems,
}

impl<'s, W: RequestWriter, N: Fn() -> W> Requests<'s, W, N> {
    fn add(&mut self, scope: ItemScope<'s>, item: &impl Item) {
        let count = item.count();
        let mut next = 0;
        while next < count {
            match self.request.write(scope, item, next..count) {
                Ok(written) => next += written,
                Err(_) if self.request.items > 0 => self.close(),
                Err(bytes) => {
                    self.add_shortened(scope, item, next, bytes);
                    next += 1;
                }
            }
        }
    }

    /// Adds a single data point, or an item without data points, that has too many `bytes`.
    fn add_shortened(&mut self, scope: ItemScope<'s>, item: &impl Item, point: usize, mut bytes: usize) {
        let points = point..point + 1;
        let mut sizes = PartSizes::default();
        write_resource(&mut sizes, self.request.resource);
        write_scope(&mut sizes, scope);
        item.write(&mut sizes, points.clone(), usize::MAX);
        let largest = sizes.describe_largest(bytes);
        let mut limits = text_limits(sizes.into_texts(), self.request.max_bytes);
        while let Some(limit) = limits.next(bytes) {
            self.request.writer.set_text_limit(limit);
            match self.request.write(scope, item, points.clone()) {
                Ok(_) => {
                    self.close();
                    return self.encoded.shortened.push(largest);
                }
                Err(still) => bytes = still,
            }
        }
        self.request.writer.set_text_limit(usize::MAX);
        self.encoded.too_large.push(TooLarge { bytes, largest });
    }

    /// Ends the request, and begins another.
    fn close(&mut self) {
        let OpenRequest { names, resource, max_bytes, .. } = self.request;
        let new = OpenRequest::new((self.new_writer)(), names, resource, max_bytes);
        self.encoded.requests.extend(std::mem::replace(&mut self.request, new).finish());
    }
}

/// A request that gets more items.
#[derive(Debug)]
struct OpenRequest<'s, W> {
    writer: W,
    names: MessageNames,
    resource: &'s Resource,
    max_bytes: usize,
    /// Where the resource began.
    start: usize,
    scope: Option<OpenScope<'s>>,
    items: u64,
}

#[derive(Debug)]
struct OpenScope<'s> {
    scope: ItemScope<'s>,
    /// The bytes of the request before the scope.
    before: usize,
    start: usize,
    is_empty: bool,
}

impl<'s, W: RequestWriter> OpenRequest<'s, W> {
    fn new(mut writer: W, names: MessageNames, resource: &'s Resource, max_bytes: usize) -> Self {
        writer.begin_list(names.resources);
        let start = writer.begin_element(names.resources);
        write_resource(&mut writer, resource);
        writer.begin_list(names.scopes);
        Self { writer, names, resource, max_bytes, start, scope: None, items: 0 }
    }

    /// Writes those of the data points that fit, and returns their number. If none fits, returns
    /// the number of bytes that the request would have.
    #[inline]
    fn write(
        &mut self,
        scope: ItemScope<'s>,
        item: &impl Item,
        points: Range<usize>,
    ) -> Result<usize, usize> {
        self.open_scope(scope);
        let before = self.writer.len();
        let start = self.writer.begin_element(self.names.items);
        let written = item.write(&mut self.writer, points, self.max_bytes - 2 * CLOSING_BYTES);
        self.writer.end(start);
        let bytes = self.writer.len();
        if bytes > self.max_bytes - CLOSING_BYTES {
            self.writer.truncate(before);
            return Err(bytes);
        }
        if let Some(scope) = &mut self.scope {
            scope.is_empty = false;
        }
        self.items += written as u64;
        Ok(written)
    }

    #[inline]
    fn open_scope(&mut self, scope: ItemScope<'s>) {
        if self.scope.as_ref().is_some_and(|open| open.scope == scope) {
            return;
        }
        self.close_scope();
        let before = self.writer.len();
        let start = self.writer.begin_element(self.names.scopes);
        write_scope(&mut self.writer, scope);
        self.writer.begin_list(self.names.items);
        self.scope = Some(OpenScope { scope, before, start, is_empty: true });
    }

    fn close_scope(&mut self) {
        match self.scope.take() {
            Some(scope) if scope.is_empty => self.writer.truncate(scope.before),
            Some(scope) => {
                self.writer.end_list();
                self.writer.end(scope.start);
            }
            None => {}
        }
    }

    /// Returns the request, or `None` if it has no items.
    fn finish(mut self) -> Option<EncodedRequest> {
        if self.items == 0 {
            return None;
        }
        self.close_scope();
        self.writer.end_list();
        self.writer.end(self.start);
        self.writer.end_list();
        Some(EncodedRequest { body: self.writer.into_bytes(), items: self.items })
    }
}
