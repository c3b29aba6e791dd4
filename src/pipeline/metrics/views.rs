//! Plans the streams of instruments by the views of the configuration.
//!
//! See the specification, "Metrics SDK", section "View".

use std::{
    collections::HashSet,
    sync::atomic::{AtomicBool, Ordering},
};

use opentelemetry::InstrumentationScope;
use opentelemetry_sdk::metrics::{Aggregation, Stream};

use super::attribute_filter::AttributeFilter;
use crate::{
    config::{
        Boundaries, HistogramAggregation, InstrumentType, LevelFilter, MaxScale, MaxSize, Metrics, View,
        ViewAggregation,
    },
    diagnostics::{DiagnosticLog, ReportOnce},
    text::quoted_list,
};

/// The default boundaries. See the specification, "Explicit Bucket Histogram Aggregation".
const DEFAULT_BOUNDARIES: [f64; 15] = [
    0.0, 5.0, 10.0, 25.0, 50.0, 75.0, 100.0, 250.0, 500.0, 750.0, 1_000.0, 2_500.0, 5_000.0, 7_500.0,
    10_000.0,
];

const DEFAULT_MAX_SIZE: u32 = 160;

const DEFAULT_MAX_SCALE: i8 = 20;

/// The views and the defaults of all instruments.
#[derive(Debug)]
pub(super) struct Views {
    all: Vec<IndexedView>,
    metrics: Metrics,
    diagnostics: DiagnosticLog,
    reports: ReportOnce,
}

#[derive(Debug)]
struct IndexedView {
    index: usize,
    view: View,
    /// Has selected an instrument.
    is_used: AtomicBool,
}

/// An instrument that is being created.
#[derive(Debug, Clone, Copy)]
pub(super) struct NewInstrument<'i> {
    pub(super) name: &'i str,
    pub(super) kind: InstrumentType,
    pub(super) unit: &'i str,
    pub(super) description: &'i str,
    pub(super) scope: &'i InstrumentationScope,
    /// The boundaries that the program advises.
    pub(super) boundaries: Option<&'i [f64]>,
}

/// One metric that an instrument becomes.
#[derive(Debug)]
pub(super) struct PlannedStream {
    /// `None` for the default of the SDK.
    pub(super) stream: Option<Stream>,
    pub(super) filter: Option<AttributeFilter>,
    /// The metric is the sum of the measurements.
    pub(super) is_sum: bool,
}

impl Views {
    pub(super) fn new(metrics: &Metrics, diagnostics: DiagnosticLog) -> Self {
        let views = metrics.views.iter().cloned().enumerate();
        Self {
            all: views
                .map(|(index, view)| IndexedView { index, view, is_used: AtomicBool::new(false) })
                .collect(),
            metrics: metrics.clone(),
            diagnostics,
            reports: ReportOnce::new(diagnostics, "conflicts of views"),
        }
    }

    /// Returns the streams of an instrument: one for each view that selects it, or the default one.
    pub(super) fn streams(&self, instrument: NewInstrument<'_>) -> Vec<PlannedStream> {
        let mut streams = Vec::new();
        let mut names = HashSet::new();
        let mut is_selected = false;
        for view in self.all.iter().filter(|view| view.selects(instrument)) {
            view.is_used.store(true, Ordering::Relaxed);
            let aggregation = view.view.aggregation();
            if !aggregation.accepts(instrument.kind) {
                self.report_incompatible(view, aggregation, instrument);
                continue;
            }
            is_selected = true;
            if aggregation == ViewAggregation::Drop {
                continue;
            }
            // The SDK compares names without their case.
            let name = view.view.name.as_ref().map_or(instrument.name, |name| name.as_str());
            let description = view.view.description.as_deref().unwrap_or(instrument.description);
            if names.insert((name.to_ascii_lowercase(), description)) {
                streams.push(self.stream(view, instrument));
            } else {
                self.report_collision(view, instrument);
            }
        }
        if !is_selected {
            streams.push(self.default_stream(instrument));
        }
        streams
    }

    /// Reports the views that have selected no instrument.
    pub(super) fn report_unused(&self) {
        for view in self.all.iter().filter(|view| !view.is_used.load(Ordering::Relaxed)) {
            let message = format!("metrics.views.{} has selected no instrument", view.index);
            self.diagnostics.line(LevelFilter::Debug, message);
        }
    }

