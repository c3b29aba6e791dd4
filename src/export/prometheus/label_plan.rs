//! The labels that attributes become.

use opentelemetry::KeyValue;

use super::label_name::LabelNamer;

/// A label that all samples of a meter have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ConstantLabel {
    /// The key that decides the order of values when several keys become one label.
    pub(super) key: String,
    pub(super) value: String,
}

/// A label, and the values of the keys that become it.
#[derive(Debug)]
pub(super) struct PlannedLabel {
    pub(super) name: String,
    pub(super) values: Vec<LabelValue>,
}

#[derive(Debug)]
pub(super) enum LabelValue {
    Constant(String),
    /// The value of the attribute at this index.
    Attribute(usize),
}

/// The label of the buckets of a histogram.
const BUCKET_LABEL: &str = "le";

/// Returns the labels, sorted by name.
///
/// `has_buckets`: the samples also get the label `le`, which no attribute may set.
pub(super) fn planned_labels(
    constants: &[ConstantLabel],
    namer: LabelNamer,
    has_buckets: bool,
    attributes: &[&KeyValue],
) -> Vec<PlannedLabel> {
    let name = |key: &str| {
        let name = namer.name(key);
        // As Prometheus renames labels that it sets itself.
        if has_buckets && name == BUCKET_LABEL { format!("exported_{name}") } else { name.into_owned() }
    };
    let mut values: Vec<(String, &str, LabelValue)> = constants
        .iter()
        .map(|ConstantLabel { key, value }| (name(key), &**key, LabelValue::Constant(value.clone())))
        .collect();
    for (index, attribute) in attributes.iter().enumerate() {
        let key = attribute.key.as_str();
        // Of equal keys the last one counts.
        if attributes[index + 1..].iter().all(|other| other.key.as_str() != key) {
            values.push((name(key), key, LabelValue::Attribute(index)));
        }
    }
    values.sort_by(|(name, key, _), (other_name, other_key, _)| (name, key).cmp(&(other_name, other_key)));

    let mut labels: Vec<PlannedLabel> = Vec::new();
    for (name, _, value) in values {
        match labels.last_mut() {
            Some(last) if last.name == name => last.values.push(value),
            _ => labels.push(PlannedLabel { name, values: vec![value] }),
        }
    }
    labels
}
