//! The files in `config-examples/` that run a Collector, Prometheus, Jaeger and Grafana.
//!
//! No test starts the containers. A YAML parser reads `docker-compose.yaml` and the files of Grafana;
//! the real Collector and `promtool` check their own files.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;
use test_support::{programs::Program, require, yaml};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config-examples").join(name)
}

fn read(name: &str) -> Value {
    yaml::read(&fs::read_to_string(path(name)).unwrap())
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().map(|item| item.as_str().unwrap())
}

/// Returns the services of `docker-compose.yaml`.
fn services() -> BTreeMap<String, Value> {
    read("docker-compose.yaml")["services"].as_object().unwrap().clone().into_iter().collect()
}

/// Returns the files that a service mounts, by their path in the container.
fn mounts(service: &Value) -> BTreeMap<&str, &str> {
    let volumes = texts(&service["volumes"]);
    let mounts = volumes.map(|volume| {
        let [file, mounted, "ro"] = volume.split(':').collect::<Vec<_>>()[..] else { panic!("{volume}") };
        (mounted, file.strip_prefix("./").unwrap())
    });
    mounts.collect()
}

/// Returns the hosts and ports of all URLs and addresses in a file.
fn endpoints(value: &Value) -> Vec<&str> {
    match value {
        Value::Object(members) => {
            let endpoints = members.iter().filter(|(key, _)| matches!(key.as_str(), "endpoint" | "url"));
            let endpoints = endpoints.map(|(_, endpoint)| {
                let endpoint = endpoint.as_str().unwrap().trim_start_matches("http://");
                endpoint.split('/').next().unwrap()
            });
            endpoints.chain(members.values().flat_map(self::endpoints)).collect()
        }
        Value::Array(items) => items.iter().flat_map(endpoints).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn services_mount_existing_files_and_publish_local_ports() {
    let services = services();
    for (name, service) in &services {
        for key in service.as_object().unwrap().keys() {
            let known = ["command", "depends_on", "environment", "extra_hosts", "image", "ports", "volumes"];
            assert!(known.contains(&key.as_str()), "{name}: {key}");
        }
        let (_, version) = service["image"].as_str().unwrap().split_once(':').unwrap();
        assert!(version.contains('.'), "{name}: a fixed version");
        for file in mounts(service).values() {
            assert!(path(file).exists(), "{name}: {file}");
        }
        for port in texts(&service["ports"]) {
            let [host, outside, inside] = port.split(':').collect::<Vec<_>>()[..] else { panic!("{port}") };
            assert_eq!((host, outside), ("127.0.0.1", inside), "{name}");
        }
        for other in texts(&service["depends_on"]) {
            assert!(services.contains_key(other), "{name}: {other}");
        }
        // The file that the command names is mounted.
        for argument in texts(&service["command"]).filter_map(|text| text.split_once("config")) {
            let (_, file) = argument.1.split_once('=').unwrap();
            assert!(mounts(service).contains_key(file), "{name}: {file}");
        }
    }
    assert_eq!(services.keys().collect::<Vec<_>>(), ["collector", "grafana", "jaeger", "prometheus"]);
}

#[test]
fn files_of_the_services_name_each_other() {
    let services = services();
    for file in ["compose/collector.yaml", "compose/grafana-sources.yaml"] {
        let content = read(file);
        let endpoints: Vec<_> =
            endpoints(&content).into_iter().filter(|endpoint| !endpoint.starts_with("0.0.0.0:")).collect();
        assert_eq!(endpoints.len(), 2, "{file}: {endpoints:?}");
        for endpoint in endpoints {
            let (host, _) = endpoint.split_once(':').unwrap();
            assert!(services.contains_key(host), "{file}: {endpoint}");
        }
    }
    let receivers = &read("compose/collector.yaml")["receivers"];
    let mut received: Vec<_> = endpoints(receivers);
    received.sort_unstable();
    assert_eq!(received, ["0.0.0.0:4317", "0.0.0.0:4318"]);
    let dashboards = read("compose/grafana-dashboards.yaml");
    let directory = dashboards["providers"][0]["options"]["path"].as_str().unwrap();
    assert_eq!(mounts(&services["grafana"])[directory], "grafana");
}

#[test]
fn prometheus_accepts_its_files() {
    require!(Promtool);
    // With the names that the files have in the container.
    let directory = tempfile::tempdir().unwrap();
    for (mounted, file) in mounts(&services()["prometheus"]) {
        let name = mounted.strip_prefix("/etc/prometheus/").unwrap();
        fs::copy(path(file), directory.path().join(name)).unwrap();
    }
    let mut command = Program::Promtool.command();
    let output = command.args(["check", "config"]).arg(directory.path().join("prometheus.yaml")).output();
    let output = output.unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && printed.contains("8 rules found"), "{output:?}");
}

fn validate(path: &Path) -> Output {
    let mut command: Command = Program::Collector.command();
    command.envs([("GATEWAY_HOST", "gateway"), ("BACKEND_TOKEN", "token")]);
    command.env("BACKEND_ENDPOINT", "https://backend.example");
    command.args(["validate", "--config"]).arg(path).output().unwrap()
}

#[test]
fn collector_accepts_the_file_of_compose() {
    require!(Collector);
    let output = validate(&path("compose/collector.yaml"));
    assert!(output.status.success(), "{output:?}");
}

/// The Collector of the tests has no exporter `loadbalancing`, no processor `tail_sampling` and no
/// extension `health_check`. So nothing checks the keys inside of these three.
#[test]
fn collector_knows_everything_else_in_the_gateway() {
    require!(Collector);
    let output = validate(&path("gateway.yaml"));
    let printed = String::from_utf8_lossy(&output.stderr);
    let unknown: BTreeSet<_> =
        printed.lines().filter_map(|line| Some(line.split_once(" (valid values")?.0)).collect();
    let expected = [
        "'exporters' unknown type: \"loadbalancing\" for id: \"loadbalancing\"",
        "'extensions' unknown type: \"health_check\" for id: \"health_check\"",
        "'processors' unknown type: \"tail_sampling\" for id: \"tail_sampling\"",
    ];
    assert_eq!(unknown.into_iter().collect::<Vec<_>>(), expected, "{printed}");

    // Known types in place of the unknown ones, so that the Collector checks the rest.
    let mut file = read("gateway.yaml");
    for (part, name, known) in [
        ("exporters", "loadbalancing", "nop"),
        ("processors", "tail_sampling", "batch/traces"),
        ("extensions", "health_check", "zpages"),
    ] {
        file[part][name] = Value::Null;
        file =
            serde_json::from_str(&file.to_string().replace(&format!("\"{name}\""), &format!("\"{known}\"")))
                .unwrap();
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("gateway.yaml");
    fs::write(&path, file.to_string()).unwrap();
    let output = validate(&path);
    assert!(output.status.success(), "{output:?}");
}
