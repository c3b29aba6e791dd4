//! The metric `otel.sdk.exporter.operation.duration`.

use std::{
    sync::{Arc, OnceLock},
    time::Instant,
};

use opentelemetry::{
    KeyValue,
    metrics::{Histogram, Meter},
};

use super::{error_type::ErrorType, response_code::ResponseCode};

/// The bucket boundaries that the semantic conventions define for request durations, in seconds.
const BOUNDARIES: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// The durations of the exports of all signals. Records nothing until it has an instrument.
#[derive(Debug, Clone, Default)]
pub(crate) struct DurationHistogram(Arc<OnceLock<Histogram<f64>>>);

impl DurationHistogram {
    /// Creates the instrument.
    pub(crate) fn init(&self, meter: &Meter) {
        self.0.get_or_init(|| {
            meter
                .f64_histogram("otel.sdk.exporter.operation.duration")
                .with_unit("s")
                .with_description("The duration of exports, all attempts included")
                .with_boundaries(BOUNDARIES.to_vec())
                .build()
        });
    }
}

/// Measures the exports of one exporter.
#[derive(Debug)]
pub(crate) struct DurationRecorder {
    histogram: DurationHistogram,
    /// The attributes that identify the exporter.
    attributes: Vec<KeyValue>,
}

/// A running export.
pub(crate) struct ExportTimer<'r> {
    recorder: &'r DurationRecorder,
    start: Instant,
}

/// The result of an export.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// The code of the last response.
    pub(crate) code: Option<ResponseCode>,
    /// The last error.
    pub(crate) error: Option<ErrorType>,
}

impl DurationRecorder {
    pub(crate) fn new(histogram: DurationHistogram, attributes: Vec<KeyValue>) -> Self {
        Self { histogram, attributes }
    }

    pub(crate) fn start(&self) -> ExportTimer<'_> {
        ExportTimer { recorder: self, start: Instant::now() }
    }
}

impl ExportTimer<'_> {
    pub(crate) fn stop(self, outcome: &Outcome) {
        let Some(histogram) = self.recorder.histogram.0.get() else { return };
        let mut attributes = self.recorder.attributes.clone();
        attributes.extend(outcome.code.map(ResponseCode::attribute));
        attributes.extend(outcome.error.map(|error| KeyValue::new("error.type", error.as_str())));
        histogram.record(self.start.elapsed().as_secs_f64(), &attributes);
    }
}
