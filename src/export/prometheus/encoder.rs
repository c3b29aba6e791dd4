//! Encodes metrics in the text format of Prometheus, version 0.0.4.

use std::io;

use opentelemetry_sdk::{Resource, metrics::data::ResourceMetrics};

use super::{
    family::{Families, Family, TARGET_INFO},
    kind::MetricKind,
    label::{push_help, value_text},
    label_hashes::LabelHashes,
    label_set::{ConstantLabel, LabelWriter},
    merge::MergedPoints,
    name::MetricNamer,
    number::Number,
    page::PageWriter,
    points::for_each_point,
    sample::{SampleWriter, push_line},
};
use crate::config::{Pattern, Prometheus};

/// The settings of the page.
#[derive(Debug)]
pub(super) struct Encoder {
    namer: MetricNamer,
    has_target_info: bool,
    has_scope_info: bool,
    resource_labels: Vec<Pattern>,
}

impl Encoder {
    pub(super) fn new(config: &Prometheus) -> Self {
        let Prometheus {
            host: _,
            port: _,
            path: _,
            target_info,
            scope_info,
            translation_strategy,
            namespace,
            resource_labels,
        } = config;
        Self {
            namer: MetricNamer::new(namespace.as_ref(), *translation_strategy),
            has_target_info: *target_info,
            has_scope_info: *scope_info,
            resource_labels: resource_labels.clone(),
        }
    }

    /// Writes the page. Returns a sentence about each metric or value that is not on it.
    ///
    /// # Errors
    ///
    /// Returns an error if nothing needs the page any more.
    pub(super) fn encode(&self, metrics: &ResourceMetrics, page: &mut PageWriter) -> io::Result<Vec<String>> {
        let resource = metrics.resource();
        let has_target_info = self.has_target_info && !resource.is_empty();
        if has_target_info {
            push_target_info(&mut page.current, resource);
        }
        let Families { scopes, by_name, mut conflicts } =
            Families::group(metrics, &self.namer, has_target_info);
        let of_resource = self.selected(resource);
        let constants: Vec<Vec<ConstantLabel>> = scopes
            .into_iter()
            .map(|labels| {
                let of_scope = if self.has_scope_info { labels } else { Vec::new() };
                of_scope.into_iter().chain(of_resource.iter().cloned()).collect()
            })
            .collect();
        let mut writer = FamilyWriter { constants, hashes: LabelHashes::default(), labels: Vec::new() };
        for (name, family) in &by_name {
            writer.push(page, name, family, &mut conflicts);
            page.release()?;
        }
        Ok(conflicts)
    }

    /// Returns the labels of the resource that all samples have.
    fn selected(&self, resource: &Resource) -> Vec<ConstantLabel> {
        let mut labels = resource_labels(resource);
        labels.retain(|label| self.resource_labels.iter().any(|pattern| pattern.matches(&label.key)));
        labels
    }
}

fn resource_labels(resource: &Resource) -> Vec<ConstantLabel> {
    let label =
        |(key, value)| ConstantLabel { key: ToString::to_string(key), value: value_text(value).into_owned() };
    let mut labels: Vec<_> = resource.iter().map(label).collect();
    labels.sort();
    labels
}

fn push_target_info(out: &mut Vec<u8>, resource: &Resource) {
    push_head(out, TARGET_INFO, "gauge", "Target metadata");
    let attributes = resource_labels(resource);
    let mut labels = Vec::new();
    LabelWriter::new(&attributes, false).push(&mut labels, &[]);
    push_line(out, TARGET_INFO.as_bytes(), &labels, Number::U64(1));
}

fn push_head(out: &mut Vec<u8>, name: &str, type_name: &str, help: &str) {
    if !help.is_empty() {
        out.extend_from_slice(format!("# HELP {name} ").as_bytes());
        push_help(out, help);
        out.push(b'\n');
    }
    out.extend_from_slice(format!("# TYPE {name} {type_name}\n").as_bytes());
}

/// Writes families, one after the other.
struct FamilyWriter {
    /// The labels of all samples of each meter.
    constants: Vec<Vec<ConstantLabel>>,
    hashes: LabelHashes,
    labels: Vec<u8>,
}

impl FamilyWriter {
    fn push(&mut self, page: &mut PageWriter, name: &str, family: &Family<'_>, conflicts: &mut Vec<String>) {
        push_head(&mut page.current, name, family.type_name, family.help);
        let points = page.mark();
        if self.push_distinct(page, name, family) {
            return;
        }
        page.rewind(points);
        if self.push_merged(page, name, family) {
            conflicts.push(format!(
                "several values of the {} \"{name}\" have the same labels on the Prometheus page; only one of them is shown",
                family.type_name
            ));
        }
    }

    /// Writes all points. Returns `false` at the first one whose labels may not be new.
    fn push_distinct(&mut self, page: &mut PageWriter, name: &str, family: &Family<'_>) -> bool {
        let mut samples = SampleWriter::new(name);
        let mut is_distinct = true;
        self.hashes.clear();
        for member in &family.members {
            let mut labels =
                LabelWriter::new(&self.constants[member.scope], member.kind == MetricKind::Histogram);
            for_each_point(member.metric, |attributes, value| {
                self.labels.clear();
                labels.push(&mut self.labels, attributes);
                is_distinct = is_distinct && self.hashes.insert(&self.labels);
                if is_distinct {
                    samples.push(&mut page.current, &self.labels, &value);
                    page.end_point();
                }
            });
        }
        is_distinct
    }

