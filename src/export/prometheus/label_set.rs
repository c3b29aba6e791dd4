//! The labels of samples.

use opentelemetry::{Key, KeyValue};

use super::{
    label_name::LabelNamer,
    label_pairs::push_label_pairs,
    label_plan::{ConstantLabel, PlannedLabel, planned_labels},
    label_text::TextLabels,
    page_format::Syntax,
};

/// The number of layouts that are remembered.
const MAX_LAYOUTS: usize = 16;

/// Writes the labels of samples that have the same constant labels.
#[derive(Debug)]
pub(super) struct LabelWriter<'c> {
    constants: &'c [ConstantLabel],
    style: LabelStyle,
    has_buckets: bool,
    /// One for each list of keys. Most metrics have one.
    layouts: Vec<Layout>,
    current: usize,
}

/// The names and the syntax of labels.
#[derive(Debug, Clone, Copy)]
pub(super) struct LabelStyle {
    pub(super) namer: LabelNamer,
    pub(super) syntax: Syntax,
}

/// The labels of attributes with certain keys.
#[derive(Debug)]
struct Layout {
    keys: Vec<Key>,
    labels: LayoutLabels,
}

#[derive(Debug)]
enum LayoutLabels {
    Text(TextLabels),
    Protobuf(Vec<PlannedLabel>),
}

impl<'c> LabelWriter<'c> {
    /// `has_buckets`: the samples also get the label `le`, which no attribute may set.
    pub(super) fn new(constants: &'c [ConstantLabel], style: LabelStyle, has_buckets: bool) -> Self {
        Self { constants, style, has_buckets, layouts: Vec::new(), current: 0 }
    }

    /// Appends the labels, sorted by name. As text, each has a comma behind it. Labels without a
    /// value are left out: to Prometheus they are the same as no label.
    pub(super) fn push(&mut self, out: &mut Vec<u8>, attributes: &[&KeyValue]) {
        match &self.layout(attributes).labels {
            LayoutLabels::Text(labels) => labels.push(out, attributes),
            LayoutLabels::Protobuf(labels) => push_label_pairs(out, labels, attributes),
        }
    }

    fn layout(&mut self, attributes: &[&KeyValue]) -> &Layout {
        let fits = |layout: &Layout| layout.has_keys_of(attributes);
        if !self.layouts.get(self.current).is_some_and(fits) {
            self.current = match self.layouts.iter().position(fits) {
                Some(found) => found,
                None => {
                    let layout = self.new_layout(attributes);
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

    fn new_layout(&self, attributes: &[&KeyValue]) -> Layout {
        let planned = planned_labels(self.constants, self.style.namer, self.has_buckets, attributes);
        Layout {
            keys: attributes.iter().map(|attribute| attribute.key.clone()).collect(),
            labels: match self.style.syntax {
                Syntax::Text | Syntax::OpenMetrics => LayoutLabels::Text(TextLabels::new(planned)),
                Syntax::Protobuf => LayoutLabels::Protobuf(planned),
            },
        }
    }
}

impl Layout {
    fn has_keys_of(&self, attributes: &[&KeyValue]) -> bool {
        let is_equal = |(key, attribute): (&Key, &&KeyValue)| {
            let (key, other) = (key.as_str(), attribute.key.as_str());
            // Keys are usually literals, which have an address in common.
            std::ptr::eq(key, other) || key == other
        };
        self.keys.len() == attributes.len() && self.keys.iter().zip(attributes).all(is_equal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::prometheus::page_format::Escaping;

    fn style(is_utf8: bool, syntax: Syntax) -> LabelStyle {
        let escaping = if is_utf8 { Escaping::AllowUtf8 } else { Escaping::Underscores };
        LabelStyle { namer: LabelNamer { is_utf8, escaping }, syntax }
    }

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
        let mut writer = LabelWriter::new(&constants, style(false, Syntax::Text), has_buckets);
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

    #[test]
    fn names_with_other_characters_are_in_quotes() {
        let attributes =
            [KeyValue::new("http.method", "GET"), KeyValue::new("a\"b\\", "1"), KeyValue::new("c", 2)];
        let mut out = Vec::new();
        let mut writer = LabelWriter::new(&[], style(true, Syntax::OpenMetrics), false);
        writer.push(&mut out, &attributes.iter().collect::<Vec<_>>());
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "\"a\\\"b\\\\\"=\"1\",c=\"2\",\"http.method\"=\"GET\",");
    }

    #[test]
    fn label_pairs_contain_values_unescaped() {
        let constants = [ConstantLabel { key: "a.b".into(), value: "x\n".into() }];
        let attributes = [KeyValue::new("a_b", "\""), KeyValue::new("empty", ""), KeyValue::new("n", 7)];
        let mut out = Vec::new();
        let mut writer = LabelWriter::new(&constants, style(false, Syntax::Protobuf), false);
        writer.push(&mut out, &attributes.iter().collect::<Vec<_>>());
        assert_eq!(out, b"\x0a\x0b\x0a\x03a_b\x12\x04x\n;\"\x0a\x06\x0a\x01n\x12\x017");
    }
}
