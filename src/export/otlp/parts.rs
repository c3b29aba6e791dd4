//! The parts of an item that a program can make arbitrarily large.

use std::fmt;

use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    metrics::v1::metric::Data,
    resource::v1::Resource,
};
use prost::Message as _;

use crate::text::{end_within, floor_char_boundary};

/// A request whose parts can be visited.
pub(crate) trait Parts {
    fn visit_parts(&mut self, visit: &mut dyn FnMut(Part<'_>));
}

/// A part of a request.
#[derive(Debug)]
pub(crate) struct Part<'p> {
    pub(super) name: PartName<'p>,
    pub(super) content: Content<'p>,
}

#[derive(Debug)]
pub(crate) enum PartName<'p> {
    /// A part that occurs once in its item: `the body`.
    Single(&'static str),
    /// An attribute: `the resource attribute "k"`.
    Attribute(&'static str, &'p str),
}

/// The number of characters of a key that a message contains.
const MAX_KEY_CHARS: usize = 60;

impl fmt::Display for PartName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Single(name) => f.write_str(name),
            Self::Attribute(kind, key) => {
                let end = end_within(key, MAX_KEY_CHARS).unwrap_or(key.len());
                write!(f, "{kind} \"{}\"", key[..end].escape_debug())
            }
        }
    }
}

#[derive(Debug)]
pub(crate) enum Content<'p> {
    Text(&'p mut String),
    Value(&'p mut AnyValue),
    /// A value that identifies what the item describes, and must not change.
    Identity(&'p AnyValue),
    /// A key, which must not change either.
    Key(&'p str),
}

impl Content<'_> {
    /// Returns the number of bytes of a text, and those of other values as Protocol Buffers.
    pub(super) fn len(&self) -> usize {
        let value: &AnyValue = match self {
            Self::Text(text) => return text.len(),
            Self::Key(key) => return key.len(),
            Self::Value(value) => value,
            Self::Identity(value) => value,
        };
        match &value.value {
            Some(Value::StringValue(text)) => text.len(),
            _ => value.encoded_len(),
        }
    }

    /// Calls `visit` for each text that may be shortened.
    pub(super) fn visit_texts(self, visit: &mut dyn FnMut(Text<'_>)) {
        match self {
            Self::Text(text) => visit(Text::String(text)),
            Self::Value(value) => visit_texts(value, visit),
            Self::Identity(_) | Self::Key(_) => {}
        }
    }
}

/// A text or a sequence of bytes.
#[derive(Debug)]
pub(super) enum Text<'t> {
    String(&'t mut String),
    Bytes(&'t mut Vec<u8>),
}

impl Text<'_> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::String(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
        }
    }

    /// Keeps at most `len` bytes, and whole characters.
    pub(super) fn truncate(self, len: usize) {
        match self {
            Self::String(text) => {
                text.truncate(floor_char_boundary(text, len));
                // The rest may be several megabytes.
                text.shrink_to_fit();
            }
            Self::Bytes(bytes) => bytes.truncate(len),
        }
    }
}

fn visit_texts(value: &mut AnyValue, visit: &mut dyn FnMut(Text<'_>)) {
    match &mut value.value {
        Some(Value::StringValue(text)) => visit(Text::String(text)),
        Some(Value::BytesValue(bytes)) => visit(Text::Bytes(bytes)),
        Some(Value::ArrayValue(array)) => array.values.iter_mut().for_each(|value| visit_texts(value, visit)),
        Some(Value::KvlistValue(list)) => {
            list.values
                .iter_mut()
                .filter_map(|entry| entry.value.as_mut())
                .for_each(|value| visit_texts(value, visit));
        }
        _ => {}
    }
}

type Visit<'v> = &'v mut dyn FnMut(Part<'_>);

fn visit_text(visit: Visit<'_>, name: &'static str, text: &mut String) {
    visit(Part { name: PartName::Single(name), content: Content::Text(text) });
}

fn visit_attributes(visit: Visit<'_>, kind: &'static str, attributes: &mut [KeyValue]) {
    for KeyValue { key, value, .. } in attributes {
        visit(Part { name: PartName::Single("the key of an attribute"), content: Content::Key(key) });
        if let Some(value) = value {
            visit(Part { name: PartName::Attribute(kind, key), content: Content::Value(value) });
        }
    }
}

fn visit_identity(visit: Visit<'_>, kind: &'static str, attributes: &[KeyValue]) {
    for KeyValue { key, value, .. } in attributes {
        visit(Part { name: PartName::Single("the key of an attribute"), content: Content::Key(key) });
        if let Some(value) = value {
            visit(Part { name: PartName::Attribute(kind, key), content: Content::Identity(value) });
        }
    }
}

fn visit_resource(visit: Visit<'_>, resource: Option<&Resource>) {
    visit_identity(visit, "the resource attribute", resource.map_or(&[], |resource| &resource.attributes));
}

fn visit_scope(visit: Visit<'_>, scope: Option<&InstrumentationScope>) {
    let name = scope.map_or("", |scope| &scope.name);
    visit(Part { name: PartName::Single("the scope name"), content: Content::Key(name) });
    visit_identity(visit, "the scope attribute", scope.map_or(&[], |scope| &scope.attributes));
}

impl Parts for ExportTraceServiceRequest {
    fn visit_parts(&mut self, visit: Visit<'_>) {
        for resource in &mut self.resource_spans {
            visit_resource(visit, resource.resource.as_ref());
            for scope in &mut resource.scope_spans {
                visit_scope(visit, scope.scope.as_ref());
                for span in &mut scope.spans {
                    visit_text(visit, "the span name", &mut span.name);
                    if let Some(status) = &mut span.status {
                        visit_text(visit, "the status description", &mut status.message);
                    }
                    visit_attributes(visit, "the attribute", &mut span.attributes);
                    for event in &mut span.events {
                        visit_text(visit, "the name of an event", &mut event.name);
                        visit_attributes(visit, "the event attribute", &mut event.attributes);
                    }
                    for link in &mut span.links {
                        visit_attributes(visit, "the link attribute", &mut link.attributes);
                    }
                }
            }
        }
    }
}

impl Parts for ExportLogsServiceRequest {
    fn visit_parts(&mut self, visit: Visit<'_>) {
        for resource in &mut self.resource_logs {
            visit_resource(visit, resource.resource.as_ref());
            for scope in &mut resource.scope_logs {
                visit_scope(visit, scope.scope.as_ref());
                for record in &mut scope.log_records {
                    if let Some(body) = &mut record.body {
                        visit(Part { name: PartName::Single("the body"), content: Content::Value(body) });
                    }
                    visit_attributes(visit, "the attribute", &mut record.attributes);
                }
            }
        }
    }
}

impl Parts for ExportMetricsServiceRequest {
    fn visit_parts(&mut self, visit: Visit<'_>) {
        for resource in &mut self.resource_metrics {
            visit_resource(visit, resource.resource.as_ref());
            for scope in &mut resource.scope_metrics {
                visit_scope(visit, scope.scope.as_ref());
                for metric in &mut scope.metrics {
                    visit_text(visit, "the description of the metric", &mut metric.description);
                    macro_rules! visit_points {
                        ($($kind:ident)+) => {
                            match &metric.data {
                                $(Some(Data::$kind(data)) => for point in &data.data_points {
                                    visit_identity(visit, "the attribute", &point.attributes);
                                })+
                                None => {}
                            }
                        };
                    }
                    visit_points!(Gauge Sum Histogram ExponentialHistogram Summary);
                }
            }
        }
    }
}
