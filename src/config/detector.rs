//! Detectors of resource attributes.

use super::value::{list::List, own_or::OwnOr, string_enum};

string_enum! {
    /// A source of resource attributes on this machine.
    pub(crate) enum DetectorName {
        /// The ID of the container.
        Container = "container",
        /// Name, ID and architecture of the machine.
        Host = "host",
        /// Pod, namespace and node.
        Kubernetes = "k8s",
        /// Type, name and version of the operating system.
        Os = "os",
        /// The process.
        Process = "process",
        /// A random ID of this process.
        ServiceInstance = "service_instance",
    }
}

/// Detectors, the first of which wins for an attribute.
pub(crate) type DetectorList = List<OwnOr<DetectorName>>;
