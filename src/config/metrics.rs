//! `[metrics]`

use serde::{Deserialize, Serialize};

use super::{
    exporter_name::ExporterList,
    scope::ScopeRule,
    value::{
        duration::{Interval, Timeout, at_least},
        number::CardinalityLimit,
        string_enum,
    },
    view::{InstrumentType, View},
};

/// Export of metrics.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Metrics {
    /// Any of `otlp`, `prometheus`, `console`, `otlp_file`, `otlp/stdout` and the names in
    /// `[exporters]`; `[]` exports nothing. Default: `otlp` if an OTLP endpoint is set, otherwise
    /// none.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["otlp"], ["otlp", "prometheus"]])))]
    pub(crate) exporters: Option<ExporterList>,

    /// The time between two exports, at least 100 ms. It does not apply to Prometheus, which
    /// scrapes at its own interval.
    #[serde(deserialize_with = "at_least::<100, _, _>")]
    pub(crate) interval: Interval,

    /// The maximum duration of one export, including retries. `"0s"` means that only the `timeout`
    /// of the destination applies.
    pub(crate) timeout: Timeout,

    /// The starting point of sums: the start of the process (`cumulative`), the previous export
    /// (`delta`), or whichever needs less memory for each kind of instrument (`lowmemory`).
    /// Prometheus is always cumulative, as is the console beside it.
    pub(crate) temporality: Temporality,

    /// The aggregation of histograms: `explicit_bucket_histogram`, or
    /// `base2_exponential_bucket_histogram` with boundaries that follow the measurements. A view
    /// overrides it.
    pub(crate) histogram_aggregation: HistogramAggregation,

    /// The maximum number of attribute sets of each metric, from 1 to 1000000. Measurements with
    /// further ones are added up in a single set with the attribute `otel.metric.overflow`. The
    /// OpenTelemetry SDK reserves memory for this number.
    pub(crate) cardinality_limit: CardinalityLimit,

    /// The maximum number of attribute sets by the kind of the instrument. Default: the
    /// `cardinality_limit`.
    pub(crate) cardinality_limits: CardinalityLimits,

    /// The measurements that are kept as examples, with their trace: those in sampled traces
    /// (`trace_based`), all (`always_on`) or none (`always_off`). It has no effect yet: the
    /// OpenTelemetry SDK for Rust records no exemplars.
    pub(crate) exemplar_filter: Option<ExemplarFilter>,

    /// Changes to the metrics of instruments: another name, other buckets, fewer attributes, none
    /// at all.
    pub(crate) views: Vec<View>,

    /// Rules for single meters: `enabled = false` disables one.
    pub(crate) scopes: Vec<ScopeRule>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            exporters: None,
            interval: Interval::from_millis(60_000),
            timeout: Timeout::from_secs(30),
            temporality: Temporality::Cumulative,
            histogram_aggregation: HistogramAggregation::ExplicitBucketHistogram,
            cardinality_limit: Metrics::DEFAULT_CARDINALITY_LIMIT,
            cardinality_limits: CardinalityLimits::default(),
            exemplar_filter: None,
            views: Vec::new(),
            scopes: Vec::new(),
        }
    }
}

impl Metrics {
    /// The limit of the SDK. See the specification, "Metrics SDK", section "Cardinality limits".
    const DEFAULT_CARDINALITY_LIMIT: CardinalityLimit = CardinalityLimit::new(2_000);

    /// Returns the maximum number of attribute sets of an instrument without a view.
    #[must_use]
    pub(crate) fn cardinality_limit(&self, instrument: InstrumentType) -> CardinalityLimit {
        self.cardinality_limits.of(instrument).unwrap_or(self.cardinality_limit)
    }

    /// Returns the smallest maximum of any metric.
    #[must_use]
    pub(crate) fn smallest_cardinality_limit(&self) -> CardinalityLimit {
        let of_kinds = InstrumentType::ALL.iter().map(|kind| self.cardinality_limit(*kind));
        let of_views = self.views.iter().filter_map(|view| view.aggregation_cardinality_limit);
        of_kinds.chain(of_views).min_by_key(|limit| limit.get()).unwrap_or(self.cardinality_limit)
    }
}

/// The maximum number of attribute sets by the kind of the instrument. Default: the
/// `cardinality_limit`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CardinalityLimits {
    /// The limit of counters.
    pub(crate) counter: Option<CardinalityLimit>,

    /// The limit of up-down counters.
    pub(crate) up_down_counter: Option<CardinalityLimit>,

    /// The limit of histograms.
    pub(crate) histogram: Option<CardinalityLimit>,

    /// The limit of gauges.
    pub(crate) gauge: Option<CardinalityLimit>,

    /// The limit of observable counters.
    pub(crate) observable_counter: Option<CardinalityLimit>,

    /// The limit of observable up-down counters.
    pub(crate) observable_up_down_counter: Option<CardinalityLimit>,

    /// The limit of observable gauges.
    pub(crate) observable_gauge: Option<CardinalityLimit>,
}

impl CardinalityLimits {
    fn of(self, instrument: InstrumentType) -> Option<CardinalityLimit> {
        let Self {
            counter,
            up_down_counter,
            histogram,
            gauge,
            observable_counter,
            observable_up_down_counter,
            observable_gauge,
        } = self;
        match instrument {
            InstrumentType::Counter => counter,
            InstrumentType::UpDownCounter => up_down_counter,
            InstrumentType::Histogram => histogram,
            InstrumentType::Gauge => gauge,
            InstrumentType::ObservableCounter => observable_counter,
            InstrumentType::ObservableUpDownCounter => observable_up_down_counter,
            InstrumentType::ObservableGauge => observable_gauge,
        }
    }
}

string_enum! {
    /// The aggregation of histograms.
    pub(crate) enum HistogramAggregation {
        /// Fixed boundaries.
        ExplicitBucketHistogram = "explicit_bucket_histogram",
        /// Boundaries that follow the measurements.
        Base2ExponentialBucketHistogram = "base2_exponential_bucket_histogram",
    }
}

string_enum! {
    /// The measurements that are kept as exemplars.
    pub(crate) enum ExemplarFilter {
        /// Those in sampled traces.
        TraceBased = "trace_based",
        /// All.
        AlwaysOn = "always_on",
        /// None.
        AlwaysOff = "always_off",
    }
}

string_enum! {
    /// The starting point of sums.
    pub(crate) enum Temporality {
        /// The start of the process.
        Cumulative = "cumulative",
        /// The previous export.
        Delta = "delta",
        /// Delta where that saves memory, cumulative elsewhere.
        LowMemory = "lowmemory" | "low_memory",
    }
}
