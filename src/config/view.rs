//! `[[metrics.views]]`: changes to the streams of instruments.

use serde::{Deserialize, Serialize};

use super::value::{
    boundaries::Boundaries,
    include_exclude::IncludeExclude,
    number::{CardinalityLimit, MaxScale, MaxSize},
    pattern::Pattern,
    string::NonEmptyString,
    string_enum,
};

/// A view: the instruments that it selects, and the metric that each of them becomes. All criteria
/// must match. Several matching views yield several metrics.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct View {
    /// The name of the instrument, in upper and lower case as created. `*` and `?` are wildcards;
    /// `"*"` selects all instruments. A view needs at least one criterion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) instrument_name: Option<Pattern>,

    /// The kind of the instrument: `counter`, `up_down_counter`, `histogram`, `gauge`,
    /// `observable_counter`, `observable_up_down_counter` or `observable_gauge`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) instrument_type: Option<InstrumentType>,

    /// The unit of the instrument, exactly; `""` selects instruments without a unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unit: Option<String>,

    /// The name of the meter, exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) meter_name: Option<String>,

    /// The version of the meter, exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) meter_version: Option<String>,

    /// The schema URL of the meter, exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) meter_schema_url: Option<String>,

    /// The name of the metric. Default: that of the instrument. It requires an `instrument_name`
    /// without wildcards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<NonEmptyString>,

    /// The description of the metric. Default: that of the instrument.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,

    /// The aggregation of the measurements: `default`, `drop` (no metric), `sum`, `last_value`
    /// (gauges only), `explicit_bucket_histogram` or `base2_exponential_bucket_histogram`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) aggregation: Option<ViewAggregation>,

    /// The boundaries of the buckets, in increasing order; `[]` keeps only count and sum. They
    /// imply the aggregation `explicit_bucket_histogram`. Default: those of the instrument.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) boundaries: Option<Boundaries>,

    /// The maximum number of buckets for positive and for negative numbers each, from 2 to 16384.
    /// It implies the aggregation `base2_exponential_bucket_histogram`. Default: 160.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_size: Option<MaxSize>,

    /// The maximum resolution, from -10 to 20: bucket boundaries are powers of 2^(2^-scale). It
    /// implies the aggregation `base2_exponential_bucket_histogram`. Default: 20.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_scale: Option<MaxScale>,

    /// `false` leaves out the minimum and maximum of histograms. Default: `true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) record_min_max: Option<bool>,

    /// The attributes to keep, by their keys; `[]` keeps none. `*` and `?` are wildcards. The table
    /// `{ included = […], excluded = […] }` also removes keys. Measurements whose remaining
    /// attributes are equal are aggregated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) attribute_keys: Option<IncludeExclude>,

    /// The maximum number of attribute sets of the metric, from 1 to 1000000. Default: as in
    /// `metrics.cardinality_limits`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) aggregation_cardinality_limit: Option<CardinalityLimit>,
}

impl View {
    /// Returns the aggregation that is set or implied.
    #[must_use]
    pub(crate) fn aggregation(&self) -> ViewAggregation {
        match self.aggregation {
            Some(aggregation) => aggregation,
            None if self.boundaries.is_some() => ViewAggregation::ExplicitBucketHistogram,
            None if self.max_size.is_some() || self.max_scale.is_some() => {
                ViewAggregation::Base2ExponentialBucketHistogram
            }
            None => ViewAggregation::Default,
        }
    }
}

string_enum! {
    /// The kind of an instrument.
    pub(crate) enum InstrumentType {
        /// Adds increasing amounts.
        Counter = "counter",
        /// Adds and subtracts amounts.
        UpDownCounter = "up_down_counter",
        /// Records a distribution.
        Histogram = "histogram",
        /// Records the current value.
        Gauge = "gauge",
        /// A counter that is read by a callback.
        ObservableCounter = "observable_counter",
        /// An up-down counter that is read by a callback.
        ObservableUpDownCounter = "observable_up_down_counter",
        /// A gauge that is read by a callback.
        ObservableGauge = "observable_gauge",
    }
}

impl InstrumentType {
    pub(crate) const ALL: [Self; 7] = [
        Self::Counter,
        Self::UpDownCounter,
        Self::Histogram,
        Self::Gauge,
        Self::ObservableCounter,
        Self::ObservableUpDownCounter,
        Self::ObservableGauge,
    ];
}

string_enum! {
    /// The aggregation of a view.
    pub(crate) enum ViewAggregation {
        /// By the kind of the instrument.
        Default = "default",
        /// No metric.
        Drop = "drop",
        /// The sum.
        Sum = "sum",
        /// The last measurement.
        LastValue = "last_value",
        /// A histogram with fixed boundaries.
        ExplicitBucketHistogram = "explicit_bucket_histogram",
        /// A histogram with boundaries that follow the measurements.
        Base2ExponentialBucketHistogram = "base2_exponential_bucket_histogram",
    }
}

impl ViewAggregation {
    /// Returns whether instruments of this kind can be aggregated so.
    #[must_use]
    pub(crate) fn accepts(self, instrument: InstrumentType) -> bool {
        let is_gauge = matches!(instrument, InstrumentType::Gauge | InstrumentType::ObservableGauge);
        match self {
            Self::Sum => !is_gauge,
            Self::LastValue => is_gauge,
            _ => true,
        }
    }
}
