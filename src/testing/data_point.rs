//! Metrics as tests see them.

use opentelemetry::KeyValue;

use crate::export::console::{InstrumentKind, MetricValue, Point};

/// What one instrument has measured so far for one set of attributes.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DataPoint {
    /// The name of the meter.
    pub scope: String,
    /// The name of the instrument.
    pub name: String,
    /// The unit of the instrument.
    pub unit: String,
    /// The kind of the instrument.
    pub kind: InstrumentKind,
    /// The attributes.
    pub attributes: Vec<KeyValue>,
    /// The number, or what is known of many of them.
    pub value: MetricValue,
}

impl From<&Point<'_>> for DataPoint {
    fn from(point: &Point<'_>) -> Self {
        let Point { scope, name, unit, kind, attributes, value } = point;
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
