//! Builds the resource from [`Service`] and [`Resource`](config::Resource).

use opentelemetry::{Array, KeyValue, StringValue, Value};
use opentelemetry_sdk::Resource;

use crate::config::{self, AttributeValue, Service};

/// Builds the whole resource. It starts empty, since the default of the SDK reads the environment
/// by other rules.
pub(super) fn resource(service: &Service, resource: &config::Resource) -> Resource {
    let Service { name, version, namespace, instance_id, environment } = service;
    // The loader runs the detectors and adds what they find to `attributes`.
    let config::Resource { attributes, schema_url, detectors: _, detector_attributes: _ } = resource;
    let service = [
        ("service.name", name),
        ("service.version", version),
        ("service.namespace", namespace),
        ("service.instance.id", instance_id),
        ("deployment.environment.name", environment),
    ];
    let service = service
        .into_iter()
        .filter_map(|(key, value)| value.as_ref().map(|value| KeyValue::new(key, value.as_str().to_owned())));
    let attributes = attributes.iter().map(|(key, value)| KeyValue::new(key.clone(), to_value(&value.0)));
    let sdk = [
        KeyValue::new("telemetry.sdk.name", "opentelemetry"),
        KeyValue::new("telemetry.sdk.language", "rust"),
        KeyValue::new("telemetry.sdk.version", sdk_version()),
    ];
    let attributes = attributes.chain(service).chain(sdk);
    match schema_url {
        Some(url) => Resource::builder_empty().with_schema_url(attributes, url.as_str().to_owned()).build(),
        None => Resource::builder_empty().with_attributes(attributes).build(),
    }
}

/// Returns the version of the SDK. Only its detector exposes it, which reads nothing else.
fn sdk_version() -> Value {
    use opentelemetry_sdk::resource::{ResourceDetector as _, TelemetryResourceDetector};
    let detected = TelemetryResourceDetector.detect();
    detected.get(&"telemetry.sdk.version".into()).unwrap_or_else(|| "unknown".into())
}

fn to_value(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::String(value) => value.clone().into(),
        AttributeValue::Bool(value) => (*value).into(),
        AttributeValue::I64(value) => (*value).into(),
        AttributeValue::F64(value) => (*value).into(),
        AttributeValue::StringArray(values) => {
            Value::Array(Array::String(values.iter().cloned().map(StringValue::from).collect()))
        }
        AttributeValue::BoolArray(values) => Value::Array(Array::Bool(values.clone())),
        AttributeValue::I64Array(values) => Value::Array(Array::I64(values.clone())),
        AttributeValue::F64Array(values) => Value::Array(Array::F64(values.clone())),
    }
}
