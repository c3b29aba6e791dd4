//! Assertions about metrics.

use opentelemetry::{Value, logs::AnyValue};

use super::{
    Captured, DataPoint, InstrumentKind, MetricValue, NumberValue,
    matches::{Attributed, Matches, assertion_methods, get},
};
use crate::format::value::any;

impl Attributed for DataPoint {
    fn value_of(&self, key: &str) -> Option<AnyValue> {
        get(&self.attributes, key).map(any)
    }
}

/// The data points of an instrument that fit what was said so far; at least one does.
#[derive(Debug, Clone)]
pub struct MetricAssertion(Matches<DataPoint>);

impl MetricAssertion {
    #[track_caller]
    pub(super) fn new(telemetry: &Captured, kind: InstrumentKind, name: &str) -> Self {
        let named = telemetry.metrics().into_iter().filter(|point| point.name == name);
        let (found, others): (Vec<_>, Vec<_>) = named.partition(|point| point.kind == kind);
        let hint = others.first().map(|other| format!(", though there is a {} of this name", other.kind));
        Self(Matches::new(telemetry, format!("{kind} {name:?}"), found, &hint.unwrap_or_default()))
    }

    assertion_methods!(DataPoint);

    /// With this unit.
    ///
    /// # Panics
    ///
    /// When none is left.
    #[track_caller]
    pub fn with_unit(self, unit: &str) -> Self {
        self.narrow(
            &format!(" in {unit:?}"),
            |point| point.unit == unit,
            |point| format!("in {:?}", point.unit),
        )
    }

    /// Of a meter of this name.
    ///
    /// # Panics
    ///
    /// When none is left.
    #[track_caller]
    pub fn with_scope(self, name: &str) -> Self {
        let shown = |name: &str| format!("of meter {name:?}");
        self.narrow(&format!(" {}", shown(name)), |point| point.scope == name, |point| shown(&point.scope))
    }

    /// A counter that counted to this number, all that are left together; or a gauge that has this value, of which only one may
    /// be left, since adding them up would mean nothing. Floats may differ in their last digits.
    ///
    /// # Panics
    ///
    /// When it is another number.
    #[track_caller]
    pub fn is(self, expected: impl Into<NumberValue>) -> Self {
        match &self.0.found[..] {
            [first, ..] if first.kind == InstrumentKind::Histogram => {
                self.0.fail(&format!(
                    "{} has no value; ask for `has_count` or `has_sum`",
                    self.0.description()
                ));
            }
            [first, _, ..] if first.kind == InstrumentKind::Gauge => {
                let (found, what) = (self.0.found.len(), self.0.description());
                self.0.fail(&format!("there are {found} x {what}, of which one can be meant"));
            }
            _ => self.compare("", |point| Some(point.value.sum()), expected.into()),
        }
    }

    /// A histogram that was given so many values, all that are left together.
    ///
    /// # Panics
    ///
    /// When it is another number.
    #[track_caller]
    pub fn has_count(self, expected: impl Into<NumberValue>) -> Self {
        let count = |point: &DataPoint| match point.value {
            MetricValue::Histogram { count, .. } => Some(count.into()),
            MetricValue::Scalar(_) => None,
        };
        self.compare("the count of ", count, expected.into())
    }

    /// A histogram whose values add up to this, all that are left together. Floats may differ in their last digits.
    ///
    /// # Panics
    ///
    /// When it is another number.
    #[track_caller]
    pub fn has_sum(self, expected: impl Into<NumberValue>) -> Self {
        let sum = |point: &DataPoint| match point.value {
            MetricValue::Histogram { sum, .. } => Some(sum),
            MetricValue::Scalar(_) => None,
        };
        self.compare("the sum of ", sum, expected.into())
    }

    /// All that are left.
    #[must_use]
    pub fn data_points(&self) -> &[DataPoint] {
        &self.0.found
    }

    #[track_caller]
    fn compare(
        self,
        of: &str,
        number: impl Fn(&DataPoint) -> Option<NumberValue>,
        expected: NumberValue,
    ) -> Self {
        let found = self.0.found.iter().filter_map(number).reduce(NumberValue::plus);
        if !found.is_some_and(|found| found.is_about(expected)) {
            let found = found.map_or_else(|| "unknown".to_owned(), |found| found.to_string());
            self.0.fail(&format!("{of}{} is {found}, not {expected}", self.0.description()));
        }
        self
    }
}
