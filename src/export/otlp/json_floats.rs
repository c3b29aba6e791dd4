//! JSON has no number for NaN and the infinities, and one of them would cost a whole batch. Their names take their place in
//! attributes and bodies; the data points of metrics stay as they are.

use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    resource::v1::Resource,
};

/// Replaces the attributes and bodies that JSON cannot hold by texts: `NaN`, `Infinity` and `-Infinity`, as Protocol
/// Buffers write them in JSON.
pub(crate) trait ReplaceNonFinite {
    fn make_finite(&mut self);
}

impl ReplaceNonFinite for ExportTraceServiceRequest {
    fn make_finite(&mut self) {
        for resource in &mut self.resource_spans {
            of_resource(&mut resource.resource);
            for scope in &mut resource.scope_spans {
                of_scope(&mut scope.scope);
                for span in &mut scope.spans {
                    attributes(&mut span.attributes);
                    span.events.iter_mut().for_each(|event| attributes(&mut event.attributes));
                    span.links.iter_mut().for_each(|link| attributes(&mut link.attributes));
                }
            }
        }
    }
}

impl ReplaceNonFinite for ExportLogsServiceRequest {
    fn make_finite(&mut self) {
        for resource in &mut self.resource_logs {
            of_resource(&mut resource.resource);
            for scope in &mut resource.scope_logs {
                of_scope(&mut scope.scope);
                for record in &mut scope.log_records {
                    attributes(&mut record.attributes);
                    any(record.body.as_mut());
                }
            }
        }
    }
}

impl ReplaceNonFinite for ExportMetricsServiceRequest {
    fn make_finite(&mut self) {
        for resource in &mut self.resource_metrics {
            of_resource(&mut resource.resource);
            for scope in &mut resource.scope_metrics {
                of_scope(&mut scope.scope);
            }
        }
    }
}

fn of_resource(resource: &mut Option<Resource>) {
    if let Some(resource) = resource {
        attributes(&mut resource.attributes);
    }
}

fn of_scope(scope: &mut Option<InstrumentationScope>) {
    if let Some(scope) = scope {
        attributes(&mut scope.attributes);
    }
}

fn attributes(attributes: &mut [KeyValue]) {
    for attribute in attributes {
        any(attribute.value.as_mut());
    }
}

fn any(value: Option<&mut AnyValue>) {
    match value.and_then(|value| value.value.as_mut()) {
        Some(Value::ArrayValue(array)) => array.values.iter_mut().for_each(|value| any(Some(value))),
        Some(Value::KvlistValue(list)) => attributes(&mut list.values),
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
