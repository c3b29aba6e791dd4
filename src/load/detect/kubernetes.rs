//! `k8s.*`, from variables that the manifest of the pod sets. The API server is not called.

use super::{Attributes, machine::Machine};

/// Is set in each pod.
const IN_CLUSTER: &str = "KUBERNETES_SERVICE_HOST";

const NAMESPACE_FILE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/// The attributes, each with the variables that may set it.
const ATTRIBUTES: [(&str, &[&str]); 6] = [
    ("k8s.pod.name", &["K8S_POD_NAME", "POD_NAME", "HOSTNAME"]),
    ("k8s.pod.uid", &["K8S_POD_UID", "POD_UID"]),
    ("k8s.namespace.name", &["K8S_NAMESPACE", "K8S_NAMESPACE_NAME", "POD_NAMESPACE"]),
    ("k8s.node.name", &["K8S_NODE_NAME", "NODE_NAME"]),
    ("k8s.container.name", &["K8S_CONTAINER_NAME", "CONTAINER_NAME"]),
    ("k8s.cluster.name", &["K8S_CLUSTER_NAME", "CLUSTER_NAME"]),
];

pub(super) fn attributes(machine: &Machine) -> Attributes {
    if machine.variable(&[IN_CLUSTER]).is_none() {
        return Attributes::new();
    }
    let value = |(attribute, variables): (&'static str, &[&str])| {
        let from_file =
            || (attribute == "k8s.namespace.name").then(|| machine.read(NAMESPACE_FILE)).flatten();
        Some((attribute, machine.variable(variables).or_else(from_file)?.into()))
    };
    ATTRIBUTES.into_iter().filter_map(value).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn pod_is_described_only_inside_a_cluster() {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("var/run/secrets/kubernetes.io/serviceaccount");
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join("namespace"), "shop").unwrap();
        let machine = Machine::in_directory(root.path());
        assert_eq!(attributes(&machine.clone().with_env(&[("HOSTNAME", "laptop"), ("NODE_NAME", "a")])), []);
        let in_cluster = machine.with_env(&[
            (IN_CLUSTER, "10.0.0.1"),
            ("HOSTNAME", "checkout-1"),
            ("NODE_NAME", "node-7"),
            ("K8S_POD_UID", "0-1"),
        ]);
        assert_eq!(
            attributes(&in_cluster),
            [
                ("k8s.pod.name", "checkout-1".into()),
                ("k8s.pod.uid", "0-1".into()),
                ("k8s.namespace.name", "shop".into()),
                ("k8s.node.name", "node-7".into()),
            ]
        );
    }
}
