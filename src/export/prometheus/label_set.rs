//! The labels of samples as text.

use opentelemetry::{Key, KeyValue};

use super::label::{label_name, push_escaped, push_value};

/// A label that all samples of a meter have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ConstantLabel {
    /// The key that decides the order of values when several keys become one label.
    pub(super) key: String,
    pub(super) value: String,
}

/// The label of the buckets of a histogram.
const BUCKET_LABEL: &str = "le";

/// The number of layouts that are remembered.
const MAX_LAYOUTS: usize = 16;

/// Writes the labels of samples that have the same constant labels.
#[derive(Debug)]
pub(super) struct LabelWriter<'c> {
    constants: &'c [ConstantLabel],
    has_buckets: bool,
    /// One for each list of keys. Most metrics have one.
    layouts: Vec<Layout>,
    current: usize,
}

/// The text around the values of attributes with certain keys.
#[derive(Debug)]
struct Layout {
    keys: Vec<Key>,
    labels: Vec<Label>,
    /// The text behind the last value: [`VALUE_END`] and labels that are constant.
    end: Vec<u8>,
}

/// A label that has the value of an attribute.
#[derive(Debug)]
struct Label {
    /// The text before the value: [`VALUE_END`], labels that are constant, and the name up to the
    /// first quote.
    start: Vec<u8>,
    /// The length of the name at the end of `start`, with the quote.
    name: usize,
    /// The values of the keys that become this label.
    values: Vec<LabelValue>,
}

/// The text between a value and the next label.
const VALUE_END: &[u8] = b"\",";

#[derive(Debug)]
enum LabelValue {
    Constant(Vec<u8>),
    Attribute(usize),
}

impl<'c> LabelWriter<'c> {
    /// `has_buckets`: the samples also get the label `le`, which no attribute may set.
    pub(super) fn new(constants: &'c [ConstantLabel], has_buckets: bool) -> Self {
        Self { constants, has_buckets, layouts: Vec::new(), current: 0 }
    }

    /// Appends the labels, sorted by name, each with a comma behind it. Labels without a value are
    /// left out: to Prometheus they are the same as no label.
    pub(super) fn push(&mut self, out: &mut Vec<u8>, attributes: &[&KeyValue]) {
        let layout = self.layout(attributes);
        let mut has_value = false;
        for Label { start, name, values } in &layout.labels {
            push_behind(out, start, has_value);
            let value_start = out.len();
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    out.push(b';');
                }
                match value {
                    LabelValue::Constant(text) => out.extend_from_slice(text),
                    LabelValue::Attribute(index) => push_value(out, &attributes[*index].value),
                }
            }
            has_value = out.len() > value_start;
            if !has_value {
                out.truncate(value_start - name);
            }
        }
        push_behind(out, &layout.end, has_value);
    }

    fn layout(&mut self, attributes: &[&KeyValue]) -> &Layout {
        let fits = |layout: &Layout| layout.has_keys_of(attributes);
        if !self.layouts.get(self.current).is_some_and(fits) {
            self.current = match self.layouts.iter().position(fits) {
                Some(found) => found,
                None => {
                    let layout = Layout::new(self.constants, self.has_buckets, attributes);
                    if self.layouts.len() < MAX_LAYOUTS {
                        self.layouts.push(layout);
                        self.layouts.len() - 1
                    } else {
                        let oldest = (self.current + 1) % MAX_LAYOUTS;
                        self.layouts[oldest] = layout;
                        oldest
                    }
                }
            };
        }
        &self.layouts[self.current]
    }
}

