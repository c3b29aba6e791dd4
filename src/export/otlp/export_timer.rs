//! How long exports take.

use std::{
    sync::{Arc, OnceLock},
    time::Instant,
};

use opentelemetry::{
    KeyValue,
    metrics::{Histogram, Meter},
};

use super::{error_type::ErrorType, response_code::ResponseCode};

/// The upper bounds that the semantic conventions give for the durations of requests, in seconds.
const BOUNDARIES: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// The durations of the exports of all signals. Nothing is kept before there is a meter.
#[derive(Debug, Clone, Default)]
pub(crate) struct DurationHistogram(Arc<OnceLock<Histogram<f64>>>);

impl DurationHistogram {
    /// Records with `meter` from now on.
    pub(crate) fn begin(&self, meter: &Meter) {
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
    durations: DurationHistogram,
    exporter: Vec<KeyValue>,
}

/// One export.
pub(crate) struct ExportTimer<'t> {
    timer: &'t DurationRecorder,
    began: Instant,
}

/// How an export ended.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// What the last request was answered with.
    pub(crate) code: Option<ResponseCode>,
    /// What went wrong last.
    pub(crate) error: Option<ErrorType>,
}

impl DurationRecorder {
    /// `exporter`: the attributes that tell which one it is.
    pub(crate) fn new(durations: DurationHistogram, exporter: Vec<KeyValue>) -> Self {
        Self { durations, exporter }
    }

    pub(crate) fn start(&self) -> ExportTimer<'_> {
        ExportTimer { timer: self, began: Instant::now() }
    }
}

impl ExportTimer<'_> {
    pub(crate) fn stop(self, end: &Outcome) {
        let Some(histogram) = self.timer.durations.0.get() else { return };
        let mut attributes = self.timer.exporter.clone();
        attributes.extend(end.code.map(ResponseCode::attribute));
        attributes.extend(end.error.map(|kind| KeyValue::new("error.type", kind.as_str())));
        histogram.record(self.began.elapsed().as_secs_f64(), &attributes);
    }
}
