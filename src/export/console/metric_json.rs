//! A data point as JSON.

use serde_json::{Map, Value};

use super::{data_points::DataPointRef, metric_value::MetricValue, number_value::NumberValue};
use crate::format::{json::to_json, to_any_value};

/// Returns the JSON object of a data point that was collected at `time`.
pub(super) fn data_point_json(point: &DataPointRef<'_>, time: &str) -> Map<String, Value> {
    let attributes = point
        .attributes
        .iter()
        .map(|attribute| (attribute.key.as_str().to_owned(), to_json(&to_any_value(&attribute.value))))
        .collect();
    let mut object = Map::from_iter([
        ("timestamp".to_owned(), Value::from(time)),
        ("metric".to_owned(), Value::from(point.name)),
        ("type".to_owned(), Value::from(point.kind.as_str())),
        ("unit".to_owned(), Value::from(point.unit)),
        ("scope".to_owned(), Value::from(point.scope)),
        ("attributes".to_owned(), Value::Object(attributes)),
    ]);
    let mut put = |key: &str, value: Value| drop(object.insert(key.to_owned(), value));
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
