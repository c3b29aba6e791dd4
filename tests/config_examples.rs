//! Every file that we show can be loaded.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::{fs, path::Path};

use support::with_file;

/// What the examples expect of the environment.
const ENVIRONMENT: [(&str, &str); 2] = [("OTLP_TOKEN", "token"), ("OTEL_SDK_DISABLED", "true")];

fn loads(text: &str, what: &str) {
    let mut profiles: Vec<Option<String>> = vec![None];
    for line in text.lines() {
        let name = line.strip_prefix("[profiles.").and_then(|rest| rest.split(['.', ']']).next());
        profiles.extend(name.map(|name| Some(name.to_owned())));
    }
    for profile in profiles {
        let (mut builder, _directory) = with_file(text, &ENVIRONMENT);
        if let Some(profile) = &profile {
            builder = builder.profile(profile);
        }
        // The name may be left to the program; everything else must be right.
        let tools = builder.service_name("example").strict(true).build();
        let tools = tools.unwrap_or_else(|error| panic!("{what}, profile {profile:?}: {error}"));
        assert!(tools.config().disabled);
    }
}

#[test]
fn every_example_file_loads() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    for directory in ["config-examples", "examples"] {
        for entry in fs::read_dir(root.join(directory)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                loads(&fs::read_to_string(&path).unwrap(), &path.display().to_string());
                count += 1;
            }
        }
    }
    assert!(count >= 6, "there are {count} files");
}

#[test]
fn every_toml_block_of_the_readme_loads() {
    let readme = include_str!("../README.md");
    let blocks: Vec<_> =
        readme.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    // Cargo.toml is TOML too.
    let blocks: Vec<_> = blocks.into_iter().filter(|block| !block.contains("[dependencies]")).collect();
    assert!(blocks.len() >= 2);
    for block in blocks {
        loads(block, block);
    }
}
