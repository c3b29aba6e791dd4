//! The source of the telemetry: `[service]` and `[resource]`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    detector::DetectorList,
    value::{attribute::Attribute, include_exclude::IncludeExclude, string::NonEmptyString},
};

/// The service that emits the telemetry.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Service {
    /// The name of the service, attribute `service.name`. Required.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["checkout"])))]
    pub(crate) name: Option<NonEmptyString>,

    /// The version of the service, attribute `service.version`.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["1.4.2"])))]
    pub(crate) version: Option<NonEmptyString>,

    /// The group that the service belongs to, attribute `service.namespace`.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["shop"])))]
    pub(crate) namespace: Option<NonEmptyString>,

    /// An id that is unique among the processes of the service, attribute `service.instance.id`.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["${HOSTNAME:-local}"])))]
    pub(crate) instance_id: Option<NonEmptyString>,

    /// The deployment environment, for example `production`: attribute
    /// `deployment.environment.name`. Default: the name of the selected profile.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["production"])))]
    pub(crate) environment: Option<NonEmptyString>,
}

/// Additional resource attributes.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Resource {
    /// Attributes of all telemetry. Attributes that have a key in `[service]` must be set there.
    #[cfg_attr(feature = "schema", schemars(extend("propertyNames" = Resource::free_attributes())))]
    pub(crate) attributes: BTreeMap<String, Attribute>,

    /// The URL of the schema that the attributes follow, for example
    /// `https://opentelemetry.io/schemas/1.37.0`. It is sent with the resource. Default: none.
    pub(crate) schema_url: Option<NonEmptyString>,

    /// Detectors that add attributes of this machine, any of `container`, `host`, `k8s`, `os`,
    /// `process` and `service_instance`. Of equal attributes, those of the first detector count,
    /// and values that are set anywhere override all of them. Only local files and variables are
    /// read.
    pub(crate) detectors: DetectorList,

    /// The attributes to keep of those that detectors find, by their names: a list, or
    /// `{ included = […], excluded = […] }`. `*` and `?` are wildcards. Default: all.
    pub(crate) detector_attributes: IncludeExclude,
}

impl Resource {
    /// The attributes that are set by keys of `[service]`, each with its key.
    pub(crate) const SERVICE_KEYS: [(&'static str, &'static str); 5] = [
        ("service.name", "name"),
        ("service.version", "version"),
        ("service.namespace", "namespace"),
        ("service.instance.id", "instance_id"),
        ("deployment.environment.name", "environment"),
    ];

    /// Returns the schema of the names that attributes may have.
    #[cfg(feature = "schema")]
    fn free_attributes() -> serde_json::Value {
        serde_json::json!({ "not": { "enum": Self::SERVICE_KEYS.map(|(attribute, _)| attribute) } })
    }
}