    fn stream(&self, IndexedView { view, .. }: &IndexedView, instrument: NewInstrument<'_>) -> PlannedStream {
        let limit = view
            .aggregation_cardinality_limit
            .unwrap_or_else(|| self.metrics.cardinality_limit(instrument.kind));
        let mut stream = Stream::builder().with_cardinality_limit(limit.get() as usize);
        if let Some(name) = &view.name {
            stream = stream.with_name(name.as_str().to_owned());
        }
        if let Some(description) = &view.description {
            stream = stream.with_description(description.clone());
        }
        if let Some(aggregation) = self.aggregation(view, instrument) {
            stream = stream.with_aggregation(aggregation);
        }
        PlannedStream {
            // The configuration accepts only what the SDK does.
            stream: stream.build().ok(),
            filter: view.attribute_keys.clone().map(AttributeFilter::new),
            is_sum: match view.aggregation() {
                ViewAggregation::Sum => true,
                ViewAggregation::Default => is_sum(instrument.kind),
                _ => false,
            },
        }
    }

    fn default_stream(&self, instrument: NewInstrument<'_>) -> PlannedStream {
        let limit = self.metrics.cardinality_limit(instrument.kind);
        let mut stream = Stream::builder().with_cardinality_limit(limit.get() as usize);
        if let Some(aggregation) = self.aggregation(&View::default(), instrument) {
            stream = stream.with_aggregation(aggregation);
        }
        PlannedStream { stream: stream.build().ok(), filter: None, is_sum: is_sum(instrument.kind) }
    }

    /// Returns the aggregation, or `None` for the one of the SDK.
    fn aggregation(&self, view: &View, instrument: NewInstrument<'_>) -> Option<Aggregation> {
        let record_min_max = view.record_min_max.unwrap_or(true);
        let explicit = || {
            let set = view.boundaries.as_ref().map(Boundaries::as_slice);
            let boundaries = set.or(instrument.boundaries).unwrap_or(&DEFAULT_BOUNDARIES).to_vec();
            Aggregation::ExplicitBucketHistogram { boundaries, record_min_max }
        };
        let exponential = || Aggregation::Base2ExponentialHistogram {
            max_size: view.max_size.map_or(DEFAULT_MAX_SIZE, MaxSize::get),
            max_scale: view.max_scale.map_or(DEFAULT_MAX_SCALE, MaxScale::get),
            record_min_max,
        };
        match (view.aggregation(), self.metrics.histogram_aggregation) {
            (ViewAggregation::Default, _) if instrument.kind != InstrumentType::Histogram => None,
            (ViewAggregation::Default, HistogramAggregation::ExplicitBucketHistogram)
            | (ViewAggregation::ExplicitBucketHistogram, _) => Some(explicit()),
            (ViewAggregation::Default, HistogramAggregation::Base2ExponentialBucketHistogram)
            | (ViewAggregation::Base2ExponentialBucketHistogram, _) => Some(exponential()),
            (ViewAggregation::Drop, _) => Some(Aggregation::Drop),
            (ViewAggregation::Sum, _) => Some(Aggregation::Sum),
            (ViewAggregation::LastValue, _) => Some(Aggregation::LastValue),
        }
    }

    fn report_incompatible(
        &self,
        view: &IndexedView,
        aggregation: ViewAggregation,
        instrument: NewInstrument<'_>,
    ) {
        self.reports.report(
            LevelFilter::Warn,
            format!(
                "metrics.views.{} does not apply to the instrument {}: \"{aggregation}\" cannot aggregate a {}",
                view.index,
                quoted_list(&[instrument.name]),
                instrument.kind,
            ),
        );
    }

    fn report_collision(&self, view: &IndexedView, instrument: NewInstrument<'_>) {
        self.reports.report(
            LevelFilter::Warn,
            format!(
                "metrics.views.{} does not apply to the instrument {}: another view gives it the same name",
                view.index,
                quoted_list(&[instrument.name]),
            ),
        );
    }
}

impl IndexedView {
    fn selects(&self, instrument: NewInstrument<'_>) -> bool {
        let View {
            instrument_name, instrument_type, unit, meter_name, meter_version, meter_schema_url, ..
        } = &self.view;
        let scope = instrument.scope;
        let equals = |criterion: &Option<String>, value: Option<&str>| {
            criterion.as_deref().is_none_or(|criterion| criterion == value.unwrap_or_default())
        };
        instrument_type.is_none_or(|kind| kind == instrument.kind)
            && equals(unit, Some(instrument.unit))
            && equals(meter_name, Some(scope.name()))
            && equals(meter_version, scope.version())
            && equals(meter_schema_url, scope.schema_url())
            && instrument_name.as_ref().is_none_or(|pattern| pattern.matches(instrument.name))
    }
}

/// Returns whether the default aggregation of a kind is a sum.
fn is_sum(kind: InstrumentType) -> bool {
    use InstrumentType::{Counter, ObservableCounter, ObservableUpDownCounter, UpDownCounter};

    matches!(kind, Counter | UpDownCounter | ObservableCounter | ObservableUpDownCounter)
}
