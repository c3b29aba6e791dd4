//! Enforces the limits of spans.

use std::borrow::Cow;

use opentelemetry::{Array, KeyValue, Value, trace::Status};
use opentelemetry_sdk::trace::{self, SpanData};

use super::text::truncated;
use crate::{
    config::{Count, EffectiveLimits, SpanLimits},
    diagnostics::{DiagnosticLog, RateLimit, item_count::Thousands},
    export::unique_keys::{may_repeat_in_scope, remove_repeated, unique_scope},
    text::end_within,
};

/// The attributes that the SDK keeps beyond the limit of a span, event or link.
///
/// The SDK drops each attribute beyond its limit, even a new value of an attribute that it has.
/// Its limit is therefore higher than ours. With this distance, a span that sets the same
/// attributes again and again takes about 2 MiB until it ends.
const UPDATES: u32 = 32_768;

/// Makes spans conform to the data model and to the limits of attributes. The SDK limits the number
/// of events and links.
#[derive(Debug)]
pub(crate) struct SpanLimiter {
    attributes: Count,
    event_attributes: Count,
    link_attributes: Count,
    events: Count,
    links: Count,
    value_length: Option<usize>,
    diagnostics: DiagnosticLog,
    lost_updates: RateLimit,
}

impl SpanLimiter {
    pub(crate) fn new(
        limits: SpanLimits,
        attribute_limits: EffectiveLimits,
        diagnostics: DiagnosticLog,
    ) -> Self {
        let SpanLimits {
            // Resolved into `attribute_limits`.
            attribute_count_limit: _,
            attribute_value_length_limit: _,
            event_count_limit,
            link_count_limit,
            event_attribute_count_limit,
            link_attribute_count_limit,
        } = limits;
        let EffectiveLimits {
            attribute_count_limit,
            attribute_value_length_limit,
            // The values of spans are not nested.
            attribute_value_depth_limit: _,
        } = attribute_limits;
        let value_length =
            attribute_value_length_limit.map(|limit| usize::try_from(limit.get()).unwrap_or(usize::MAX));
        Self {
            attributes: attribute_count_limit,
            event_attributes: event_attribute_count_limit,
            link_attributes: link_attribute_count_limit,
            events: event_count_limit,
            links: link_count_limit,
            value_length,
            diagnostics,
            lost_updates: RateLimit::default(),
        }
    }

    /// Returns the limits that the SDK enforces.
    pub(crate) fn sdk_limits(&self) -> trace::SpanLimits {
        let with_updates = |limit: Count| limit.get().saturating_add(UPDATES);
        trace::SpanLimits {
            max_events_per_span: self.events.get(),
            max_attributes_per_span: with_updates(self.attributes),
            max_links_per_span: self.links.get(),
            max_attributes_per_event: with_updates(self.event_attributes),
            max_attributes_per_link: with_updates(self.link_attributes),
        }
    }

    #[inline]
    pub(crate) fn enforce(&self, span: &mut SpanData) {
        if span.end_time < span.start_time {
            order_times(span);
        }
        if span.dropped_attributes_count > 0 {
            self.report_lost_updates(span);
        }
        limit(&mut span.attributes, &mut span.dropped_attributes_count, self.attributes);
        if !span.events.is_empty() || !span.links.is_empty() {
            self.limit_events_and_links(span);
        }
        if may_repeat_in_scope(&span.instrumentation_scope)
            && let Some(scope) = unique_scope(&span.instrumentation_scope)
        {
            span.instrumentation_scope = scope;
        }
        if let Some(limit) = self.value_length {
            truncate_texts(span, limit);
        }
    }

    #[inline(never)]
    fn limit_events_and_links(&self, span: &mut SpanData) {
        for event in &mut span.events.events {
            limit(&mut event.attributes, &mut event.dropped_attributes_count, self.event_attributes);
        }
        for link in &mut span.links.links {
            limit(&mut link.attributes, &mut link.dropped_attributes_count, self.link_attributes);
        }
    }

    /// Reports the attributes that the SDK has dropped. All of them may be new values of attributes
    /// that the span has.
    #[cold]
    fn report_lost_updates(&self, span: &SpanData) {
        let lost = u64::from(span.dropped_attributes_count);
        if let Some(lost) = self.lost_updates.due_for(lost) {
            self.diagnostics.warn(format_args!(
                "{} updates of span attributes lost: more than {} in one span \
                 (traces.limits.attribute_count_limit and {} more)",
                Thousands(lost),
                Thousands(u64::from(self.attributes.get()) + u64::from(UPDATES)),
                Thousands(u64::from(UPDATES))
            ));
        }
    }
}

/// Moves the end of a span that ends before its start, because the clock was set back or by the
/// program. The events of such a span move to its start, if they are before it.
#[cold]
fn order_times(span: &mut SpanData) {
    span.end_time = span.start_time;
    for event in &mut span.events.events {
        event.timestamp = event.timestamp.max(span.start_time);
        span.end_time = span.end_time.max(event.timestamp);
    }
}

/// Removes repeated keys, then the attributes beyond the limit, and counts the latter.
#[expect(clippy::inline_always, reason = "nearly all attributes need no change")]
#[inline(always)]
fn limit(attributes: &mut Vec<KeyValue>, dropped: &mut u32, limit: Count) {
    remove_repeated(attributes);
    let limit = usize::try_from(limit.get()).unwrap_or(usize::MAX);
    let beyond = attributes.len().saturating_sub(limit);
    if beyond > 0 {
        attributes.truncate(limit);
        *dropped = dropped.saturating_add(u32::try_from(beyond).unwrap_or(u32::MAX));
    }
}

/// Truncates names and descriptions like values: texts of the program end up in all of them.
/// `tracing-opentelemetry` names events by their message, and describes the status by an error.
fn truncate_texts(span: &mut SpanData, limit: usize) {
    truncate(&mut span.name, limit);
    if let Status::Error { description } = &mut span.status {
        truncate(description, limit);
    }
    truncate_values(&mut span.attributes, limit);
    for event in &mut span.events.events {
        truncate(&mut event.name, limit);
        truncate_values(&mut event.attributes, limit);
    }
    span.links.links.iter_mut().for_each(|link| truncate_values(&mut link.attributes, limit));
}

fn truncate(text: &mut Cow<'static, str>, limit: usize) {
    if let Some(end) = end_within(text, limit) {
        *text = text[..end].to_owned().into();
    }
}

fn truncate_values(attributes: &mut [KeyValue], limit: usize) {
    for attribute in attributes {
        match &mut attribute.value {
            Value::String(text) => {
                if let Some(short) = truncated(text.as_str(), limit) {
                    *text = short;
                }
            }
            Value::Array(Array::String(items)) => {
                for item in items {
                    if let Some(short) = truncated(item.as_str(), limit) {
                        *item = short;
                    }
                }
            }
            _ => {}
        }
    }
}
