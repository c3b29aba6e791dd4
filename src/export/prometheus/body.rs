//! The bodies of responses.

use std::{
    collections::VecDeque,
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use hyper::body::{Body, Bytes, Frame, SizeHint};

use super::connections::ResponseGuard;

/// A body that is in memory, in parts. Each part is freed when it is sent.
#[derive(Debug)]
pub(super) struct PartsBody {
    parts: VecDeque<Bytes>,
    left: u64,
    /// Held until the body is sent or dropped.
    _response: Option<ResponseGuard>,
}

impl PartsBody {
    /// Keeps `response` until the body is sent or dropped.
    pub(super) fn with_guard(self, response: ResponseGuard) -> Self {
        Self { _response: Some(response), ..self }
    }
}

impl FromIterator<Bytes> for PartsBody {
    fn from_iter<I: IntoIterator<Item = Bytes>>(parts: I) -> Self {
        let parts: VecDeque<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let left = parts.iter().map(|part| part.len() as u64).sum();
        Self { parts, left, _response: None }
    }
}

impl From<String> for PartsBody {
    fn from(text: String) -> Self {
        [Bytes::from(text)].into_iter().collect()
    }
}

impl Body for PartsBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let part = self.parts.pop_front();
        if let Some(part) = &part {
            self.left -= part.len() as u64;
        }
        Poll::Ready(part.map(|part| Ok(Frame::data(part))))
    }

    fn is_end_stream(&self) -> bool {
        self.parts.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
