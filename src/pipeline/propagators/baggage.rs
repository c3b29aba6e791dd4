//! Propagates baggage in the format of W3C Baggage.
//!
//! The propagator of the SDK loses what follows a second `=` in a value and all but the first of
//! repeated headers, decodes properties that it does not encode again, and does not encode `%`.

use std::sync::LazyLock;

use opentelemetry::{
    Context,
    baggage::{Baggage, BaggageExt as _},
    propagation::{Extractor, Injector, TextMapPropagator, text_map_propagator::FieldIter},
};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

const HEADER: &str = "baggage";
static FIELDS: LazyLock<[String; 1]> = LazyLock::new(|| [HEADER.to_owned()]);

/// The limit for all headers together. See W3C Baggage, "Limits".
const MAX_BYTES: usize = 8192;

/// The characters that properties cannot contain. They are not decoded, so `%` stays as it is.
const IN_PROPERTIES: &AsciiSet = &CONTROLS.add(b'"').add(b',').add(b'\\');

/// The characters that values cannot contain, and those that receivers may misread.
const IN_VALUES: &AsciiSet = &IN_PROPERTIES.add(b' ').add(b';').add(b'=').add(b'%');

/// Reads baggage from incoming requests and writes it to outgoing ones.
#[derive(Debug)]
pub(super) struct BaggagePropagator;

impl TextMapPropagator for BaggagePropagator {
    /// Writes the members within the limit, beyond which receivers may ignore all of them.
    fn inject_context(&self, context: &Context, injector: &mut dyn Injector) {
        let mut header = String::new();
        for (key, (value, metadata)) in context.baggage() {
            let before = header.len();
            header.push_str(if before == 0 { "" } else { "," });
            header.push_str(key.as_str());
            header.push('=');
            header.extend(utf8_percent_encode(value.as_str(), IN_VALUES));
            let properties = metadata.as_str();
            if !properties.is_empty() {
                header.push(';');
                header.extend(utf8_percent_encode(properties, IN_PROPERTIES));
            }
            if header.len() > MAX_BYTES {
                header.truncate(before);
            }
        }
        if !header.is_empty() {
            injector.set(HEADER, header);
        }
    }

    /// Reads the members within the limit, and skips invalid ones. Without a valid one, the baggage
    /// of `context` remains.
    fn extract_with_context(&self, context: &Context, extractor: &dyn Extractor) -> Context {
        let mut baggage = Baggage::new();
        let mut bytes = 0;
        for member in extractor.get_all(HEADER).iter().flatten().flat_map(|header| header.split(',')) {
            bytes += member.len() + 1;
            if bytes > MAX_BYTES + 1 {
                break;
            }
            add_member(&mut baggage, member);
        }
        if baggage.is_empty() { context.clone() } else { context.with_baggage(baggage) }
    }

    fn fields(&self) -> FieldIter<'_> {
        FieldIter::new(&*FIELDS)
    }
}

/// Adds a member `key=value;property;…`, unless it is invalid.
fn add_member(baggage: &mut Baggage, member: &str) {
    let (pair, properties) = member.split_once(';').unwrap_or((member, ""));
    if let Some((key, value)) = pair.split_once('=') {
        let value = percent_decode_str(value.trim()).decode_utf8_lossy().into_owned();
        baggage.insert_with_metadata(key.trim().to_owned(), value, properties.trim());
    }
}
