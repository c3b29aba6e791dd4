//! Baggage with one header for each entry, as Jaeger and OpenTracing pass it.

use std::borrow::Cow;

use opentelemetry::{
    Context,
    baggage::{Baggage, BaggageExt as _},
    propagation::{Extractor, Injector},
};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// The limits for all entries together.
const MAX_ENTRIES: usize = 64;
const MAX_BYTES: usize = 8192;

/// Writes the entries that fit. Entries whose key cannot be the name of a header are left out.
pub(super) fn inject(prefix: &str, context: &Context, injector: &mut dyn Injector) {
    let mut bytes = 0;
    for (key, (value, _)) in context.baggage().iter().take(MAX_ENTRIES) {
        let value: Cow<'_, str> = utf8_percent_encode(value.as_str(), NON_ALPHANUMERIC).into();
        bytes += key.as_str().len() + value.len();
        if bytes > MAX_BYTES {
            break;
        }
        if is_header_name(key.as_str()) {
            injector.set(&format!("{prefix}{key}"), value.into_owned());
        }
    }
}

/// Adds the entries within the limits to the baggage of `context`.
pub(super) fn extract(prefix: &str, context: &Context, extractor: &dyn Extractor) -> Context {
    let mut read = Vec::new();
    let mut bytes = 0;
    for name in extractor.keys() {
        let Some(key) = name.get(..prefix.len()).filter(|start| start.eq_ignore_ascii_case(prefix)) else {
            continue;
        };
        let key = &name[key.len()..];
        let Some(value) = extractor.get(name).filter(|_| !key.is_empty()) else { continue };
        bytes += key.len() + value.len();
        if bytes > MAX_BYTES || read.len() == MAX_ENTRIES {
            break;
        }
        let value = percent_decode_str(value.trim()).decode_utf8_lossy().into_owned();
        read.push((key.to_ascii_lowercase(), value));
    }
    if read.is_empty() {
        return context.clone();
    }
    let mut baggage = Baggage::new();
    for (key, (value, metadata)) in context.baggage() {
        baggage.insert_with_metadata(key.clone(), value.clone(), metadata.as_str());
    }
    for (key, value) in read {
        baggage.insert(key, value);
    }
    context.with_baggage(baggage)
}

/// Returns `true` if a text is a token; see RFC 9110, section 5.6.2.
fn is_header_name(text: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_token)
}
