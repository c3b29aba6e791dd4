//! Loads and transforms the rows, with telemetry.

use std::{
    collections::BTreeMap,
    error::Error,
    fs::File,
    io,
    path::{Path, PathBuf},
    time::Instant,
};

use autotelemetry::{opentelemetry_sdk::trace::SdkTracer, prelude::*};
use serde::Deserialize;

use crate::progress::Progress;

/// Values up to this one are ignored.
const THRESHOLD: f64 = 10.0;

#[derive(Debug, Deserialize)]
struct Row {
    category: String,
    value: f64,
}

#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("cannot open {path}: {1}", path = .0.display())]
    Open(PathBuf, io::Error),
    #[error("cannot read {path}: {1}", path = .0.display())]
    Read(PathBuf, csv::Error),
}

pub struct Processor {
    logger: Logger,
    tracer: SdkTracer,
    rows: Counter<u64>,
    time: Histogram<f64>,
}

impl Processor {
    pub fn new(tools: &ObservabilityTools) -> Self {
        let meter = tools.meter("data_processing");
        Self {
            logger: tools.logger("data_processing"),
            tracer: tools.tracer("data_processing"),
            rows: meter.u64_counter("data.rows").with_unit("{row}").build(),
            time: meter.f64_histogram("process.time").with_unit("ms").build(),
        }
    }

    /// Returns the mean value of each category.
    pub fn process(&self, path: &Path, progress: &Progress) -> Result<BTreeMap<String, f64>, LoadError> {
        let start = Instant::now();
        let span = self.tracer.start_as_current_span("process_data");
        span.set_attribute(KeyValue::new("file", path.display().to_string()));
        let means = self.load(path, progress).map(|rows| self.transform(&rows));
        match &means {
            Ok(means) => {
                span.set_status(Status::Ok);
                self.logger.info("data processed", &[KeyValue::new("categories", count(means.len()))]);
            }
            Err(error) => {
                self.logger.exception("processing failed", error, &[]);
                fail(&span, error);
            }
        }
        let outcome = if means.is_ok() { "ok" } else { "error" };
        self.time.record(milliseconds(start), &[KeyValue::new("outcome", outcome)]);
        means
    }

    fn load(&self, path: &Path, progress: &Progress) -> Result<Vec<Row>, LoadError> {
        let start = Instant::now();
        let span = self.tracer.start_as_current_span("load_data");
        self.logger.info("loading", &[KeyValue::new("file", path.display().to_string())]);
        let loaded = self.read(path, progress).inspect_err(|error| fail(&span, error));
        progress.finish();
        let (columns, rows) = loaded?;
        let attributes = [
            KeyValue::new("rows", count(rows.len())),
            KeyValue::new("columns", count(columns)),
            KeyValue::new("load_time_ms", milliseconds(start)),
        ];
        self.rows.add(rows.len() as u64, &[]);
        self.logger.info("loaded", &attributes);
        span.set_attributes(attributes);
        Ok(rows)
    }

    /// Returns the number of columns and the rows. An error contains the line number.
    fn read(&self, path: &Path, progress: &Progress) -> Result<(usize, Vec<Row>), LoadError> {
        let cannot_open = |error| LoadError::Open(path.to_owned(), error);
        let cannot_read = |error| LoadError::Read(path.to_owned(), error);
        let file = progress.read(File::open(path).map_err(cannot_open)?).map_err(cannot_open)?;
        let mut reader = csv::Reader::from_reader(file);
        let columns = reader.headers().map_err(cannot_read)?.len();
        let mut rows = Vec::new();
        for row in reader.deserialize() {
            rows.push(row.map_err(cannot_read)?);
            if rows.len() % 10_000 == 0 {
                self.logger.debug("still loading", &[KeyValue::new("rows", count(rows.len()))]);
            }
        }
        Ok((columns, rows))
    }

    fn transform(&self, rows: &[Row]) -> BTreeMap<String, f64> {
        let span = self.tracer.start_as_current_span("transform_data");
        let mut groups = BTreeMap::<&str, (f64, u32)>::new();
        let mut kept = 0;
        for row in rows.iter().filter(|row| row.value > THRESHOLD) {
            let (sum, number) = groups.entry(&row.category).or_default();
            *sum += row.value;
            *number += 1;
            kept += 1;
        }
        let means: BTreeMap<_, _> = groups
            .into_iter()
            .map(|(category, (sum, number))| (category.to_owned(), sum / f64::from(number)))
            .collect();
        let attributes = [
            KeyValue::new("input_rows", count(rows.len())),
            KeyValue::new("filtered_rows", count(kept)),
            KeyValue::new("output_rows", count(means.len())),
        ];
        self.logger.info("transformed", &attributes);
        span.set_attributes(attributes);
        means
    }
}

fn fail(span: &ActiveSpan, error: &impl Error) {
    span.record_error(error);
    span.set_status(Status::error(error.to_string()));
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

/// Converts a count, because integer attributes are signed.
fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
