//! Replaces NaN and infinity in attributes and bodies.
//!
//! JSON cannot encode them as numbers, and a single one would make the server reject the whole
//! batch. The data points of metrics stay unchanged.

use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    resource::v1::Resource,
};

/// Replaces numbers that JSON cannot encode by the strings of the Protocol Buffers JSON mapping:
/// `NaN`, `Infinity` and `-Infinity`.
pub(crate) trait ReplaceNonFinite {
    fn replace_non_finite(&mut self);
}

impl ReplaceNonFinite for ExportTraceServiceRequest {
    fn replace_non_finite(&mut self) {
        for resource in &mut self.resource_spans {
            replace_in_resource(&mut resource.resource);
            for scope in &mut resource.scope_spans {
                replace_in_scope(&mut scope.scope);
                for span in &mut scope.spans {
                    replace_in_attributes(&mut span.attributes);
                    span.events.iter_mut().for_each(|event| replace_in_attributes(&mut event.attributes));
                    span.links.iter_mut().for_each(|link| replace_in_attributes(&mut link.attributes));
                }
            }
        }
    }
}

impl ReplaceNonFinite for ExportLogsServiceRequest {
    fn replace_non_finite(&mut self) {
        for resource in &mut self.resource_logs {
            replace_in_resource(&mut resource.resource);
            for scope in &mut resource.scope_logs {
                replace_in_scope(&mut scope.scope);
                for record in &mut scope.log_records {
                    replace_in_attributes(&mut record.attributes);
                    replace_in_value(record.body.as_mut());
                }
            }
        }
    }
}

impl ReplaceNonFinite for ExportMetricsServiceRequest {
    fn replace_non_finite(&mut self) {
        for resource in &mut self.resource_metrics {
            replace_in_resource(&mut resource.resource);
            for scope in &mut resource.scope_metrics {
                replace_in_scope(&mut scope.scope);
            }
        }
    }
}

fn replace_in_resource(resource: &mut Option<Resource>) {
    if let Some(resource) = resource {
        replace_in_attributes(&mut resource.attributes);
    }
}

fn replace_in_scope(scope: &mut Option<InstrumentationScope>) {
    if let Some(scope) = scope {
        replace_in_attributes(&mut scope.attributes);
    }
}

fn replace_in_attributes(attributes: &mut [KeyValue]) {
    for attribute in attributes {
        replace_in_value(attribute.value.as_mut());
    }
}

fn replace_in_value(value: Option<&mut AnyValue>) {
    match value.and_then(|value| value.value.as_mut()) {
        Some(Value::ArrayValue(array)) => {
            array.values.iter_mut().for_each(|value| replace_in_value(Some(value)));
        }
        Some(Value::KvlistValue(list)) => replace_in_attributes(&mut list.values),
        Some(value) => {
            if let Value::DoubleValue(number) = value
                && !number.is_finite()
            {
                let name = if number.is_nan() {
                    "NaN"
                } else if *number > 0.0 {
                    "Infinity"
                } else {
                    "-Infinity"
                };
                *value = Value::StringValue(name.to_owned());
            }
        }
        None => {}
    }
}
