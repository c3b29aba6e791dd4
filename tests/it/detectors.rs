//! Resource attributes that detectors find.

use std::collections::BTreeMap;

use autotelemetry::{error::Origin, explain::Explanation, prelude::*};
use opentelemetry_proto::tonic::common::v1::any_value::Value as WireValue;
use test_support::{mock_collector::MockCollector, with_file};

/// Returns the resource that arrives with this table `[resource]` and these variables.
fn resource(table: &str, variables: &[(&str, &str)]) -> BTreeMap<String, WireValue> {
    let mock = MockCollector::start();
    let text =
        format!("[service]\nname = \"shop\"\n[otlp]\nendpoint = \"{}\"\n[resource]\n{table}\n", mock.url());
    let (builder, _directory) = with_file(&text, variables);
    let tools = builder.build().unwrap();
    drop(tools.tracer("shop").start_as_current_span("span"));
    tools.shutdown().unwrap();
    let [resource] = &*mock.resources() else { panic!("no resource") };
    let attributes = resource.attributes.iter().cloned();
    attributes.map(|attribute| (attribute.key, attribute.value.unwrap().value.unwrap())).collect()
}

fn text(value: &str) -> WireValue {
    WireValue::StringValue(value.to_owned())
}

#[test]
fn nothing_is_detected_by_default() {
    let names: Vec<_> = resource("", &[]).into_keys().collect();
    assert_eq!(
        names,
        ["service.name", "telemetry.sdk.language", "telemetry.sdk.name", "telemetry.sdk.version"]
    );
}

#[test]
fn detectors_describe_this_process_and_machine() {
    let found = resource("detectors = [\"process\", \"host\", \"os\", \"service_instance\", \"k8s\"]", &[]);
    assert_eq!(found["process.pid"], WireValue::IntValue(std::process::id().into()));
    let executable = std::env::current_exe().unwrap();
    assert_eq!(found["process.executable.path"], text(executable.to_str().unwrap()));
    assert!(found.contains_key("host.arch") && found.contains_key("os.type"), "{found:?}");
    #[cfg(target_os = "linux")]
    {
        let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
        assert_eq!((&found["host.name"], &found["os.type"]), (&text(name.trim()), &text("linux")));
        assert!(found.contains_key("process.creation.time"), "{found:?}");
    }
    let WireValue::StringValue(instance) = &found["service.instance.id"] else { panic!("{found:?}") };
    assert_eq!(instance.len(), 36);
    // Arguments and addresses may be secret.
    assert!(!found.keys().any(|name| name.starts_with("process.command") || name.starts_with("host.ip")));
    assert!(!found.keys().any(|name| name.starts_with("k8s.")), "outside of a cluster: {found:?}");
}

#[test]
fn pod_is_described_by_its_variables() {
    let variables = [
        ("KUBERNETES_SERVICE_HOST", "10.0.0.1"),
        ("HOSTNAME", "shop-7c9"),
        ("POD_NAMESPACE", "sales"),
        ("NODE_NAME", "node-1"),
    ];
    let found = resource("detectors = [\"k8s\"]", &variables);
    let of_kubernetes: Vec<_> = found.into_iter().filter(|(name, _)| name.starts_with("k8s.")).collect();
    assert_eq!(
        of_kubernetes,
        [("k8s.namespace.name", "sales"), ("k8s.node.name", "node-1"), ("k8s.pod.name", "shop-7c9")]
            .map(|(name, value)| (name.to_owned(), text(value)))
    );
}

#[test]
fn configured_values_override_detected_ones() {
    let variables = [("OTEL_RESOURCE_ATTRIBUTES", "host.arch=z80,service.instance.id=one")];
    let table = "detectors = [\"host\", \"process\", \"service_instance\"]\nattributes = { \"process.pid\" = 7 }\n\
                 detector_attributes = { excluded = [\"process.executable.*\", \"*.owner\"] }";
    let found = resource(table, &variables);
    assert_eq!(found["host.arch"], text("z80"));
    assert_eq!(found["service.instance.id"], text("one"));
    assert_eq!(found["process.pid"], WireValue::IntValue(7));
    assert!(found.contains_key("process.runtime.name"));
    assert!(!found.keys().any(|name| name.contains("executable") || name.ends_with("owner")), "{found:?}");
}

fn explained(table: &str) -> Explanation {
    let (builder, _directory) = with_file(&format!("[service]\nname = \"shop\"\n[resource]\n{table}\n"), &[]);
    builder.explain()
}

#[test]
fn explanation_names_the_detector_of_a_value() {
    let explained = explained("detectors = [\"process\"]\ndetector_attributes = [\"process.pid\"]");
    let of_process: Vec<_> =
        explained.values().filter(|(key, ..)| key.starts_with("resource.attributes")).collect();
    let pid = std::process::id().to_string();
    assert_eq!(
        of_process,
        [("resource.attributes.process.pid", pid, &Origin::Detector("process".to_owned()))]
    );
    assert!(explained.to_json().contains("detector process"));
}

#[test]
fn unknown_detectors_are_refused() {
    let explained = explained("detectors = [\"host\", \"ec2\", \"kubernets\"]");
    let errors: Vec<_> = explained.errors().iter().map(ToString::to_string).collect();
    assert!(errors.len() == 2 && errors[0].contains("\"ec2\" is not one of"), "{errors:?}");
    assert!(errors[1].contains("did you mean \"k8s\"?") || errors[1].contains("kubernets"), "{errors:?}");
}
