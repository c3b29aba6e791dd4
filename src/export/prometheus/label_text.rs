//! Labels as text.

use opentelemetry::KeyValue;

use super::{
    escaping::NameKind,
    label_plan::{LabelValue, PlannedLabel},
    label_value::{push_escaped, push_value},
};

/// The text around the values of attributes.
#[derive(Debug)]
pub(super) struct TextLabels {
    labels: Vec<TextLabel>,
    /// The text behind the last value: [`VALUE_END`] and labels that are constant.
    end: Vec<u8>,
}

/// A label that has the value of an attribute.
#[derive(Debug)]
struct TextLabel {
    /// The text before the value: [`VALUE_END`], labels that are constant, and the name up to the
    /// first quote.
    start: Vec<u8>,
    /// The length of the name at the end of `start`, with the quote.
    name: usize,
    values: Vec<LabelValue>,
}

/// The text between a value and the next label.
const VALUE_END: &[u8] = b"\",";

impl TextLabels {
    pub(super) fn new(planned: Vec<PlannedLabel>) -> Self {
        let mut labels = Vec::new();
        let mut text = VALUE_END.to_vec();
        for PlannedLabel { name, values } in planned {
            let mut start = Vec::new();
            push_name(&mut start, &name, NameKind::Label);
            start.extend_from_slice(b"=\"");
            match constant(&values) {
                Some(value) if value.is_empty() => {}
                Some(value) => {
                    text.extend(start);
                    push_escaped(&mut text, &value);
                    text.extend_from_slice(VALUE_END);
                }
                None => {
                    text.extend_from_slice(&start);
                    let before = std::mem::replace(&mut text, VALUE_END.to_vec());
                    labels.push(TextLabel { start: before, name: start.len(), values });
                }
            }
        }
        Self { labels, end: text }
    }

    /// Appends the labels, each with a comma behind it.
    #[inline]
    pub(super) fn push(&self, out: &mut Vec<u8>, attributes: &[&KeyValue]) {
        let mut has_value = false;
        for TextLabel { start, name, values } in &self.labels {
            push_behind(out, start, has_value);
            let value_start = out.len();
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    out.push(b';');
                }
                match value {
                    LabelValue::Constant(text) => push_escaped(out, text),
                    LabelValue::Attribute(index) => push_value(out, &attributes[*index].value),
                }
            }
            has_value = out.len() > value_start;
            if !has_value {
                out.truncate(value_start - name);
            }
        }
        push_behind(out, &self.end, has_value);
    }
}

/// Appends a name, in quotes if it has other characters than every version of Prometheus accepts.
pub(super) fn push_name(out: &mut Vec<u8>, name: &str, kind: NameKind) {
    if kind.is_legal(name) {
        out.extend_from_slice(name.as_bytes());
        return;
    }
    out.push(b'"');
    push_escaped(out, name);
    out.push(b'"');
}

/// Appends a text that begins with the end of the value before it, if there is one.
fn push_behind(out: &mut Vec<u8>, text: &[u8], has_value: bool) {
    out.extend_from_slice(if has_value { text } else { &text[VALUE_END.len()..] });
}

/// Returns the value of a label that has no value of an attribute.
fn constant(values: &[LabelValue]) -> Option<String> {
    let texts = values.iter().map(|value| match value {
        LabelValue::Constant(text) => Some(text.as_str()),
        LabelValue::Attribute(_) => None,
    });
    Some(texts.collect::<Option<Vec<_>>>()?.join(";"))
}
