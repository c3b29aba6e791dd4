//! Diagnostics of a TOML language server in an editor, shown by `taplo lint`.

use std::{fs, path::Path};

use test_support::{programs::Program, require};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Returns whether taplo accepts the files, and its diagnostics.
fn lint(files: &[String]) -> (bool, String) {
    let output = Program::Taplo.command().arg("lint").args(files).output().unwrap();
    (output.status.success(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn taplo_accepts_the_example_files() {
    require!(Taplo);
    let mut files = Vec::new();
    for directory in ["config-examples", "examples"] {
        for entry in fs::read_dir(Path::new(ROOT).join(directory)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                let text = fs::read_to_string(&path).unwrap();
                assert!(
                    text.starts_with("#:schema ../schema/autotelemetry.schema.json\n"),
                    "{}",
                    path.display()
                );
                files.push(path.display().to_string());
            }
        }
    }
    let (good, diagnostics) = lint(&files);
    assert!(good && files.len() >= 7, "{diagnostics}");
}

#[test]
fn taplo_marks_mistakes() {
    require!(Taplo);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bad.toml");
    for (line, text) in [
        ("nmae = \"x\"", "[service]\nnmae = \"x\"\n"),
        ("port = 70000", "[prometheus]\nport = 70000\n"),
        ("timeout = \"5 sec\"", "[otlp]\ntimeout = \"5 sec\"\n"),
        ("sampler = \"Always-On\"", "[profiles.production.traces]\nsampler = \"Always-On\"\n"),
        ("compression = \"zip\"", "[profiles.production.otlp]\ncompression = \"zip\"\n"),
        ("sampler = { alway_on = {} }", "[traces]\nsampler = { alway_on = {} }\n"),
        ("ratio = 2", "[traces.sampler.parent_based.root.trace_id_ratio_based]\nratio = 2\n"),
        ("exporters = \"otlp\"", "[logs]\nexporters = \"otlp\"\n"),
    ] {
        fs::write(&path, format!("#:schema {ROOT}/schema/autotelemetry.schema.json\n{text}")).unwrap();
        let (good, diagnostics) = lint(&[path.display().to_string()]);
        assert!(!good && diagnostics.contains(line) && diagnostics.contains('^'), "{line}: {diagnostics}");
    }
    // A reference can replace any value.
    let text = "[prometheus]\nport = \"${PORT}\"\n[otlp]\nprotocol = \"${PROTOCOL:-grpc}\"\ntimeout = \"${LIMIT}\"\n[otlp.headers]\na = \"b\"\nc = { file = \"d\" }\n";
    fs::write(&path, format!("#:schema {ROOT}/schema/autotelemetry.schema.json\n{text}")).unwrap();
    let (good, diagnostics) = lint(&[path.display().to_string()]);
    assert!(good, "{diagnostics}");
}
