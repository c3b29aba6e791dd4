//! The configuration that all variants read.

use std::{fs, path::Path};

/// A file of 60 lines, with a protocol and the exporters of each signal.
const TEXT: &str = r#"# The telemetry of the checkout service.

[service]
name = "checkout"
version = "1.4.2"
namespace = "shop"
environment = "production"

[resource.attributes]
team = "payments"
"cloud.region" = "eu-central-1"
"k8s.cluster.name" = "eu-1"

# The collector on the same node.
[otlp]
protocol = "{protocol}"
endpoint = "http://127.0.0.1:{port}"
timeout = "5s"
compression = "none"

[otlp.headers]
authorization = "Bearer ${TOKEN}"
x-tenant = "shop"

[otlp.retry]
max_attempts = 5
initial_backoff = "500ms"
max_backoff = "10s"

[traces]
sampler = "parentbased_traceidratio"
sampler_arg = 0.1
exporters = [{traces}]

[traces.batch]
schedule_delay = "2s"
max_queue_size = 2048
max_export_batch_size = 512

[metrics]
interval = "30s"
exporters = [{metrics}]

[logs]
level = "info,hyper=warn"
exporters = [{logs}]

[logs.batch]
schedule_delay = "1s"
max_queue_size = 2048
max_export_batch_size = 512

[console]
format = "json"
stream = "stdout"

[prometheus]
host = "127.0.0.1"
port = 0
"#;

/// Writes the file of one case.
pub(crate) fn write(path: &Path, case: &str) {
    let (protocol, port) = if case == "grpc" { ("grpc", "4317") } else { ("http/protobuf", "4318") };
    let (traces, metrics, logs) = match case {
        "prometheus" => ("", "\"prometheus\"", "\"console\""),
        _ => ("\"otlp\"", "\"otlp\"", "\"otlp\""),
    };
    let text = TEXT
        .replace("{protocol}", protocol)
        .replace("{port}", port)
        .replace("{traces}", traces)
        .replace("{metrics}", metrics)
        .replace("{logs}", logs);
    fs::write(path, text).unwrap();
}
