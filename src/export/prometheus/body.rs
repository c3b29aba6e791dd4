//! The bodies of responses.

use std::{
    collections::VecDeque,
    fmt,
    future::poll_fn,
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
    pause: Pause,
    /// Held until the body is sent or dropped.
    _response: Option<ResponseGuard>,
}

/// Lets other tasks run between two parts.
///
/// The runtime would otherwise send all parts that the client accepts, up to 60 MB, before it looks
/// for timers and answers that are due.
#[derive(Default)]
struct Pause(Option<Pin<Box<dyn Future<Output = ()> + Send>>>);

impl fmt::Debug for Pause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pause").finish_non_exhaustive()
    }
}

impl Pause {
    fn begin(&mut self) {
        self.0 = Some(Box::pin(tokio::task::yield_now()));
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(pause) = &mut self.0 {
            ready!(pause.as_mut().poll(cx));
            self.0 = None;
        }
        Poll::Ready(())
    }
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

    /// Receives all parts that are still being made. The length of the body is known then.
    pub(super) async fn complete(mut self) -> io::Result<Self> {
        while let Some(part) = poll_fn(|cx| self.poll_rest(cx)).await {
            self.parts.push_back(part?);
        }
        Ok(self)
    }

    /// Returns the parts that are in memory.
    pub(super) fn into_parts(self) -> Vec<Bytes> {
        self.parts.into()
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
        Self { parts, ..Self::default() }
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
        ready!(self.pause.poll(cx));
        let part = match self.parts.pop_front() {
            Some(part) => Some(Ok(part)),
            None => ready!(self.poll_rest(cx)),
        };
        self.pause.begin();
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

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use http_body_util::BodyExt as _;
    use tokio::sync::mpsc;

    use super::*;

    fn body(parts: Vec<PagePart>) -> PartsBody {
        let (sender, rest) = mpsc::unbounded_channel();
        for part in parts {
            sender.send(part).unwrap();
        }
        PartsBody::receive(Bytes::from_static(b"a"), rest)
    }

    async fn collected(body: PartsBody) -> io::Result<Bytes> {
        Ok(body.collect().await?.to_bytes())
    }

    #[tokio::test]
    async fn body_is_complete_or_fails() {
        let more = || PagePart::More(Bytes::from_static(b"b"));
        for (last, whole) in [("c", "abbc"), ("", "abb")] {
            let body = body(vec![more(), more(), PagePart::Last(Bytes::from_static(last.as_bytes()))]);
            assert_eq!(collected(body).await.unwrap(), whole);
        }
        collected(body(vec![more(), PagePart::Failed("x".to_owned())])).await.unwrap_err();
        collected(body(vec![more()])).await.unwrap_err();
    }

    #[tokio::test]
    async fn other_tasks_run_between_parts() {
        let turns = Arc::new(AtomicUsize::new(0));
        let of_others = Arc::clone(&turns);
        tokio::spawn(async move {
            loop {
                of_others.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
        });
        let parts = (0..10).map(|_| Bytes::from_static(b"a"));
        collected(parts.collect()).await.unwrap();
        assert!(turns.load(Ordering::Relaxed) >= 9);
    }
}
