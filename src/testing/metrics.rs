//! Assertions about metrics.

use opentelemetry::{Value, logs::AnyValue};

use super::{
    attributes::Attributed,
    data_point::DataPoint,
    matches::{Matches, assertion_methods},
    recording::Recording,
};
use crate::{
    export::console::{InstrumentKind, MetricValue, NumberValue},
    format::to_any_value,
};

impl Attributed for DataPoint {
    fn attribute_value(&self, key: &str) -> Option<AnyValue> {
        self.attribute(key).map(to_any_value)
    }
}

/// The data points of an instrument matching all conditions so far (never empty).
///
/// The methods of [`Captured`](crate::testing::Captured) return it, such as `assert_counter`.
#[derive(Debug, Clone)]
pub struct MetricAssertion(Matches<DataPoint>);

impl MetricAssertion {
    #[track_caller]
    pub(super) fn new(recording: &Recording, kind: InstrumentKind, name: &str) -> Self {
        let named = recording.metrics().into_iter().filter(|point| point.name() == name);
        let (points, others): (Vec<_>, Vec<_>) = named.partition(|point| point.kind() == kind);
        let hint = match others.first() {
            Some(other) => format!("a {} of this name", other.kind()),
            None => "none".to_owned(),
        };
        Self(Matches::new(recording, format!("{kind} {name:?}"), points, &hint))
    }

    assertion_methods!(DataPoint);

    /// Keeps the data points with this unit.
    ///
    /// # Panics
    ///
    /// Panics if no item is left.
    #[track_caller]
    pub fn with_unit(self, unit: &str) -> Self {
        self.narrow(
            &format!(" with unit {unit:?}"),
            |point| point.unit() == unit,
            |point| format!("with unit {:?}", point.unit()),
        )
    }

    /// Keeps the data points of a meter of this name.
    ///
    /// # Panics
    ///
    /// Panics if no item is left.
    #[track_caller]
    pub fn with_scope(self, name: &str) -> Self {
        let describe = |name: &str| format!("of meter {name:?}");
        self.narrow(
            &format!(" {}", describe(name)),
            |point| point.scope() == name,
            |point| describe(point.scope()),
        )
    }

    /// Asserts the sum of the counters that are left, or the value of the only gauge that is left.
    ///
    /// A sum of several gauges has no meaning. Floats may differ by rounding errors.
    ///
    /// # Panics
    ///
    /// Panics if the value differs, if several gauges are left, or for a histogram.
    #[track_caller]
    pub fn is(self, expected: impl Into<NumberValue>) -> Self {
        let (count, description) = (self.0.items().len(), self.0.description());
        match self.0.items()[0].kind() {
            InstrumentKind::Histogram => {
                self.0.fail(&format!("{description} has no single value; use `has_count` or `has_sum`"))
            }
            InstrumentKind::Gauge if count > 1 => {
                self.0.fail(&format!("{count} x {description} match; narrow down to one gauge"))
            }
            _ => self.compare("", |point| Some(point.value().sum()), expected.into()),
        }
    }

    /// Asserts how many values the histograms that are left have recorded, in total.
    ///
    /// # Panics
    ///
    /// Panics if the count differs, or for another instrument.
    #[track_caller]
    pub fn has_count(self, expected: impl Into<NumberValue>) -> Self {
        let count = |point: &DataPoint| match point.value() {
            MetricValue::Histogram { count, .. } => Some((*count).into()),
            MetricValue::Scalar(_) => None,
        };
        self.compare("the count of ", count, expected.into())
    }

    /// Asserts the sum of all values that the histograms that are left have recorded.
    ///
    /// Floats may differ by rounding errors.
    ///
    /// # Panics
    ///
    /// Panics if the sum differs, or for another instrument.
    #[track_caller]
    pub fn has_sum(self, expected: impl Into<NumberValue>) -> Self {
        let sum = |point: &DataPoint| match point.value() {
            MetricValue::Histogram { sum, .. } => Some(*sum),
            MetricValue::Scalar(_) => None,
        };
        self.compare("the sum of ", sum, expected.into())
    }

    /// Returns the data points that are left.
    #[must_use]
    pub fn data_points(&self) -> &[DataPoint] {
        self.0.items()
    }

    #[track_caller]
    fn compare(
        self,
        property: &str,
        number: impl Fn(&DataPoint) -> Option<NumberValue>,
        expected: NumberValue,
    ) -> Self {
        let description = self.0.description();
        let Some(found) = self.0.items().iter().filter_map(number).reduce(NumberValue::plus) else {
            self.0.fail(&format!("{description} is not a histogram; use `is`"));
        };
        if !found.is_about(expected) {
            self.0.fail(&format!("expected {property}{description} to be {expected}, found {found}"));
        }
        self
    }
}
