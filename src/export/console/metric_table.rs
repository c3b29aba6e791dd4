//! Metrics as an aligned table.

use std::{fmt::Write as _, time::SystemTime};

use super::{data_points::DataPointRef, metric_value::MetricValue, number_value::NumberValue};
use crate::{
    format::{Palette, format_timestamp, to_any_value, value::push_pair},
    text::push_escaped_controls,
};

/// The maximum width of a column, in characters.
///
/// The width must have a limit, since the formatting machinery accepts no width above 65,535.
const MAX_COLUMN: usize = 64;

/// Appends the table of data points that were collected at `time`.
pub(crate) fn push_metric_table(
    out: &mut String,
    points: &[DataPointRef<'_>],
    time: SystemTime,
    palette: Palette,
) {
    let (dim, bold, reset) = (palette.dim(), palette.bold(), palette.reset());
    let rows: Vec<[String; 3]> = points.iter().map(row).collect();
    let width = |column: usize| {
        let widest = rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
        // A longer text exceeds its column.
        widest.min(MAX_COLUMN)
    };
    let (name_width, attributes_width) = (width(0), width(1));

    out.extend([dim, &format_timestamp(Some(time)), reset, " ", bold, "metrics", reset, "\n"]);
    let mut scope = None;
    for (point, [name, attributes, value]) in points.iter().zip(&rows) {
        if scope.replace(point.scope) != Some(point.scope) {
            out.extend(["  ", dim]);
            push_escaped_controls(out, point.scope);
            out.extend([reset, "\n"]);
        }
        let _ = write!(
            out,
            "    {name:name_width$}  {accent}{attributes:attributes_width$}{reset}  {value} ",
            accent = palette.accent()
        );
        out.push_str(dim);
        push_escaped_controls(out, point.unit);
        out.push_str(reset);
        out.truncate(out.trim_end_matches(' ').len());
        out.push('\n');
    }
}

/// Returns name, attributes and value of a data point.
fn row(point: &DataPointRef<'_>) -> [String; 3] {
    let mut name = String::new();
    push_escaped_controls(&mut name, point.name);
    let mut attributes = String::new();
    for (index, attribute) in point.attributes.iter().enumerate() {
        attributes.push_str(if index == 0 { "" } else { " " });
        push_pair(&mut attributes, attribute.key.as_str(), &to_any_value(&attribute.value));
    }
    [name, attributes, format_value(&point.value)]
}

fn format_value(value: &MetricValue) -> String {
    match value {
        MetricValue::Scalar(number) => format_number(*number),
        MetricValue::Histogram { count, sum, min, max } => {
            let mut out = format!("count={count} sum={}", format_number(*sum));
            if let (Some(min), Some(max)) = (min, max) {
                let _ = write!(out, " min={} max={}", format_number(*min), format_number(*max));
            }
            out
        }
    }
}

/// Returns a number rounded to six decimals.
///
/// Numbers below 0.001 keep all digits, since rounding would remove too many. JSON and the other
/// exporters always have all digits.
fn format_number(number: NumberValue) -> String {
    match number {
        NumberValue::Float(float) if (1e-3..1e12).contains(&float.abs()) => {
            ((float * 1e6).round() / 1e6).to_string()
        }
        number => number.to_string(),
    }
}
