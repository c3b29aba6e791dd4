//! The files in the guide for other programs, checked by these programs.

use std::{
    collections::BTreeSet,
    fs,
    process::{Command, Stdio},
};

use test_support::{
    guide::{block, blocks},
    programs::Program,
    require,
};

/// Asserts that `command` accepts a file with this text.
fn is_accepted(mut command: Command, name: &str, text: &str) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    fs::write(&path, text).unwrap();
    let output = command.arg(&path).stdin(Stdio::null()).output().unwrap();
    let printed = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&printed));
}

/// A text in each YAML block that a test checks: here, in `collector alerts`, or in
/// `it declarative`.
const YAML: [&str; 6] = [
    "exporters: [debug]",
    "otlpjson: {}",
    "scrape_configs:",
    "alert: SpansAreLost",
    "kind: ConfigMap",
    "file_format:",
];

#[test]
fn each_yaml_block_is_checked() {
    for block in blocks("yaml") {
        let checks = YAML.iter().filter(|text| block.contains(**text)).count();
        assert_eq!(checks, 1, "{block}");
    }
}

/// The Collector of the tests has neither the receiver nor the connector of this file.
#[test]
fn collector_knows_everything_else_in_the_file_for_lines() {
    require!(Collector);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("collector.yaml");
    fs::write(&path, block("yaml", "otlpjson: {}")).unwrap();
    let output = Program::Collector.command().args(["validate", "--config"]).arg(&path).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stderr).into_owned();
    let problems: BTreeSet<_> =
        printed.lines().filter_map(|line| line.strip_suffix(')')?.split_once(" (valid values")).collect();
    let names: Vec<_> = problems.iter().map(|(problem, _)| *problem).collect();
    let expected = [
        "'connectors' unknown type: \"otlpjson\" for id: \"otlpjson\"",
        "'receivers' unknown type: \"filelog\" for id: \"filelog\"",
    ];
    assert_eq!(names, expected, "{printed}");
}

#[test]
fn collector_accepts_its_file() {
    require!(Collector);
    let mut command = Program::Collector.command();
    command.args(["validate", "--config"]);
    is_accepted(command, "collector.yaml", &block("yaml", "exporters: [debug]"));
}

#[test]
fn prometheus_accepts_its_file() {
    require!(Promtool);
    let mut command = Program::Promtool.command();
    command.args(["check", "config"]);
    is_accepted(command, "prometheus.yml", &block("yaml", "scrape_configs:"));
}

#[test]
fn kubernetes_accepts_its_manifests() {
    require!(KubernetesValidate);
    let mut command = Program::KubernetesValidate.command();
    command.arg("--strict");
    is_accepted(command, "checkout.yaml", &block("yaml", "kind: ConfigMap"));
}

#[test]
fn systemd_accepts_its_unit() {
    require!(SystemdAnalyze);
    // Only existing programs are accepted.
    let unit = block("ini", "[Unit]").replace("/usr/local/bin/checkout", "/bin/true");
    let mut command = Program::SystemdAnalyze.command();
    command.arg("verify");
    is_accepted(command, "checkout.service", &unit);
}
