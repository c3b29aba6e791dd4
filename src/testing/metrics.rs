//! Assertions about metrics.

use opentelemetry::Value;

use super::{
    DataPoint, Number, Reading, Telemetry,
    matches::{Matches, has, with_attribute},
};

/// The data points of an instrument that fit what was said so far; at least one does.
#[derive(Debug, Clone)]
pub struct MetricAssertion(Matches<DataPoint>);

impl MetricAssertion {
    #[track_caller]
    pub(super) fn new(telemetry: &Telemetry, kind: &str, name: &str) -> Self {
        let description = format!("{kind} {name:?}");
        let fits = |point: &DataPoint| point.kind == kind && point.name == name;
        Self(Matches::new(telemetry, &description, telemetry.metrics(), fits))
    }

    #[track_caller]
    fn narrow(self, condition: &str, fits: impl FnMut(&DataPoint) -> bool) -> Self {
        Self(self.0.narrow(condition, fits))
    }

    /// With this attribute.
    ///
    /// # Panics
    ///
    /// When none is left. So do all others here.
    #[track_caller]
    pub fn with_attribute(self, key: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        self.narrow(&with_attribute(key, &value), |point| has(&point.attributes, key, &value))
    }

    /// With this unit.
    #[track_caller]
    pub fn with_unit(self, unit: &str) -> Self {
        self.narrow(&format!(" in {unit:?}"), |point| point.unit == unit)
    }

    /// Of a meter of this name.
    #[track_caller]
    pub fn with_scope(self, name: &str) -> Self {
        self.narrow(&format!(" of meter {name:?}"), |point| point.scope == name)
    }

    /// That counted to this number, all that are left together. The sum of a histogram; of a gauge only one may be left, since
    /// adding them up would mean nothing.
    #[track_caller]
    pub fn is(self, expected: impl Into<Number>) -> Self {
        let expected = expected.into();
        if let [first, _, ..] = &self.0.found[..]
            && first.kind == "gauge"
        {
            let found = self.0.found.len();
            self.0
                .fail(&format!("there are {found} x {}, of which one can be meant", self.0.description()), 0);
        }
        let sum = self.0.found.iter().map(|point| point.reading.sum()).reduce(Number::plus);
        self.compare("", sum, expected)
    }

    /// A histogram that was given so many values, all that are left together.
    #[track_caller]
    pub fn has_count(self, expected: u64) -> Self {
        let counts = self.0.found.iter().filter_map(|point| match point.reading {
            Reading::Distribution { count, .. } => Some(count),
            Reading::Number(_) => None,
        });
        let count = counts.reduce(u64::saturating_add).map(Number::from);
        self.compare("the count of ", count, expected.into())
    }

    /// Exactly so many sets of attributes.
    #[track_caller]
    pub fn times(self, times: usize) -> Self {
        Self(self.0.times(times))
    }

    /// All that are left, for whatever there is no method for.
    #[must_use]
    pub fn data_points(&self) -> &[DataPoint] {
        &self.0.found
    }

    #[track_caller]
    fn compare(self, of: &str, found: Option<Number>, expected: Number) -> Self {
        if found != Some(expected) {
            let found = found.map_or_else(|| "unknown".to_owned(), |found| found.to_string());
            self.0.fail(&format!("{of}{} is {found}, not {expected}", self.0.description()), 0);
        }
        self
    }
}
