//! The labels of a meter.

use opentelemetry::InstrumentationScope;

use super::{label_name::label_name, label_plan::ConstantLabel, label_value::value_text};

const NAME: &str = "otel_scope_name";
const VERSION: &str = "otel_scope_version";
const SCHEMA_URL: &str = "otel_scope_schema_url";

/// Returns the `otel_scope_…` labels of a meter.
///
/// See the specification, `Prometheus and OpenMetrics Compatibility`, "Instrumentation Scope":
/// attributes that would become one of the first three labels are dropped.
pub(super) fn scope_labels(scope: &InstrumentationScope) -> Vec<ConstantLabel> {
    let of_scope = [(NAME, Some(scope.name())), (VERSION, scope.version()), (SCHEMA_URL, scope.schema_url())];
    let mut labels: Vec<_> = of_scope
        .into_iter()
        .filter_map(|(key, value)| Some(ConstantLabel { key: key.to_owned(), value: value?.to_owned() }))
        .collect();
    let attributes: Vec<_> = scope.attributes().collect();
    for (index, attribute) in attributes.iter().enumerate() {
        let key = format!("otel_scope_{}", attribute.key);
        let is_last = attributes[index + 1..].iter().all(|other| other.key != attribute.key);
        if is_last && ![NAME, VERSION, SCHEMA_URL].contains(&&*label_name(&key)) {
            labels.push(ConstantLabel { key, value: value_text(&attribute.value).into_owned() });
        }
    }
    labels.sort();
    labels
}
