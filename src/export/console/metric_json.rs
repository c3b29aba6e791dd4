//! A data point as JSON.

use serde_json::{Map, Value};

use super::{
    attributes_json::attributes_json, data_points::DataPointRef, metric_value::MetricValue,
    number_value::NumberValue,
};
use crate::format::json::to_json;

/// Returns the JSON object of a data point that was collected at `time`.
pub(super) fn data_point_json(point: &DataPointRef<'_>, time: &str) -> Map<String, Value> {
    let mut object = Map::new();
    let mut put = |key: &str, value: Value| drop(object.insert(key.to_owned(), value));
    put("timestamp", time.into());
    put("metric", point.name.into());
    put("type", point.kind.as_str().into());
    put("unit", point.unit.into());
    put("scope", point.scope.into());
    put("attributes", attributes_json(point.attributes.iter().copied()));
    match &point.value {
        MetricValue::Scalar(number) => put("value", number_json(*number)),
        MetricValue::Histogram { count, sum, min, max } => {
            put("count", (*count).into());
            put("sum", number_json(*sum));
            put("min", min.map_or(Value::Null, number_json));
            put("max", max.map_or(Value::Null, number_json));
        }
    }
    object
}

fn number_json(number: NumberValue) -> Value {
    match number {
        NumberValue::Unsigned(number) => number.into(),
        NumberValue::Signed(number) => number.into(),
        // JSON numbers cannot represent NaN and infinity.
        NumberValue::Float(number) => to_json(&number.into()),
    }
}
