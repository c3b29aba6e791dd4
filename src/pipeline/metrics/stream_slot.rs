//! Passes the stream of an instrument to the SDK.
//!
//! The SDK asks its views for the streams of an instrument while it creates the instrument, on the
//! same thread. It offers them neither the boundaries that the program advises nor filters other
//! than lists of keys. Streams are therefore planned here, and the only view of the SDK returns the
//! planned one.

use std::cell::RefCell;

use opentelemetry_sdk::metrics::{Instrument, Stream};

thread_local! {
    static PLANNED: RefCell<Option<Stream>> = const { RefCell::new(None) };
}

/// Creates an instrument of the SDK with this stream.
pub(super) fn create_with<I>(stream: Option<Stream>, create: impl FnOnce() -> I) -> I {
    let set = |stream: Option<Stream>| {
        // A thread that ends creates instruments with their default stream.
        let _ = PLANNED.try_with(|planned| planned.replace(stream));
    };
    set(stream);
    let instrument = create();
    // Without a reader, the SDK does not ask.
    set(None);
    instrument
}

/// The view of the SDK.
pub(super) fn planned(_: &Instrument) -> Option<Stream> {
    PLANNED.try_with(RefCell::take).ok().flatten()
}
