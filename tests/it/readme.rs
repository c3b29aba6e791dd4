//! The code blocks, links and outputs of the README are correct.

use crate::published_config;
use std::path::Path;

use autotelemetry::{prelude::*, testing};
use test_support::readme::{README, block, blocks};
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn toml_blocks_load_without_problems() {
    let blocks = blocks("toml");
    // Cargo.toml is TOML too.
    let blocks: Vec<_> = blocks.iter().filter(|block| !block.contains("[dependencies]")).collect();
    assert!(blocks.len() >= 12, "{}", blocks.len());
    for block in blocks {
        published_config::assert_loads(block, block);
    }
}

#[test]
fn config_map_loads_without_problems() {
    let yaml = block("yaml", "kind: ConfigMap");
    let (_, text) = yaml.split_once("  autotelemetry.toml: |\n").unwrap();
    let text: String = text
        .lines()
        .take_while(|line| line.is_empty() || line.starts_with("    "))
        .flat_map(|line| [line.get(4..).unwrap_or_default(), "\n"])
        .collect();
    assert!(text.contains("[profiles.production.traces]"), "{text}");
    published_config::assert_loads(&text, "the config map");
}

#[test]
fn links_have_targets() {
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
fn failed_assertion_matches_the_example() {
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
    let message = failed.expect_err("it fails").downcast::<String>().unwrap();
    assert!(blocks("text").contains(&*message), "{message}");
}
