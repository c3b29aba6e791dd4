//! The scope of items: `InstrumentationScope`.

use std::hash::{Hash, Hasher};

use opentelemetry::InstrumentationScope;

use super::{
    attributes::{self, write_attributes},
    writer::{Field, PartName, Writer},
};

const SCOPE: Field = Field::new(1, "scope");
const SCHEMA_URL: Field = Field::new(3, "schemaUrl");

const NAME: Field = Field::new(1, "name");
const VERSION: Field = Field::new(2, "version");
const ATTRIBUTES: Field = Field::new(3, "attributes");

/// The scope of an item. The target of a log record takes the place of the name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ItemScope<'s> {
    name: &'s str,
    scope: &'s InstrumentationScope,
}

impl<'s> ItemScope<'s> {
    #[inline]
    fn version(&self) -> &'s str {
        self.scope.version().unwrap_or_default()
    }

    #[inline]
    fn schema_url(&self) -> &'s str {
        self.scope.schema_url().unwrap_or_default()
    }

    #[inline]
    pub(crate) fn new(target: Option<&'s str>, scope: &'s InstrumentationScope) -> Self {
        Self { name: target.unwrap_or_else(|| scope.name()), scope }
    }
}

impl PartialEq for ItemScope<'_> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && self.version() == other.version()
            && self.schema_url() == other.schema_url()
            && self.scope.attributes().eq(other.scope.attributes())
    }
}

impl Eq for ItemScope<'_> {}

impl Hash for ItemScope<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
        self.version().hash(state);
    }
}

/// Writes the fields of `ScopeSpans`, `ScopeLogs` or `ScopeMetrics` before the items.
pub(super) fn write_scope<W: Writer>(w: &mut W, item: ItemScope<'_>) {
    w.message(SCOPE, |w| {
        w.part(PartName::Single("the scope name"));
        w.string_if_any(NAME, item.name);
        w.string_if_any(VERSION, item.version());
        write_attributes(w, ATTRIBUTES, attributes::SCOPE, item.scope.attributes());
    });
    w.string_if_any(SCHEMA_URL, item.schema_url());
}
