//! Metrics: an aligned table per export, or one JSON object per data point.

use std::time::SystemTime;

use opentelemetry_sdk::metrics::data::ResourceMetrics;

use super::{
    data_points::sorted_data_points, exporter::ConsoleExporter, metric_json::data_point_json,
    metric_table::push_metric_table,
};
use crate::{
    config::Signal,
    format::{LineFormat, format_timestamp, json},
};

/// Writes an export.
pub(crate) fn write_metrics(console: &ConsoleExporter, metrics: &ResourceMetrics) {
    let points = sorted_data_points(metrics);
    if points.is_empty() {
        return;
    }
    let now = SystemTime::now();
    console.write(Signal::Metrics, points.len(), |format| {
        let mut out = String::new();
        match format {
            LineFormat::Json => {
                let now = format_timestamp(Some(now));
                for point in &points {
                    json::push_line(&mut out, &data_point_json(point, &now));
                }
            }
            LineFormat::Text(palette) => push_metric_table(&mut out, &points, now, palette),
        }
        out
    });
}
