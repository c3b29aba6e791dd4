//! Propagates trace context in the format of AWS X-Ray.

use std::sync::LazyLock;

use opentelemetry::{
    Context,
    propagation::{Extractor, Injector, TextMapPropagator, text_map_propagator::FieldIter},
};

use super::remote::{Remote, header, hex, span_id};

const HEADER: &str = "x-amzn-trace-id";
static FIELDS: LazyLock<[String; 1]> = LazyLock::new(|| [HEADER.to_owned()]);

/// Reads and writes `x-amzn-trace-id`.
#[derive(Debug)]
pub(super) struct XRayPropagator;

impl TextMapPropagator for XRayPropagator {
    fn inject_context(&self, context: &Context, injector: &mut dyn Injector) {
        if let Some(Remote { trace_id, span_id, is_sampled, .. }) = Remote::of(context) {
            let id = format!("{trace_id:032x}");
            let (time, unique) = id.split_at(8);
            let sampled = u8::from(is_sampled);
            injector.set(HEADER, format!("Root=1-{time}-{unique};Parent={span_id:016x};Sampled={sampled}"));
        }
    }

    fn extract_with_context(&self, context: &Context, extractor: &dyn Extractor) -> Context {
        let remote = header(extractor, HEADER).and_then(parse);
        remote.map_or_else(|| context.clone(), |remote| remote.attach_to(context))
    }

    fn fields(&self) -> FieldIter<'_> {
        FieldIter::new(&*FIELDS)
    }
}

/// Parses `Root=1-TIME-UNIQUE;Parent=SPAN;Sampled=0`. The fields have any order, and others may
/// stand between them.
fn parse(header: &str) -> Option<Remote> {
    let (mut root, mut parent, mut is_sampled) = (None, None, false);
    // The last field may end with a separator, too.
    for field in header.split(';').map(str::trim).filter(|field| !field.is_empty()) {
        let (name, value) = field.split_once('=')?;
        match name {
            "Root" => root = Some(trace_id(value)?),
            "Parent" => parent = Some(span_id(value)?),
            "Sampled" => is_sampled = decision(value)?,
            _ => {}
        }
    }
    Remote::new(root?, parent?, is_sampled, false)
}

/// Parses the decision; `?` leaves it to the receiver.
fn decision(text: &str) -> Option<bool> {
    match text {
        "1" => Some(true),
        "0" | "?" => Some(false),
        _ => None,
    }
}

/// Parses the version, the time in up to 8 digits, and 24 others.
fn trace_id(root: &str) -> Option<u128> {
    let (time, unique) = root.strip_prefix("1-")?.split_once('-')?;
    if time.len() > 8 || unique.len() != 24 {
        return None;
    }
    Some(hex(time)? << 96 | hex(unique)?)
}