    /// Writes one point for all that have the same labels. Returns whether values were lost.
    fn push_merged(&mut self, page: &mut PageWriter, name: &str, family: &Family<'_>) -> bool {
        let mut merged = MergedPoints::default();
        for (index, member) in family.members.iter().enumerate() {
            let mut labels =
                LabelWriter::new(&self.constants[member.scope], member.kind == MetricKind::Histogram);
            for_each_point(member.metric, |attributes, value| {
                self.labels.clear();
                labels.push(&mut self.labels, attributes);
                merged.add(&self.labels, (index, *member), attributes, &value);
            });
        }
        let mut samples = SampleWriter::new(name);
        merged.for_each(|labels, value| {
            samples.push(&mut page.current, labels, &value);
            page.end_point();
        });
        merged.has_lost
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use opentelemetry::metrics::MeterProvider as _;
    use opentelemetry_sdk::metrics::{
        Aggregation, Instrument, ManualReader, SdkMeterProvider, Stream, reader::MetricReader,
    };
    use tokio::sync::mpsc;

    use super::*;
    use crate::export::shared_reader::SharedReader;

    /// Returns the page of a histogram that has exponential buckets.
    fn exponential(values: &[f64], max_size: u32) -> String {
        let reader = Arc::new(ManualReader::builder().build());
        let view = move |_: &Instrument| {
            let aggregation =
                Aggregation::Base2ExponentialHistogram { max_size, max_scale: 20, record_min_max: true };
            Stream::builder().with_aggregation(aggregation).build().ok()
        };
        let provider = SdkMeterProvider::builder()
            .with_resource(Resource::builder_empty().build())
            .with_reader(SharedReader(Arc::clone(&reader) as _))
            .with_view(view)
            .build();
        let histogram = provider.meter("").f64_histogram("time").build();
        for value in values {
            histogram.record(*value, &[]);
        }
        let mut metrics = ResourceMetrics::default();
        reader.collect(&mut metrics).unwrap();
        let mut page = PageWriter::new(mpsc::unbounded_channel().0, false, true);
        let conflicts = Encoder::new(&Prometheus::default()).encode(&metrics, &mut page).unwrap();
        assert!(conflicts.is_empty());
        String::from_utf8(page.finish().unwrap().unwrap().concat()).unwrap()
    }

    /// Returns the bounds and counts of the buckets.
    fn buckets(page: &str) -> Vec<(f64, u64)> {
        let lines = page.lines().filter_map(|line| line.strip_prefix("time_bucket{le=\""));
        let bucket = |line: &str| {
            let (bound, count) = line.split_once("\"} ").unwrap();
            (bound.parse().unwrap(), count.parse().unwrap())
        };
        lines.map(bucket).collect()
    }

    #[test]
    fn exponential_histogram_becomes_few_explicit_buckets() {
        let values: Vec<f64> =
            (0..2_000).map(|number| f64::from(number) * 1.37 - 300.0).chain([0.0, 0.0, 1e-9]).collect();
        let page = exponential(&values, 160);
        let buckets = buckets(&page);
        assert!(buckets.len() <= 42, "{page}");
        assert!(buckets.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1), "{page}");
        assert_eq!(buckets.last(), Some(&(f64::INFINITY, 2_003)));
        for (bound, count) in buckets.iter().filter(|(bound, _)| *bound > 0.0) {
            let expected = values.iter().filter(|value| *value <= bound).count() as u64;
            assert_eq!(*count, expected, "le {bound}");
        }
        assert!(page.contains("# TYPE time histogram\n") && page.contains("\ntime_count 2003\n"), "{page}");
    }

    /// Prometheus interpolates between the bounds of a bucket.
    #[test]
    fn first_exponential_bucket_has_a_lower_bound() {
        for (zeros, values) in [(0, [1000.0, 1001.0, 1002.0]), (2, [0.0, 0.0, 1000.0])] {
            let buckets = buckets(&exponential(&values, 160));
            let below = buckets.iter().rfind(|(bound, _)| *bound < 1000.0).unwrap();
            assert!(below.0 > 990.0 && below.1 == zeros, "{buckets:?}");
        }
    }

    /// Bounds may disappear when the range grows, but none moves.
    #[test]
    fn bounds_of_a_growing_exponential_histogram_stay() {
        let few = buckets(&exponential(&[1.1, 1.5, 2.7, 3.9], 160));
        let more = buckets(&exponential(&[1.1, 1.5, 2.7, 3.9, 900.0], 160));
        let bounds: Vec<f64> = few.iter().map(|(bound, _)| *bound).collect();
        let kept = more
            .iter()
            .filter(|(bound, _)| *bound < 3.9)
            .all(|(bound, _)| bounds.iter().any(|other| (other - bound).abs() < 1e-12) || *bound < 1.1);
        assert!(kept, "{few:?} {more:?}");
    }

    #[test]
    fn extreme_exponential_histogram_has_legal_bounds() {
        for values in [&[1e300, 1e-300, 5e-324, -1e300][..], &[0.0], &[-1.0], &[f64::MAX, f64::MIN]] {
            let page = exponential(values, 2);
            let buckets = buckets(&page);
            assert!(buckets.windows(2).all(|pair| pair[0].0 < pair[1].0), "{page}");
            assert_eq!(buckets.last().unwrap().1, values.len() as u64, "{page}");
        }
    }
}
