//! Splits requests that exceed the size limit of receivers.

use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    logs::v1::{ResourceLogs, ScopeLogs},
    metrics::v1::{Metric, ResourceMetrics, ScopeMetrics, metric::Data},
    trace::v1::{ResourceSpans, ScopeSpans},
};

/// A container of items: spans, log records or data points.
pub(crate) trait Split: Sized {
    /// Returns the number of items.
    fn items(&self) -> u64;

    /// Keeps the first `at` items and returns the others.
    fn split_off(&mut self, at: u64) -> Self;
}

/// Splits a list of containers.
fn split_list<T: Split>(list: &mut Vec<T>, at: u64) -> Vec<T> {
    let mut left = at;
    let mut index = 0;
    while let Some(items) = list.get(index).map(Split::items).filter(|items| *items <= left) {
        left -= items;
        index += 1;
    }
    let mut rest = list.split_off(index);
    if left > 0
        && let Some(first) = rest.first_mut()
    {
        let tail = first.split_off(left);
        list.push(std::mem::replace(first, tail));
    }
    rest
}

fn count<T: Split>(list: &[T]) -> u64 {
    list.iter().map(Split::items).sum()
}

/// Splits a list of items.
fn split_items<T>(list: &mut Vec<T>, at: u64) -> Vec<T> {
    list.split_off(usize::try_from(at).unwrap_or(usize::MAX).min(list.len()))
}

macro_rules! split_by {
    ($count:ident, $split:ident: $($type:ident { $list:ident $(, $other:ident)* })+) => {$(
        impl Split for $type {
            fn items(&self) -> u64 {
                $count(&self.$list)
            }

            fn split_off(&mut self, at: u64) -> Self {
                let $list = $split(&mut self.$list, at);
                Self { $list $(, $other: self.$other.clone())* }
            }
        }
    )+};
}

fn length<T>(list: &[T]) -> u64 {
    list.len() as u64
}

split_by!(length, split_items:
    ScopeSpans { spans, scope, schema_url }
    ScopeLogs { log_records, scope, schema_url }
);
split_by!(count, split_list:
    ExportTraceServiceRequest { resource_spans }
    ExportMetricsServiceRequest { resource_metrics }
    ExportLogsServiceRequest { resource_logs }
    ResourceSpans { scope_spans, resource, schema_url }
    ResourceMetrics { scope_metrics, resource, schema_url }
    ResourceLogs { scope_logs, resource, schema_url }
    ScopeMetrics { metrics, scope, schema_url }
);

/// Runs the same code on the data of a metric for each kind, because the kinds share no trait.
macro_rules! with_data {
    ($metric:expr, $data:ident => $work:expr, $none:expr) => {
        match $metric {
            Some(Data::Gauge($data)) => $work,
            Some(Data::Sum($data)) => $work,
            Some(Data::Histogram($data)) => $work,
            Some(Data::ExponentialHistogram($data)) => $work,
            Some(Data::Summary($data)) => $work,
            None => $none,
        }
    };
}

impl Split for Metric {
    fn items(&self) -> u64 {
        with_data!(&self.data, data => length(&data.data_points), 0)
    }

    fn split_off(&mut self, at: u64) -> Self {
        let mut rest = self.clone();
        with_data!(&mut self.data, data => drop(split_items(&mut data.data_points, at)), ());
        with_data!(&mut rest.data, data => data.data_points = split_items(&mut data.data_points, at), ());
        rest
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::{
        metrics::v1::{Gauge, NumberDataPoint},
        trace::v1::Span,
    };

    use super::*;

    fn spans(names: &[&str]) -> ScopeSpans {
        let span = |name: &&str| Span { name: (*name).to_owned(), ..Span::default() };
        ScopeSpans {
            spans: names.iter().map(span).collect(),
            schema_url: "kept".into(),
            ..ScopeSpans::default()
        }
    }

    fn names(request: &ExportTraceServiceRequest) -> Vec<Vec<&str>> {
        let scopes = request.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
        scopes
            .inspect(|scope| assert_eq!(scope.schema_url, "kept"))
            .map(|scope| scope.spans.iter().map(|span| span.name.as_str()).collect())
            .collect()
    }

    #[test]
    fn split_off_at_any_index_keeps_all_items() {
        let resource = ResourceSpans {
            scope_spans: vec![spans(&["a", "b"]), spans(&["c", "d", "e"])],
            ..ResourceSpans::default()
        };
        for (at, first, second) in [
            (1, vec![vec!["a"]], vec![vec!["b"], vec!["c", "d", "e"]]),
            (2, vec![vec!["a", "b"]], vec![vec!["c", "d", "e"]]),
            (3, vec![vec!["a", "b"], vec!["c"]], vec![vec!["d", "e"]]),
        ] {
            let mut request = ExportTraceServiceRequest { resource_spans: vec![resource.clone()] };
            let rest = request.split_off(at);
            assert_eq!((names(&request), names(&rest)), (first, second));
        }
    }

    #[test]
    fn split_off_metric_splits_its_data_points() {
        let point = |time| NumberDataPoint { time_unix_nano: time, ..NumberDataPoint::default() };
        let data = Data::Gauge(Gauge { data_points: (0..5).map(point).collect() });
        let mut metric = Metric { name: "load".into(), data: Some(data), ..Metric::default() };
        let rest = metric.split_off(2);
        assert_eq!((metric.items(), rest.items(), rest.name.as_str()), (2, 3, "load"));
        let Some(Data::Gauge(Gauge { data_points })) = rest.data else { panic!("{rest:?}") };
        assert_eq!(data_points[0].time_unix_nano, 2);
    }
}
