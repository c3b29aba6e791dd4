//! Variables with the prefixes of this library that platforms and other programs set.

/// Prefixes of variables for the instrumentation of other languages, for agents, and for the
/// Kubernetes operator of OpenTelemetry.
const FOREIGN: &[&str] = &[
    "OTEL_APACHE_",
    "OTEL_AWS_",
    "OTEL_CONTAINER_",
    "OTEL_CPP_",
    "OTEL_DOTNET_",
    "OTEL_EBPF_",
    "OTEL_ERLANG_",
    "OTEL_EXPERIMENTAL_",
    "OTEL_GO_",
    "OTEL_INJECTOR_",
    "OTEL_INSTRUMENTATION_",
    "OTEL_JAVAAGENT_",
    "OTEL_JAVA_",
    "OTEL_JMX_",
    "OTEL_K8S_",
    "OTEL_LAMBDA_",
    "OTEL_NAMESPACE_",
    "OTEL_NGINX_",
    "OTEL_NODEJS_",
    "OTEL_NODE_",
    "OTEL_OPERATOR_",
    "OTEL_PHP_",
    "OTEL_POD_",
    "OTEL_PYTHON_",
    "OTEL_RESOURCE_ATTRIBUTES_",
    "OTEL_RESOURCE_PROVIDERS_",
    "OTEL_RUBY_",
    "OTEL_RUST_",
    "OTEL_SEMCONV_",
    "OTEL_SWIFT_",
];

/// Returns whether a variable belongs to another program.
pub(super) fn is_foreign(name: &str) -> bool {
    FOREIGN.iter().any(|prefix| name.len() > prefix.len() && name.starts_with(prefix))
}

/// Returns whether Kubernetes sets this variable for a Service, in every pod of its namespace.
///
/// For a Service `otel-collector`, these are `OTEL_COLLECTOR_SERVICE_HOST`,
/// `OTEL_COLLECTOR_SERVICE_PORT` and `OTEL_COLLECTOR_SERVICE_PORT_NAME`. In the format of Docker,
/// these are `OTEL_COLLECTOR_PORT=tcp://…` and `OTEL_COLLECTOR_PORT_4317_TCP`, also with the
/// suffixes `_PROTO`, `_PORT` and `_ADDR`.
pub(super) fn is_service_link(name: &str, value: &str) -> bool {
    if let Some(service) = name.strip_suffix("_SERVICE_HOST") {
        return is_service(service);
    }
    if let Some((service, port)) = name.split_once("_SERVICE_PORT") {
        return is_service(service) && (port.is_empty() || port.starts_with('_'));
    }
    if let Some(service) = name.strip_suffix("_PORT").filter(|_| is_transport_address(value)) {
        return is_service(service);
    }
    let port =
        ["_PROTO", "_PORT", "_ADDR"].iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name);
    let port = ["_TCP", "_UDP", "_SCTP"].iter().find_map(|suffix| port.strip_suffix(suffix));
    let is_number = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    port.and_then(|port| port.rsplit_once("_PORT_"))
        .is_some_and(|(service, port)| is_service(service) && is_number(port))
}

/// Returns whether `name` can be derived from the name of a Service, which ends with a letter or
/// digit.
fn is_service(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    !name.is_empty() && !name.ends_with('_') && name.bytes().all(is_part)
}

fn is_transport_address(value: &str) -> bool {
    ["tcp://", "udp://", "sctp://"].iter().any(|scheme| value.starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn service_links_are_recognized_by_their_form() {
        for (name, value) in [
            ("OTEL_SERVICE_HOST", "10.96.3.7"),
            ("OTEL_COLLECTOR_SERVICE_HOST", "fd00::1"),
            ("OTEL_COLLECTOR_SERVICE_PORT", "4317"),
            ("OTEL_COLLECTOR_SERVICE_PORT_OTLP_GRPC", "4317"),
            ("OTEL_COLLECTOR_PORT", "tcp://10.96.3.7:4317"),
            ("OTEL_EXPORTER_PROMETHEUS_PORT", "udp://[fd00::1]:9464"),
            ("AUTOTEL_X_PORT_4317_TCP", "tcp://10.96.3.7:4317"),
            ("AUTOTEL_X_PORT_53_UDP_PROTO", "udp"),
            ("AUTOTEL_X_PORT_9_SCTP_PORT", "9"),
            ("AUTOTEL_X_PORT_9_SCTP_ADDR", "10.96.3.7"),
        ] {
            assert!(is_service_link(name, value), "{name}={value}");
        }
        for (name, value) in [
            ("OTEL_EXPORTER_PROMETHEUS_PORT", "9464"),
            ("AUTOTEL_PROMETHEUS__PORT", "tcp://10.96.3.7:9464"),
            ("AUTOTEL_PROMETHEUS_PORT", "9464"),
            ("AUTOTEL_SERVICE_NAME", "x"),
            ("OTEL_X_PORT_TCP", "1"),
            ("OTEL_X_PORT_4317_TCP_HOST", "1"),
            ("OTEL_X_SERVICE_PORTS", "1"),
        ] {
            assert!(!is_service_link(name, value), "{name}={value}");
        }
    }

    #[test]
    fn prefix_alone_is_not_foreign() {
        assert!(is_foreign("OTEL_RESOURCE_ATTRIBUTES_POD_NAME"));
        assert!(!is_foreign("OTEL_RESOURCE_ATTRIBUTES_"));
        assert!(!is_foreign("OTEL_RESOURCE_ATTRIBUTE"));
    }
}
