//! The rules for the views of metrics.

use super::rule_violation::{RuleViolation, Severity};
use crate::{
    config::{Config, InstrumentType, View, ViewAggregation},
    text::quoted_list,
};

/// The limit above which the reserved memory of a metric is considerable.
const LARGE_LIMIT: u32 = 100_000;

/// Adds the violations of all views.
pub(super) fn views(config: &Config, found: &mut Vec<RuleViolation>) {
    let views = &config.metrics.views;
    for (index, view) in views.iter().enumerate() {
        let view = IndexedView { index, view };
        view.criteria(found);
        view.name(found);
        view.aggregation(found);
        if let Some(before) = views[..index].iter().position(|before| view.collides_with(before)) {
            found.push(view.collision(before));
        }
    }
}

/// Warns about limits that reserve much memory.
pub(super) fn cardinality_limits(config: &Config, found: &mut Vec<RuleViolation>) {
    let metrics = &config.metrics;
    let kinds = InstrumentType::ALL.iter().map(|kind| {
        let limit = metrics.cardinality_limit(*kind);
        let key = if limit == metrics.cardinality_limit {
            "metrics.cardinality_limit".to_owned()
        } else {
            format!("metrics.cardinality_limits.{kind}")
        };
        (key, limit)
    });
    let views = metrics.views.iter().enumerate().filter_map(|(index, view)| {
        let key = format!("metrics.views.{index}.aggregation_cardinality_limit");
        Some((key, view.aggregation_cardinality_limit?))
    });
    let mut large = Vec::new();
    for (key, _) in kinds.chain(views).filter(|(_, limit)| limit.get() > LARGE_LIMIT) {
        if !large.contains(&key) {
            large.push(key);
        }
    }
    for key in large {
        let message = format!(
            "the OpenTelemetry SDK reserves memory for more than {LARGE_LIMIT} attribute sets of each metric"
        );
        found.push(
            RuleViolation::warning(&[&key], message)
                .with_help("set `aggregation_cardinality_limit` in a view of the metric that needs it"),
        );
    }
}

/// A view with its place in the list.
struct IndexedView<'c> {
    index: usize,
    view: &'c View,
}

impl IndexedView<'_> {
    fn key(&self, name: &str) -> String {
        format!("metrics.views.{}.{name}", self.index)
    }

    fn table(&self) -> Vec<String> {
        vec!["metrics".into(), "views".into(), self.index.to_string()]
    }

    fn error(&self, name: &str, message: impl Into<String>) -> RuleViolation {
        RuleViolation::error(&[&self.key(name)], message)
    }

    fn criteria(&self, found: &mut Vec<RuleViolation>) {
        let View {
            instrument_name, instrument_type, unit, meter_name, meter_version, meter_schema_url, ..
        } = self.view;
        let has_criterion = instrument_name.is_some()
            || instrument_type.is_some()
            || [unit, meter_name, meter_version, meter_schema_url].into_iter().any(Option::is_some);
        if !has_criterion {
            found.push(
                RuleViolation::of(self.table(), "the view selects no instruments")
                    .with_help("set `instrument_name`; \"*\" selects all instruments"),
            );
        }
    }

    fn name(&self, found: &mut Vec<RuleViolation>) {
        let selects_one = self.view.instrument_name.as_ref().is_some_and(|pattern| !pattern.has_wildcards());
        if self.view.name.is_some() && !selects_one {
            found.push(
                self.error("name", "would give several instruments the same name")
                    .with_help("set `instrument_name` to the name of one instrument, without wildcards"),
            );
        }
    }

    fn aggregation(&self, found: &mut Vec<RuleViolation>) {
        let View { boundaries, max_size, max_scale, record_min_max, .. } = self.view;
        let aggregation = self.view.aggregation();
        let is_explicit = aggregation == ViewAggregation::ExplicitBucketHistogram;
        let is_exponential = aggregation == ViewAggregation::Base2ExponentialBucketHistogram;
        let may_be_histogram = is_explicit || is_exponential || aggregation == ViewAggregation::Default;
        for (name, is_set, applies, to) in [
            ("boundaries", boundaries.is_some(), is_explicit, "explicit_bucket_histogram"),
            ("max_size", max_size.is_some(), is_exponential, "base2_exponential_bucket_histogram"),
            ("max_scale", max_scale.is_some(), is_exponential, "base2_exponential_bucket_histogram"),
            ("record_min_max", record_min_max.is_some(), may_be_histogram, "explicit_bucket_histogram"),
        ] {
            if is_set && !applies && aggregation != ViewAggregation::Drop {
                let message = format!("does not apply to the aggregation \"{aggregation}\"");
                found.push(
                    self.error(name, message)
                        .with_help(format!("use the aggregation \"{to}\", or remove this key")),
                );
            }
        }
        if aggregation == ViewAggregation::Drop {
            found.extend(self.stream_keys().map(|name| {
                self.error(name, "has no effect: the view drops its instruments").with_help("remove this key")
            }));
        }
        if let Some(instrument) = self.view.instrument_type.filter(|kind| !aggregation.accepts(*kind)) {
            let accepted = InstrumentType::ALL.into_iter().filter(|kind| aggregation.accepts(*kind));
            let accepted = quoted_list(&accepted.map(InstrumentType::as_str).collect::<Vec<_>>());
            let message = format!("\"{aggregation}\" cannot aggregate a {instrument}");
            found.push(self.error("aggregation", message).with_help(format!("it accepts {accepted}")));
        }
    }

    /// Returns the keys of the metric that are set.
    fn stream_keys(&self) -> impl Iterator<Item = &'static str> + use<'_> {
        let View {
            name,
            description,
            boundaries,
            max_size,
            max_scale,
            record_min_max,
            attribute_keys,
            aggregation_cardinality_limit,
            ..
        } = self.view;
        let keys = [
            ("name", name.is_some()),
            ("description", description.is_some()),
            ("boundaries", boundaries.is_some()),
            ("max_size", max_size.is_some()),
            ("max_scale", max_scale.is_some()),
            ("record_min_max", record_min_max.is_some()),
            ("attribute_keys", attribute_keys.is_some()),
            ("aggregation_cardinality_limit", aggregation_cardinality_limit.is_some()),
        ];
        keys.into_iter().filter_map(|(name, is_set)| is_set.then_some(name))
    }

    /// Returns whether this view and `before` select the same instruments and name them alike.
    fn collides_with(&self, before: &View) -> bool {
        let view = self.view;
        let drops = |view: &View| view.aggregation() == ViewAggregation::Drop;
        let criteria = |view: &View| {
            (
                view.instrument_name.clone(),
                view.instrument_type,
                view.unit.clone(),
                (view.meter_name.clone(), view.meter_version.clone(), view.meter_schema_url.clone()),
            )
        };
        !drops(view)
            && !drops(before)
            && criteria(view) == criteria(before)
            && view.name == before.name
            && view.description == before.description
    }

    fn collision(&self, before: usize) -> RuleViolation {
        let message = format!(
            "selects the same instruments as metrics.views.{before} and gives them the same name; the first one applies"
        );
        RuleViolation { severity: Severity::Warning, ..RuleViolation::of(self.table(), message) }
            .with_help("set `name`, or merge the two views")
    }
}
