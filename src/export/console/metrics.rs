//! Metrics: an aligned table per export, or one JSON object per data point.

use std::{fmt::Write as _, time::SystemTime};

use opentelemetry_sdk::metrics::data::ResourceMetrics;
use serde_json::{Map, Value};

use super::{
    Console,
    number::NumberValue,
    points::{MetricValue, Point, sorted_points},
};
use crate::{
    config::Signal,
    format::{Format, json, text::Palette, time_text, value},
    text::push_escaped_controls,
};

/// Writes one export.
pub(crate) fn write_metrics(console: &Console, metrics: &ResourceMetrics) {
    let points = sorted_points(metrics);
    if points.is_empty() {
        return;
    }
    let now = SystemTime::now();
    console.write(Signal::Metrics, points.len(), |format| {
        let mut out = String::new();
        match format {
            Format::Json => {
                let now = time_text(Some(now));
                for point in &points {
                    json::append(&mut out, &object(point, &now));
                }
            }
            Format::Text(palette) => table(&mut out, &points, now, palette),
        }
        out
    });
}

/// The widest that a column is made, in characters.
const MAX_COLUMN: usize = 64;

/// What was collected `now`, as people read it.
pub(crate) fn table(out: &mut String, points: &[Point<'_>], now: SystemTime, palette: Palette) {
    let (dim, bold, reset) = (palette.dim(), palette.bold(), palette.reset());
    let rows: Vec<[String; 3]> = points
        .iter()
        .map(|point| {
            let mut attributes = String::new();
            for (index, attribute) in point.attributes.iter().enumerate() {
                attributes.push_str(if index == 0 { "" } else { " " });
                value::pair(&mut attributes, attribute.key.as_str(), &value::any(&attribute.value));
            }
            let mut name = String::new();
            push_escaped_controls(&mut name, point.name);
            [name, attributes, shown(&point.value)]
        })
        .collect();
    let width = |column: usize| {
        let widest = rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
        // What is longer stands out of its column; a width without a bound could not be formatted at all.
        widest.min(MAX_COLUMN)
    };
    let (name_width, attributes_width) = (width(0), width(1));

    out.extend([dim, &time_text(Some(now)), reset, " ", bold, "metrics", reset, "\n"]);
    let mut scope = None;
    for (point, [name, attributes, value]) in points.iter().zip(&rows) {
        if scope.replace(point.scope) != Some(point.scope) {
            out.extend(["  ", dim]);
            push_escaped_controls(out, point.scope);
            out.extend([reset, "\n"]);
        }
        let unit = point.unit;
        let _ = write!(
            out,
            "    {name:name_width$}  {accent}{attributes:attributes_width$}{reset}  {value} ",
            accent = palette.accent()
        );
        out.push_str(dim);
        push_escaped_controls(out, unit);
        out.push_str(reset);
        out.truncate(out.trim_end_matches(' ').len());
        out.push('\n');
    }
}

/// A measurement as people read it: JSON and the exporters have all digits.
fn shown(value: &MetricValue) -> String {
    match value {
        MetricValue::Scalar(number) => rounded(*number),
        MetricValue::Histogram { count, sum, min, max } => {
            let mut out = format!("count={count} sum={}", rounded(*sum));
            if let (Some(min), Some(max)) = (min, max) {
                let _ = write!(out, " min={} max={}", rounded(*min), rounded(*max));
            }
            out
        }
    }
}

/// At most six decimals, and numbers below 0.001 as they are, of which these would leave little.
fn rounded(number: NumberValue) -> String {
    match number {
        NumberValue::Float(float) if (1e-3..1e12).contains(&float.abs()) => {
            ((float * 1e6).round() / 1e6).to_string()
        }
        number => number.to_string(),
    }
}

fn object(point: &Point<'_>, now: &str) -> Map<String, Value> {
    let attributes = point
        .attributes
        .iter()
        .map(|attribute| (attribute.key.as_str().to_owned(), json::tree(&value::any(&attribute.value))))
        .collect();
    let mut object = Map::from_iter([
        ("timestamp".to_owned(), Value::from(now)),
        ("metric".to_owned(), Value::from(point.name)),
        ("type".to_owned(), Value::from(point.kind.as_str())),
        ("unit".to_owned(), Value::from(point.unit)),
        ("scope".to_owned(), Value::from(point.scope)),
        ("attributes".to_owned(), Value::Object(attributes)),
    ]);
    let mut put = |key: &str, value: Value| drop(object.insert(key.to_owned(), value));
    match &point.value {
        MetricValue::Scalar(number) => put("value", (*number).into()),
        MetricValue::Histogram { count, sum, min, max } => {
            put("count", (*count).into());
            put("sum", (*sum).into());
            put("min", min.map_or(Value::Null, Into::into));
            put("max", max.map_or(Value::Null, Into::into));
        }
    }
    object
}

impl From<NumberValue> for Value {
    fn from(number: NumberValue) -> Self {
        match number {
            NumberValue::Unsigned(number) => number.into(),
            NumberValue::Signed(number) => number.into(),
            NumberValue::Float(number) => json::tree(&number.into()),
        }
    }
}
