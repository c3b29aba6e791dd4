//! A reader of pages in Protocol Buffers, by the message types of Prometheus.

use std::collections::BTreeSet;

use prost::Message as _;

use crate::page::{Labels, Samples, bound};

/// The messages of `io/prometheus/client/metrics.proto`, as far as a page contains them.
pub mod proto {
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct MetricFamily {
        #[prost(string, tag = "1")]
        pub name: String,
        #[prost(string, tag = "2")]
        pub help: String,
        #[prost(enumeration = "MetricType", tag = "3")]
        pub r#type: i32,
        #[prost(message, repeated, tag = "4")]
        pub metric: Vec<Metric>,
        #[prost(string, tag = "5")]
        pub unit: String,
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
    #[repr(i32)]
    pub enum MetricType {
        Counter = 0,
        Gauge = 1,
        Histogram = 4,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Metric {
        #[prost(message, repeated, tag = "1")]
        pub label: Vec<LabelPair>,
        #[prost(message, optional, tag = "2")]
        pub gauge: Option<Value>,
        #[prost(message, optional, tag = "3")]
        pub counter: Option<Value>,
        #[prost(message, optional, tag = "7")]
        pub histogram: Option<Histogram>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct LabelPair {
        #[prost(string, tag = "1")]
        pub name: String,
        #[prost(string, tag = "2")]
        pub value: String,
    }

    #[derive(Clone, Copy, PartialEq, prost::Message)]
    pub struct Value {
        #[prost(double, tag = "1")]
        pub value: f64,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Histogram {
        #[prost(uint64, tag = "1")]
        pub sample_count: u64,
        #[prost(double, tag = "2")]
        pub sample_sum: f64,
        #[prost(message, repeated, tag = "3")]
        pub bucket: Vec<Bucket>,
        #[prost(sint32, tag = "5")]
        pub schema: i32,
        #[prost(double, tag = "6")]
        pub zero_threshold: f64,
        #[prost(uint64, tag = "7")]
        pub zero_count: u64,
        #[prost(message, repeated, tag = "9")]
        pub negative_span: Vec<BucketSpan>,
        #[prost(sint64, repeated, tag = "10")]
        pub negative_delta: Vec<i64>,
        #[prost(message, repeated, tag = "12")]
        pub positive_span: Vec<BucketSpan>,
        #[prost(sint64, repeated, tag = "13")]
        pub positive_delta: Vec<i64>,
    }

    #[derive(Clone, Copy, PartialEq, prost::Message)]
    pub struct Bucket {
        #[prost(uint64, tag = "1")]
        pub cumulative_count: u64,
        #[prost(double, tag = "2")]
        pub upper_bound: f64,
    }

    #[derive(Clone, Copy, PartialEq, Eq, Hash, prost::Message)]
    pub struct BucketSpan {
        #[prost(sint32, tag = "1")]
        pub offset: i32,
        #[prost(uint32, tag = "2")]
        pub length: u32,
    }
}

/// Returns the families of a page. Panics if it is not a sequence of complete messages, or if a
/// name occurs twice.
pub fn families(mut page: &[u8]) -> Vec<proto::MetricFamily> {
    let mut families = Vec::new();
    let mut names = BTreeSet::new();
    while !page.is_empty() {
        let family = proto::MetricFamily::decode_length_delimited(&mut page).unwrap();
        assert!(names.insert(family.name.clone()), "two families: {}", family.name);
        families.push(family);
    }
    families
}

/// Returns the samples of a page without native histograms, as the text formats have them.
pub fn samples(page: &[u8]) -> Samples {
    let mut samples = Samples::new();
    for proto::MetricFamily { name, metric, r#type, .. } in families(page) {
        for proto::Metric { label, gauge, counter, histogram } in metric {
            let labels: Labels = label.into_iter().map(|label| (label.name, label.value)).collect();
            let mut insert = |suffix: &str, labels: Labels, value: f64| {
                assert!(
                    samples.insert((format!("{name}{suffix}"), labels), value).is_none(),
                    "twice: {name}"
                );
            };
            let kind = proto::MetricType::try_from(r#type).unwrap();
            match (kind, gauge, counter, histogram) {
                (proto::MetricType::Gauge, Some(value), None, None)
                | (proto::MetricType::Counter, None, Some(value), None) => insert("", labels, value.value),
                (proto::MetricType::Histogram, None, None, Some(histogram)) => {
                    for proto::Bucket { cumulative_count, upper_bound } in &histogram.bucket {
                        let mut labels = labels.clone();
                        labels.insert("le".to_owned(), bound(*upper_bound));
                        insert("_bucket", labels, float(*cumulative_count));
                    }
                    insert("_sum", labels.clone(), histogram.sample_sum);
                    insert("_count", labels, float(histogram.sample_count));
                }
                other => panic!("{name}: {other:?}"),
            }
        }
    }
    samples
}

#[expect(clippy::cast_precision_loss, reason = "the counts of tests are small")]
fn float(count: u64) -> f64 {
    count as f64
}
