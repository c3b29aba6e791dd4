//! The README keeps its promises: what stands in it is right.

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use crate::support::program;
use autotelemetry::{prelude::*, testing};

const README: &str = include_str!("../../README.md");
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The blocks of a language, without what indents them in a list.
fn blocks(language: &str) -> Vec<String> {
    let fence = format!("```{language}");
    let mut blocks = Vec::new();
    let mut lines = README.lines();
    while let Some(line) = lines.next() {
        if line.trim() == fence {
            let indent = line.len() - line.trim_start().len();
            let body = lines.by_ref().take_while(|line| line.trim() != "```");
            blocks.push(body.flat_map(|line| [line.get(indent..).unwrap_or_default(), "\n"]).collect());
        }
    }
    blocks
}

fn block(language: &str, containing: &str) -> String {
    let mut found = blocks(language).into_iter().filter(|block| block.contains(containing));
    let block = found.next().unwrap_or_else(|| panic!("no {language} block has {containing}"));
    assert!(found.next().is_none(), "several {language} blocks have {containing}");
    block
}

#[test]
fn every_toml_block_loads() {
    let blocks = blocks("toml");
    // Cargo.toml is TOML too.
    let blocks: Vec<_> = blocks.iter().filter(|block| !block.contains("[dependencies]")).collect();
    assert!(blocks.len() >= 12, "{}", blocks.len());
    for block in blocks {
        crate::support::loads(block, block);
    }
}

#[test]
fn the_config_map_loads() {
    let yaml = block("yaml", "kind: ConfigMap");
    let (_, text) = yaml.split_once("  autotelemetry.toml: |\n").unwrap();
    let text: String = text
        .lines()
        .take_while(|line| line.is_empty() || line.starts_with("    "))
        .flat_map(|line| [line.get(4..).unwrap_or_default(), "\n"])
        .collect();
    assert!(text.contains("[profiles.production.traces]"), "{text}");
    crate::support::loads(&text, "the config map");
}

#[test]
fn every_link_leads_somewhere() {
    let anchor = |heading: &str| -> String {
        let words = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        words.chars().filter(|c| c.is_alphanumeric() || *c == '-').collect()
    };
    let anchors: Vec<String> = README.lines().filter(|line| line.starts_with('#')).map(anchor).collect();
    let mut number = 0;
    for link in README.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
        number += 1;
        if let Some(wanted) = link.strip_prefix('#') {
            assert!(anchors.iter().any(|anchor| anchor == wanted), "there is no heading for #{wanted}");
        } else if !link.starts_with("https://") {
            assert!(Path::new(ROOT).join(link).exists(), "there is no {link}");
        }
    }
    assert!(number > 40, "{number}");
}

#[test]
fn a_failed_assertion_looks_as_shown() {
    let (tools, telemetry) =
        testing::builder().deterministic_ids().clock(std::time::SystemTime::UNIX_EPOCH).build();
    let span = tools.tracer("shop").start_as_current_span("pack");
    tools.logger("shop").error("out of boxes", &[KeyValue::new("left", 0)]);
    span.set_status(Status::error("out of boxes"));
    drop(span);
    tools.meter("shop").u64_counter("parcels").build().add(1, &[]);
    let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        telemetry.assert_span("pack").with_parent("order");
    }));
    let said = failed.expect_err("it fails").downcast::<String>().unwrap();
    assert!(blocks("text").contains(&*said), "{said}");
}

/// Whether `command` is content with a file of this text.
fn is_accepted(mut command: Command, name: &str, text: &str) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    fs::File::create(&path).unwrap().write_all(text.as_bytes()).unwrap();
    let output = command.arg(&path).stdin(Stdio::null()).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&said));
}

#[test]
#[ignore = "needs the OpenTelemetry Collector (OTELCOL)"]
fn the_collector_accepts_its_file() {
    let mut command = Command::new(program::named("OTELCOL", "otelcol"));
    command.args(["validate", "--config"]);
    is_accepted(command, "collector.yaml", &block("yaml", "receivers:"));
}

#[test]
#[ignore = "needs promtool"]
fn prometheus_accepts_its_file() {
    let mut command = Command::new("promtool");
    command.args(["check", "config"]);
    is_accepted(command, "prometheus.yml", &block("yaml", "scrape_configs:"));
}

#[test]
#[ignore = "needs promtool"]
fn alerts_see_a_single_loss_and_end() {
    // At 2 minutes each series begins, with all that is ever lost.
    let tests = "
rule_files: [rules.yml]
evaluation_interval: 30s
tests:
  - interval: 30s
    input_series:
      - {series: 'otel_sdk_exporter_span_exported_total{error_type=\"timeout\"}', values: '_x4 512+0x40'}
      - {series: 'otel_sdk_exporter_span_exported_total', values: '0+100x44'}
      - {series: 'otel_sdk_exporter_log_exported_total', values: '0+100x44'}
      - {series: 'otel_sdk_processor_log_processed_total{error_type=\"queue_full\"}', values: '_x4 1+0x40'}
    alert_rule_test:
      - {alertname: SpansAreLost, eval_time: 1m}
      - {alertname: SpansAreLost, eval_time: 3m, exp_alerts: [{}]}
      - {alertname: SpansAreLost, eval_time: 15m}
      - {alertname: LogRecordsAreLost, eval_time: 3m}
      - {alertname: TelemetryFindsNoRoom, eval_time: 3m, exp_alerts: [{}]}
      - {alertname: TelemetryFindsNoRoom, eval_time: 15m}
";
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("rules.yml"), block("yaml", "alert: SpansAreLost")).unwrap();
    let mut command = Command::new("promtool");
    command.current_dir(directory.path()).args(["test", "rules"]);
    is_accepted(
        command,
        "tests.yml",
        &tests.replace("rules.yml", &directory.path().join("rules.yml").display().to_string()),
    );
}

#[test]
#[ignore = "needs kubernetes-validate (KUBERNETES_VALIDATE)"]
fn kubernetes_accepts_its_files() {
    let mut command = Command::new(program::named("KUBERNETES_VALIDATE", "kubernetes-validate"));
    command.arg("--strict");
    is_accepted(command, "checkout.yaml", &block("yaml", "kind: ConfigMap"));
}

#[test]
#[ignore = "needs systemd-analyze"]
fn systemd_accepts_its_unit() {
    // Only programs that exist are accepted.
    let unit = block("ini", "[Unit]").replace("/usr/local/bin/checkout", "/bin/true");
    let mut command = Command::new("systemd-analyze");
    command.arg("verify");
    is_accepted(command, "checkout.service", &unit);
}