impl Layout {
    fn new(constants: &[ConstantLabel], has_buckets: bool, attributes: &[&KeyValue]) -> Self {
        let name = |key: &str| {
            let name = label_name(key);
            // As Prometheus renames labels that it sets itself.
            if has_buckets && name == BUCKET_LABEL { format!("exported_{name}") } else { name.into_owned() }
        };
        let mut values: Vec<(String, &str, LabelValue)> = constants
            .iter()
            .map(|ConstantLabel { key, value }| {
                let mut text = Vec::new();
                push_escaped(&mut text, value);
                (name(key), &**key, LabelValue::Constant(text))
            })
            .collect();
        for (index, attribute) in attributes.iter().enumerate() {
            let key = attribute.key.as_str();
            // Of equal keys the last one counts.
            if attributes[index + 1..].iter().all(|other| other.key.as_str() != key) {
                values.push((name(key), key, LabelValue::Attribute(index)));
            }
        }
        values
            .sort_by(|(name, key, _), (other_name, other_key, _)| (name, key).cmp(&(other_name, other_key)));

        let mut labels = Vec::new();
        let mut text = VALUE_END.to_vec();
        let mut values = values.into_iter().peekable();
        while let Some((name, _, value)) = values.next() {
            let mut of_label = vec![value];
            while let Some((_, _, value)) = values.next_if(|(other, ..)| *other == name) {
                of_label.push(value);
            }
            let name = format!("{name}=\"").into_bytes();
            match constant(&of_label) {
                Some(value) if value.is_empty() => {}
                Some(value) => text.extend([&*name, &*value, VALUE_END].concat()),
                None => {
                    text.extend_from_slice(&name);
                    let start = std::mem::replace(&mut text, VALUE_END.to_vec());
                    labels.push(Label { start, name: name.len(), values: of_label });
                }
            }
        }
        let keys = attributes.iter().map(|attribute| attribute.key.clone()).collect();
        Self { keys, labels, end: text }
    }

    fn has_keys_of(&self, attributes: &[&KeyValue]) -> bool {
        let is_equal = |(key, attribute): (&Key, &&KeyValue)| {
            let (key, other) = (key.as_str(), attribute.key.as_str());
            // Keys are usually literals, which have an address in common.
            std::ptr::eq(key, other) || key == other
        };
        self.keys.len() == attributes.len() && self.keys.iter().zip(attributes).all(is_equal)
    }
}

/// Appends a text that begins with the end of the value before it, if there is one.
fn push_behind(out: &mut Vec<u8>, text: &[u8], has_value: bool) {
    out.extend_from_slice(if has_value { text } else { &text[VALUE_END.len()..] });
}

/// Returns the value of a label that has no value of an attribute.
fn constant(values: &[LabelValue]) -> Option<Vec<u8>> {
    let texts = values.iter().map(|value| match value {
        LabelValue::Constant(text) => Some(text.as_slice()),
        LabelValue::Attribute(_) => None,
    });
    Some(texts.collect::<Option<Vec<_>>>()?.join(&b';'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(
        constants: &[(&str, &str)],
        has_buckets: bool,
        attributes: &[(&'static str, &'static str)],
    ) -> String {
        let constant =
            |(key, value): &(&str, &str)| ConstantLabel { key: (*key).into(), value: (*value).into() };
        let constants: Vec<_> = constants.iter().map(constant).collect();
        let attributes: Vec<_> = attributes.iter().map(|(key, value)| KeyValue::new(*key, *value)).collect();
        let mut out = Vec::new();
        let mut writer = LabelWriter::new(&constants, has_buckets);
        writer.push(&mut out, &attributes.iter().collect::<Vec<_>>());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn keys_of_one_label_are_joined_in_their_order() {
        assert_eq!(labels(&[], false, &[("a_b", "2"), ("a.b", "1"), ("a/b", "3")]), "a_b=\"1;3;2\",");
        let scope = [("otel_scope_name", "shop"), ("team", "data")];
        assert_eq!(
            labels(&scope, false, &[("otel.scope.name", "x"), ("team", "y"), ("z", "1")]),
            "otel_scope_name=\"x;shop\",team=\"data;y\",z=\"1\","
        );
        assert_eq!(labels(&[], false, &[("a", "1"), ("a", "2")]), "a=\"2\",");
    }

    #[test]
    fn label_without_value_is_left_out() {
        assert_eq!(labels(&[("otel_scope_name", "")], false, &[("a", ""), ("b", "1")]), "b=\"1\",");
        assert_eq!(labels(&[], false, &[]), "");
    }

    #[test]
    fn le_of_a_histogram_is_renamed() {
        assert_eq!(labels(&[], true, &[("le", "1"), ("a", "2")]), "a=\"2\",exported_le=\"1\",");
        assert_eq!(labels(&[], false, &[("le", "1")]), "le=\"1\",");
    }
}
