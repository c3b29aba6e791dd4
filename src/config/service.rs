//! Who sends the telemetry: `[service]` and `[resource]`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::value::{attribute::AttributeValue, string::NonEmptyString};

/// The service that the telemetry describes.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Service {
    /// The name of the service, the attribute `service.name`. Required.
    pub name: Option<NonEmptyString>,

    /// The version of the service, the attribute `service.version`.
    pub version: Option<NonEmptyString>,

    /// A name for a group of services that belong together, the attribute `service.namespace`.
    pub namespace: Option<NonEmptyString>,

    /// What tells this process from others of the same service, the attribute `service.instance.id`.
    pub instance_id: Option<NonEmptyString>,

    /// Where the service runs, for example `production`: the attribute `deployment.environment.name`. Default: the name
    /// of the chosen profile.
    pub environment: Option<NonEmptyString>,
}

/// What else describes the source of the telemetry.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Resource {
    /// Attributes that are added to all telemetry. The attributes that have a key in `[service]` are set there.
    #[cfg_attr(feature = "schema", schemars(extend("propertyNames" = Resource::free_attributes())))]
    pub attributes: BTreeMap<String, AttributeValue>,
}

impl Resource {
    /// The attributes that are keys of `[service]`, and those keys.
    pub(crate) const SERVICE_KEYS: [(&'static str, &'static str); 5] = [
        ("service.name", "name"),
        ("service.version", "version"),
        ("service.namespace", "namespace"),
        ("service.instance.id", "instance_id"),
        ("deployment.environment.name", "environment"),
    ];

    /// The names that attributes may have, for editors.
    #[cfg(feature = "schema")]
    fn free_attributes() -> serde_json::Value {
        serde_json::json!({ "not": { "enum": Self::SERVICE_KEYS.map(|(attribute, _)| attribute) } })
    }
}
