//! Propagates trace context in the format B3 of Zipkin: one header, or several.
//!
//! See the OpenTelemetry specification, "B3 Requirements". Both forms read both, the single header
//! first.

use opentelemetry::{
    Context,
    propagation::{Extractor, Injector, TextMapPropagator, text_map_propagator::FieldIter},
};

use super::remote::{Remote, header, span_id, trace_id};

const SINGLE: &str = "b3";
const TRACE_ID: &str = "x-b3-traceid";
const SPAN_ID: &str = "x-b3-spanid";
const SAMPLED: &str = "x-b3-sampled";
const FLAGS: &str = "x-b3-flags";

/// Reads and writes the headers of B3.
#[derive(Debug)]
pub(super) struct B3Propagator {
    fields: Vec<String>,
    is_single: bool,
}

impl B3Propagator {
    /// Writes the header `b3`.
    pub(super) fn single() -> Self {
        Self { fields: vec![SINGLE.to_owned()], is_single: true }
    }

    /// Writes the headers `x-b3-…`.
    pub(super) fn multi() -> Self {
        Self { fields: [TRACE_ID, SPAN_ID, SAMPLED, FLAGS].map(str::to_owned).to_vec(), is_single: false }
    }
}

impl TextMapPropagator for B3Propagator {
    fn inject_context(&self, context: &Context, injector: &mut dyn Injector) {
        let Some(Remote { trace_id, span_id, is_sampled, is_debug }) = Remote::of(context) else { return };
        let decision = if is_sampled { "1" } else { "0" };
        if self.is_single {
            let decision = if is_debug { "d" } else { decision };
            return injector.set(SINGLE, format!("{trace_id:032x}-{span_id:016x}-{decision}"));
        }
        injector.set(TRACE_ID, format!("{trace_id:032x}"));
        injector.set(SPAN_ID, format!("{span_id:016x}"));
        // The flag implies the decision.
        let (name, value) = if is_debug { (FLAGS, "1") } else { (SAMPLED, decision) };
        injector.set(name, value.to_owned());
    }

    fn extract_with_context(&self, context: &Context, extractor: &dyn Extractor) -> Context {
        let single = header(extractor, SINGLE).and_then(from_single);
        let remote = single.or_else(|| from_multi(extractor));
        remote.map_or_else(|| context.clone(), |remote| remote.attach_to(context))
    }

    fn fields(&self) -> FieldIter<'_> {
        FieldIter::new(&self.fields)
    }
}

/// Parses `TRACE-SPAN-DECISION-PARENT`. The last two are optional.
fn from_single(header: &str) -> Option<Remote> {
    let mut parts = header.split('-');
    let ids = (trace_id(parts.next()?)?, span_id(parts.next()?)?);
    let (is_sampled, is_debug) = match parts.next() {
        None | Some("0") => (false, false),
        Some("1") => (true, false),
        Some("d") => (true, true),
        Some(_) => return None,
    };
    let is_parent_valid = parts.next().is_none_or(|parent| span_id(parent).is_some());
    if !is_parent_valid || parts.next().is_some() {
        return None;
    }
    Remote::new(ids.0, ids.1, is_sampled, is_debug)
}

fn from_multi(extractor: &dyn Extractor) -> Option<Remote> {
    let ids = (trace_id(header(extractor, TRACE_ID)?)?, span_id(header(extractor, SPAN_ID)?)?);
    let is_debug = header(extractor, FLAGS) == Some("1");
    // Some senders write the older words.
    let is_sampled = match header(extractor, SAMPLED) {
        None | Some("0") => false,
        Some("1") => true,
        Some(word) if word.eq_ignore_ascii_case("true") => true,
        Some(word) if word.eq_ignore_ascii_case("false") => false,
        Some(_) => return None,
    };
    Remote::new(ids.0, ids.1, is_sampled, is_debug)
}
