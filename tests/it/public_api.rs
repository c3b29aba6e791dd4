//! The public API of the library, as `cargo public-api -sss --all-features` prints it.
//!
//! `UPDATE_GOLDEN=1` rewrites `tests/snapshots/public-api.txt`. The crate `public-api` reads the
//! JSON that rustdoc writes; its version in `Cargo.toml` belongs to the toolchain in
//! `rust-toolchain.toml`.
#![cfg(all(unix, feature = "schema"))]

use std::{
    collections::BTreeSet,
    env, fs,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use test_support::{golden, process};

/// The format of rustdoc's JSON that the crate `public-api` reads.
const FORMAT_VERSION: u64 = 57;

/// The crates whose items may occur in public signatures.
const PUBLIC_CRATES: [&str; 8] = [
    "alloc",
    "autotelemetry",
    "core",
    "opentelemetry",
    "opentelemetry_sdk",
    "std",
    "tracing_core",
    "tracing_subscriber",
];

/// Runs rustdoc and returns the path of its JSON.
fn rustdoc_json() -> PathBuf {
    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    // JSON is an unstable format. Cargo would rebuild all dependencies if it saw `RUSTC_BOOTSTRAP`.
    let rustdoc = Path::new(env!("CARGO")).with_file_name("rustdoc");
    let wrapper = temporary.join("rustdoc");
    fs::write(&wrapper, format!("#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec '{}' \"$@\"\n", rustdoc.display()))
        .unwrap();
    fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755)).unwrap();

    let mut command = Command::new(env!("CARGO"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env("RUSTDOC", &wrapper).env_remove("RUSTDOCFLAGS");
    // The variables of a test make some build scripts run again.
    for (name, _) in env::vars_os() {
        if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command.args(["rustdoc", "--quiet", "--lib", "--all-features", "--"]);
    process::run({
        command.args(["-Z", "unstable-options", "--output-format", "json"]);
        command
    });
    temporary.with_file_name("doc").join("autotelemetry.json")
}

/// Returns the public API, one item a line; `None` if this toolchain writes another format.
fn public_api() -> Option<String> {
    let json = rustdoc_json();
    let parsed: serde_json::Value = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    let format = &parsed["format_version"];
    if *format != FORMAT_VERSION {
        let reason = format!("rustdoc writes format {format}, the crate public-api reads {FORMAT_VERSION}");
        assert!(process::variable("REQUIRE_BACKENDS").as_deref() != Some("1"), "{reason}");
        // Not by a macro, whose output the test harness captures.
        let _ = writeln!(std::io::stderr(), "public_api: skipped: {reason}");
        return None;
    }
    let builder = public_api::Builder::from_rustdoc_json(json);
    let builder = builder.omit_blanket_impls(true).omit_auto_trait_impls(true).omit_auto_derived_impls(true);
    let api = builder.build().unwrap();
    // An item that is exported twice is listed twice.
    let mut seen = BTreeSet::new();
    let lines = api.items().map(|item| format!("{item}\n")).filter(|line| seen.insert(line.clone()));
    // The guide exists in the documentation only.
    Some(lines.filter(|line| !line.starts_with("pub mod autotelemetry::guide")).collect())
}

/// Returns the crates of the paths in a line.
fn crates(line: &str) -> impl Iterator<Item = &str> {
    let is_path = |character: char| character.is_alphanumeric() || matches!(character, '_' | ':');
    let words = line.split(move |character| !is_path(character));
    words.filter_map(|word| Some(word.split_once("::")?.0)).filter(|root| {
        // `T::name` and `Self::NAME` begin with a type, `::` with nothing.
        root.starts_with(|character: char| character.is_lowercase())
    })
}

#[test]
fn public_api_matches_the_snapshot() {
    let Some(api) = public_api() else { return };
    let snapshot = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/public-api.txt");
    golden::assert_current(&snapshot, &api);
    let private: Vec<_> = api
        .lines()
        .flat_map(|line| crates(line).map(move |root| (root, line)))
        .filter(|(root, _)| !PUBLIC_CRATES.contains(root))
        .collect();
    assert!(private.is_empty(), "crates in public signatures: {private:#?}");
}
