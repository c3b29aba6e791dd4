//! The resource of all items: `Resource`.

use opentelemetry_sdk::Resource;

use super::{
    attributes::{self, write_pairs},
    writer::{Field, Writer},
};

const RESOURCE: Field = Field::new(1, "resource");
const SCHEMA_URL: Field = Field::new(3, "schemaUrl");

const ATTRIBUTES: Field = Field::new(1, "attributes");

/// Writes the fields of `ResourceSpans`, `ResourceLogs` or `ResourceMetrics` before the scopes.
pub(super) fn write_resource<W: Writer>(w: &mut W, resource: &Resource) {
    w.message(RESOURCE, |w| write_pairs(w, ATTRIBUTES, attributes::RESOURCE, resource));
    w.string_if_any(SCHEMA_URL, resource.schema_url().unwrap_or_default());
}
