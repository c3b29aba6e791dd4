//! The bodies of responses.

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::sync::mpsc::UnboundedReceiver;

use super::{connections::ResponseGuard, page::PagePart};

/// A body that is in memory or still being made, in parts. Each part is freed when it is sent.
#[derive(Debug, Default)]
pub(super) struct PartsBody {
    parts: VecDeque<Bytes>,
    /// The parts that are still being made.
    rest: Option<UnboundedReceiver<PagePart>>,
    /// Held until the body is sent or dropped.
    _response: Option<ResponseGuard>,
}

impl PartsBody {
    /// Receives parts until the last one. `first` is already received.
    pub(super) fn receive(first: Bytes, rest: UnboundedReceiver<PagePart>) -> Self {
        Self { rest: Some(rest), ..[first].into_iter().collect() }
    }

    /// Keeps `response` until the body is sent or dropped.
    pub(super) fn with_guard(self, response: ResponseGuard) -> Self {
        Self { _response: Some(response), ..self }
    }

    /// Returns the next part that is being made.
    fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let Some(rest) = &mut self.rest else { return Poll::Ready(None) };
        Poll::Ready(match ready!(rest.poll_recv(cx)) {
            Some(PagePart::More(part)) => Some(Ok(part)),
            Some(PagePart::Last(part)) => {
                self.rest = None;
                (!part.is_empty()).then_some(Ok(part))
            }
            // The client must not take the page for a complete one.
            Some(PagePart::Failed(reason)) => Some(Err(io::Error::other(reason))),
            None => Some(Err(io::Error::other("the page has no end"))),
        })
    }
}

impl FromIterator<Bytes> for PartsBody {
    fn from_iter<I: IntoIterator<Item = Bytes>>(parts: I) -> Self {
        let parts = parts.into_iter().filter(|part| !part.is_empty()).collect();
        Self { parts, rest: None, _response: None }
    }
}

impl From<String> for PartsBody {
    fn from(text: String) -> Self {
        [Bytes::from(text)].into_iter().collect()
    }
}

impl Body for PartsBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let part = match self.parts.pop_front() {
            Some(part) => Some(Ok(part)),
            None => ready!(self.poll_rest(cx)),
        };
        Poll::Ready(part.map(|part| part.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.parts.is_empty() && self.rest.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let size = self.parts.iter().map(|part| part.len() as u64).sum();
        if self.rest.is_none() {
            return SizeHint::with_exact(size);
        }
        let mut hint = SizeHint::new();
        hint.set_lower(size);
        hint
    }
}
