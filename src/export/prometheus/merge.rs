//! Data points that have the same labels on the page.
//!
//! Prometheus keeps only one of several samples with the same name and labels. Such samples arise
//! when different attributes become one label, or when the labels of meters are switched off.

use std::collections::BTreeMap;

use opentelemetry::KeyValue;

use super::{
    buckets::Buckets, exponential::ExponentialHistogram, family::Member, kind::MetricKind, number::Number,
    points::PointValue,
};

/// The data points of a family, by their labels.
#[derive(Debug, Default)]
pub(super) struct MergedPoints {
    by_labels: BTreeMap<Vec<u8>, MergedPoint>,
    /// Not all values could be added.
    pub(super) has_lost: bool,
}

#[derive(Debug)]
struct MergedPoint {
    kind: MetricKind,
    /// Decides between values that cannot be added.
    origin: (usize, String),
    value: MergedValue,
}

#[derive(Debug)]
enum MergedValue {
    Number(Number),
    Histogram(Buckets),
    Exponential(ExponentialHistogram),
}

impl MergedPoints {
    /// Adds a data point of the member `index` of its family.
    pub(super) fn add(
        &mut self,
        labels: &[u8],
        (index, member): (usize, Member<'_>),
        attributes: &[&KeyValue],
        value: &PointValue<'_>,
    ) {
        let value = match value {
            PointValue::Number(number) => MergedValue::Number(*number),
            PointValue::Histogram(buckets) => MergedValue::Histogram((*buckets).clone()),
            PointValue::Exponential(histogram) => MergedValue::Exponential((*histogram).clone()),
        };
        let mut attributes: Vec<_> = attributes.iter().map(|attribute| format!("{attribute:?}")).collect();
        attributes.sort();
        let point = MergedPoint { kind: member.kind, origin: (index, attributes.concat()), value };
        match self.by_labels.get_mut(labels) {
            Some(merged) => self.has_lost |= !merged.add(point),
            None => drop(self.by_labels.insert(labels.to_vec(), point)),
        }
    }

    /// Calls `visit` with the labels and the value of each point.
    pub(super) fn for_each(&self, mut visit: impl FnMut(&[u8], PointValue<'_>)) {
        for (labels, point) in &self.by_labels {
            match &point.value {
                MergedValue::Number(number) => visit(labels, PointValue::Number(*number)),
                MergedValue::Histogram(buckets) => visit(labels, PointValue::Histogram(buckets)),
                MergedValue::Exponential(histogram) => visit(labels, PointValue::Exponential(histogram)),
            }
        }
    }
}

impl MergedPoint {
    /// Returns `false` if only one of the two values remains.
    fn add(&mut self, other: Self) -> bool {
        let is_added = self.kind == other.kind
            && self.kind.is_additive()
            && match (&mut self.value, &other.value) {
                (MergedValue::Number(number), MergedValue::Number(other)) => {
                    *number = number.add(*other);
                    true
                }
                (MergedValue::Histogram(buckets), MergedValue::Histogram(other)) => buckets.add(other),
                (MergedValue::Exponential(histogram), MergedValue::Exponential(other)) => {
                    histogram.add(other);
                    true
                }
                _ => false,
            };
        if !is_added && other.origin < self.origin {
            *self = other;
        }
        is_added
    }
}
