//! Data points of metrics.

use opentelemetry::{KeyValue, Value};

use super::attributes::find_attribute;
use crate::export::console::{DataPointRef, InstrumentKind, MetricValue};

/// A data point: the values that one instrument has recorded for one set of attributes.
///
/// ```
/// use autotelemetry::{prelude::*, testing};
///
/// let (tools, captured) = testing::tools();
/// let orders = tools.meter("shop").u64_counter("orders").with_unit("{order}").build();
/// orders.add(2, &[KeyValue::new("payment", "card")]);
///
/// let point = &captured.metrics()[0];
/// assert_eq!((point.scope(), point.name(), point.unit()), ("shop", "orders", "{order}"));
/// assert_eq!(point.kind(), testing::InstrumentKind::Counter);
/// assert_eq!(point.attribute("payment"), Some(&Value::from("card")));
/// assert_eq!(point.value(), &testing::MetricValue::Scalar(2.into()));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct DataPoint {
    scope: String,
    name: String,
    unit: String,
    kind: InstrumentKind,
    attributes: Vec<KeyValue>,
    value: MetricValue,
}

impl DataPoint {
    /// Returns the name of the meter.
    #[must_use]
    pub fn scope(&self) -> &str {
        &self.scope
    }

    /// Returns the name of the instrument.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the unit of the instrument, empty if it has none.
    #[must_use]
    pub fn unit(&self) -> &str {
        &self.unit
    }

    /// Returns the kind of the instrument.
    #[must_use]
    pub fn kind(&self) -> InstrumentKind {
        self.kind
    }

    /// Returns the attributes.
    #[must_use]
    pub fn attributes(&self) -> &[KeyValue] {
        &self.attributes
    }

    /// Returns the value of an attribute.
    #[must_use]
    pub fn attribute(&self, key: &str) -> Option<&Value> {
        find_attribute(&self.attributes, key)
    }

    /// Returns the recorded value or the summary of the recorded values.
    #[must_use]
    pub fn value(&self) -> &MetricValue {
        &self.value
    }
}

impl From<&DataPointRef<'_>> for DataPoint {
    fn from(point: &DataPointRef<'_>) -> Self {
        let DataPointRef { scope, name, unit, kind, attributes, value } = point;
        Self {
            scope: (*scope).to_owned(),
            name: (*name).to_owned(),
            unit: (*unit).to_owned(),
            kind: *kind,
            attributes: attributes.iter().map(|attribute| (*attribute).clone()).collect(),
            value: value.clone(),
        }
    }
}
