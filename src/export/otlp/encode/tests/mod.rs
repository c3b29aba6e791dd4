//! The encoding compared with that of opentelemetry-proto, for random items.
//!
//! `CASES` sets the number of items of each kind.

mod requests;
mod samples;

use std::{env, fmt::Debug};

use opentelemetry::{
    InstrumentationScope,
    logs::{LogRecord as _, Logger as _, LoggerProvider as _, Severity},
};
use opentelemetry_proto::{
    tonic::collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    transform::{
        logs::tonic::group_logs_by_resource_and_scope, trace::tonic::group_spans_by_resource_and_scope,
    },
};
use opentelemetry_sdk::{
    Resource,
    logs::{LogBatch, SdkLogRecord, SdkLoggerProvider},
    metrics::data::ResourceMetrics,
    trace::SpanData,
};
use prost::Message;
use serde::de::DeserializeOwned;

use self::samples::Samples;
use super::{EncodedItems, EncodedRequest, Item, ItemScope, by_scope, to_json, to_protobuf};

const MAX_REQUEST_BYTES: usize = 4 << 20;

/// The number of items in a batch.
const BATCH: usize = 20;

#[expect(clippy::disallowed_methods, reason = "the number of cases is no configuration")]
fn batches() -> usize {
    let cases: usize = env::var("CASES").map_or(400, |cases| cases.parse().unwrap());
    cases / BATCH
}

fn resource(samples: &mut Samples) -> Resource {
    Resource::builder_empty().with_schema_url(samples.attributes(), samples.text()).build()
}

/// Returns the only request, or `None` if the items are too large for one.
fn only_body(encoded: EncodedItems) -> Option<Vec<u8>> {
    match <[EncodedRequest; 1]>::try_from(encoded.requests) {
        Ok([request]) if encoded.shortened.is_empty() => Some(request.body),
        _ => None,
    }
}

/// Compares both formats with the request that opentelemetry-proto builds.
fn assert_equal<'s, R, I>(
    expected: &R,
    resource: &'s Resource,
    items: impl Iterator<Item = (ItemScope<'s>, &'s I)> + Clone,
    normalize: impl Fn(&mut R),
) where
    R: Message + Default + DeserializeOwned + Debug,
    I: Item + 's,
{
    // NaN differs from itself, so the bytes are compared.
    let protobuf = only_body(to_protobuf(MAX_REQUEST_BYTES, 0, resource, items.clone()));
    let (Some(protobuf), Some(body)) = (protobuf, only_body(to_json(MAX_REQUEST_BYTES, resource, items)))
    else {
        return;
    };
    let mut decoded = R::decode(&*protobuf).unwrap();
    normalize(&mut decoded);
    assert!(decoded.encode_to_vec() == expected.encode_to_vec(), "{decoded:?}\nis not\n{expected:?}");

    let text = String::from_utf8_lossy(&body);
    let mut decoded: R = serde_json::from_slice(&body).unwrap_or_else(|error| panic!("{error}: {text}"));
    normalize(&mut decoded);
    assert!(decoded.encode_to_vec() == expected.encode_to_vec(), "{text}\nis not\n{expected:?}");
}

#[test]
fn spans_equal_those_of_opentelemetry_proto() {
    let mut samples = Samples::new(1);
    for _ in 0..batches() {
        let resource = resource(&mut samples);
        let scopes = [samples.scope(), samples.scope()];
        let batch: Vec<SpanData> = (0..BATCH).map(|_| samples.span(&scopes)).collect();
        let resource_spans = group_spans_by_resource_and_scope(batch.clone(), &(&resource).into());
        let items = by_scope(&batch, |span| (ItemScope::new(None, &span.instrumentation_scope), span));
        let items: Vec<_> = items.collect();
        let expected = ExportTraceServiceRequest { resource_spans };
        assert_equal(&expected, &resource, items.into_iter(), |_| {});
    }
}

#[test]
fn log_records_equal_those_of_opentelemetry_proto() {
    let mut samples = Samples::new(2);
    let provider = SdkLoggerProvider::builder().build();
    let logger = provider.logger("samples");
    // The scopes of a request have no order.
    let sort = |request: &mut ExportLogsServiceRequest| {
        for resource in &mut request.resource_logs {
            resource.scope_logs.sort_by_cached_key(|scope| format!("{:?}{}", scope.scope, scope.schema_url));
        }
    };
    for _ in 0..batches() {
        let resource = resource(&mut samples);
        let scopes = [samples.scope(), samples.scope()];
        let batch: Vec<(SdkLogRecord, InstrumentationScope)> = (0..BATCH)
            .map(|_| {
                let mut record = logger.create_log_record();
                samples.fill(&mut record);
                (record, samples.choose(&scopes).clone())
            })
            .collect();
        let references: Vec<_> = batch.iter().map(|(record, scope)| (record, scope)).collect();
        let resource_logs =
            group_logs_by_resource_and_scope(&LogBatch::new(&references), &(&resource).into());
        let mut expected = ExportLogsServiceRequest { resource_logs };
        sort(&mut expected);
        let items = by_scope(&batch, |(record, scope)| {
            (ItemScope::new(record.target().map(AsRef::as_ref), scope), record)
        });
        let items: Vec<_> = items.collect();
        assert_equal(&expected, &resource, items.into_iter(), sort);
    }
}

#[test]
fn metrics_equal_those_of_opentelemetry_proto() {
    let mut samples = Samples::new(3);
    for _ in 0..batches() / 10 {
        let metrics: ResourceMetrics = samples.metrics();
        let expected = ExportMetricsServiceRequest::from(&metrics);
        let items: Vec<_> = metrics
            .scope_metrics()
            .flat_map(|scope| scope.metrics().map(|metric| (ItemScope::new(None, scope.scope()), metric)))
            .collect();
        assert_equal(&expected, metrics.resource(), items.into_iter(), |_| {});
    }
}

#[test]
fn all_severities_have_their_number() {
    let provider = SdkLoggerProvider::builder().build();
    let mut record = provider.logger("samples").create_log_record();
    for (severity, number) in [(Severity::Trace, 1), (Severity::Debug2, 6), (Severity::Fatal4, 24)] {
        record.set_severity_number(severity);
        let scope = InstrumentationScope::default();
        let body = only_body(to_json(
            MAX_REQUEST_BYTES,
            &Resource::builder_empty().build(),
            [(ItemScope::new(None, &scope), &record)],
        ));
        let text = String::from_utf8(body.unwrap()).unwrap();
        assert!(text.contains(&format!("\"severityNumber\":{number}")), "{text}");
    }
}
