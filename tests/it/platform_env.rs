//! Variables that platforms and other programs set beside those of the library.

use test_support::with_env;

/// Asserts that the variables change nothing, even with `strict`.
fn assert_ignored(variables: &[(&str, &str)]) {
    let explain = |variables: &[(&str, &str)]| with_env(variables).service_name("x").explain();
    let explained = explain(variables);
    assert_eq!((explained.errors(), explained.warnings()), (&[][..], &[][..]), "{variables:?}");
    let values =
        |variables| explain(variables).values().map(|(key, value, _)| format!("{key}={value}")).collect();
    let (with, without): (Vec<String>, Vec<String>) = (values(variables), values(&[]));
    assert_eq!(with, without, "{variables:?}");
    drop(with_env(variables).service_name("x").set("logs.exporters", "none").strict(true).build().unwrap());
}

/// Returns the variables that Kubernetes sets for a Service with two ports.
fn service_links(service: &str) -> Vec<(String, String)> {
    let mut variables = vec![
        (format!("{service}_SERVICE_HOST"), "10.96.3.7".to_owned()),
        (format!("{service}_SERVICE_PORT"), "4317".to_owned()),
        (format!("{service}_SERVICE_PORT_OTLP_GRPC"), "4317".to_owned()),
        (format!("{service}_PORT"), "tcp://10.96.3.7:4317".to_owned()),
    ];
    for (port, protocol) in [("4317", "TCP"), ("4318", "UDP"), ("9999", "SCTP")] {
        let name = format!("{service}_PORT_{port}_{protocol}");
        let scheme = protocol.to_lowercase();
        variables.push((name.clone(), format!("{scheme}://[fd00::7]:{port}")));
        variables.push((format!("{name}_PROTO"), scheme));
        variables.push((format!("{name}_PORT"), port.to_owned()));
        variables.push((format!("{name}_ADDR"), "fd00::7".to_owned()));
    }
    variables
}

#[test]
fn service_links_of_kubernetes_are_ignored() {
    for service in [
        "OTEL",
        "AUTOTEL",
        "OTEL_COLLECTOR",
        "AUTOTEL_COLLECTOR",
        "AUTOTEL_LOGS",
        "AUTOTEL_PROMETHEUS",
        "OTEL_SERVICE",
        "OTEL_SERVICE_NAME",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        // Its link has the name of a variable of the specification.
        "OTEL_EXPORTER_PROMETHEUS",
        "OTEL_COLLECTOR_SERVICE_PORT",
        "OTEL_2_PORT_1",
    ] {
        let links = service_links(service);
        let links: Vec<_> = links.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_ignored(&links);
    }
}

#[test]
fn variables_for_other_sdks_are_ignored() {
    let names = "OTEL_RESOURCE_ATTRIBUTES_POD_NAME OTEL_RESOURCE_ATTRIBUTES_POD_UID \
        OTEL_RESOURCE_ATTRIBUTES_NODE_NAME OTEL_RESOURCE_ATTRIBUTES_NAMESPACE_NAME OTEL_POD_IP OTEL_NODE_IP \
        OTEL_NODE_RESOURCE_DETECTORS OTEL_NODE_ENABLED_INSTRUMENTATIONS OTEL_NODEJS_DEBUG \
        OTEL_JAVAAGENT_DEBUG OTEL_JAVAAGENT_EXTENSIONS OTEL_JAVA_GLOBAL_AUTOCONFIGURE_ENABLED \
        OTEL_DOTNET_AUTO_HOME OTEL_DOTNET_AUTO_PLUGINS OTEL_PYTHON_LOG_CORRELATION \
        OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED OTEL_GO_AUTO_TARGET_EXE OTEL_GO_X_EXEMPLAR \
        OTEL_PHP_AUTOLOAD_ENABLED OTEL_RUBY_INSTRUMENTATION_RACK_ENABLED OTEL_EBPF_OPEN_PORT \
        OTEL_INJECTOR_LOG_LEVEL OTEL_INJECTOR_K8S_POD_NAME OTEL_INJECTOR_CONFIG_FILE \
        OTEL_INSTRUMENTATION_COMMON_DEFAULT_ENABLED OTEL_SEMCONV_STABILITY_OPT_IN \
        OTEL_EXPERIMENTAL_RESOURCE_DETECTORS OTEL_K8S_NODE_NAME";
    assert_ignored(&names.split_whitespace().map(|name| (name, "1")).collect::<Vec<_>>());
}

/// Other SDKs have more levels than this library.
#[test]
fn log_levels_of_other_sdks_are_accepted() {
    for (text, level) in [("VERBOSE", "trace"), ("all", "trace"), ("Warning", "warn"), ("none", "off")] {
        let explained = with_env(&[("OTEL_LOG_LEVEL", text)]).service_name("x").explain();
        assert_eq!(explained.warnings(), [], "{text}");
        let found = explained.values().find(|(key, ..)| *key == "diagnostics.level").unwrap().1;
        assert_eq!(found, format!("{level:?}"), "{text}");
    }
}

#[test]
fn misspelled_variables_are_still_reported() {
    for (name, value, near) in [
        ("OTEL_EXPORTER_PROMETEUS_PORT", "9464", "OTEL_EXPORTER_PROMETHEUS_PORT"),
        ("OTEL_RESOURCE_ATTRIBUTE", "a=b", "OTEL_RESOURCE_ATTRIBUTES"),
        ("OTEL_SERVICENAME", "x", "OTEL_SERVICE_NAME"),
        ("OTEL_EXPORTER_OTLP_ENDPOIN", "tcp://x", "OTEL_EXPORTER_OTLP_ENDPOINT"),
    ] {
        let explained = with_env(&[(name, value)]).service_name("x").explain();
        let warnings: Vec<_> = explained.warnings().iter().map(ToString::to_string).collect();
        assert_eq!(warnings, [format!("{name}: unknown variable\n    help: did you mean {near}?")]);
    }
    for (name, value) in [
        ("AUTOTEL_PROMETHEUS_PORT", "9464"),
        ("AUTOTEL_PROMETHEUS__PORT", "tcp://10.96.3.7:9464"),
        ("AUTOTEL_LOGS_LEVEL", "info"),
    ] {
        let explained = with_env(&[(name, value)]).service_name("x").explain();
        assert_eq!(explained.errors().len(), 1, "{name}={value}");
    }
}

#[test]
fn resource_attribute_with_the_form_of_a_link_is_used() {
    let name = "AUTOTEL_RESOURCE__ATTRIBUTES__DB_PORT";
    let explained = with_env(&[(name, "tcp://10.96.3.7:5432")]).service_name("x").explain();
    let mut values = explained.values();
    let (_, value, _) = values.find(|(key, ..)| *key == "resource.attributes.db_port").unwrap();
    assert_eq!(value, "\"tcp://10.96.3.7:5432\"");
}
