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
    for (line, text, message) in [
        ("nmae = \"x\"", "[service]\nnmae = \"x\"\n", "('nmae' was unexpected)"),
        ("port = 70000", "[prometheus]\nport = 70000\n", "70000 is greater than the maximum of 65535"),
        ("port = [1]", "[prometheus]\nport = [1]\n", "[1] is not of types \"integer\", \"string\""),
        (
            "timeout = \"5 sec\"",
            "[otlp]\ntimeout = \"5 sec\"\n",
            "\"5 sec\" does not match \"^\\s*([0-9]+(ms|s|m|h)\\s*)+$|",
        ),
        ("timeout = 5", "[otlp]\ntimeout = 5\n", "5 is not of type \"string\""),
        (
            "sampler = \"Always-On\"",
            "[profiles.production.traces]\nsampler = \"Always-On\"\n",
            "\"Always-On\" does not match \"^[a-z][a-z0-9_]*$|",
        ),
        (
            "compression = \"zip\"",
            "[profiles.production.otlp]\ncompression = \"zip\"\n",
            "\"zip\" is not one of [\"none\",\"gzip\"]",
        ),
        (
            "sampler = { alway_on = {} }",
            "[traces]\nsampler = { alway_on = {} }\n",
            "('alway_on' was unexpected)",
        ),
        (
            "ratio = 2",
            "[traces.sampler.parent_based.root.trace_id_ratio_based]\nratio = 2\n",
            "2 is greater than the maximum of 1",
        ),
        (
            "root = \"always\"",
            "[traces.sampler.parent_based]\nroot = \"always\"\n",
            "\"always\" is not one of [\"always_on\",\"always_off\"]",
        ),
        ("exporters = 1", "[logs]\nexporters = 1\n", "1 is not of types \"array\", \"string\""),
        ("exporters = \"otlp\"", "[logs]\nexporters = \"otlp\"\n", "\"otlp\" does not match"),
    ] {
        fs::write(&path, format!("#:schema {ROOT}/schema/autotelemetry.schema.json\n{text}")).unwrap();
        let (good, diagnostics) = lint(&[path.display().to_string()]);
        assert!(!good && diagnostics.contains(line) && diagnostics.contains('^'), "{line}: {diagnostics}");
        assert!(diagnostics.contains(message) && !diagnostics.contains("anyOf"), "{line}: {diagnostics}");
    }
    // A reference can replace any value.
    let text = "[prometheus]\nport = \"${PORT}\"\n[otlp]\nprotocol = \"${PROTOCOL:-grpc}\"\ntimeout = \"${LIMIT}\"\n[otlp.headers]\na = \"b\"\nc = { file = \"d\" }\n";
    fs::write(&path, format!("#:schema {ROOT}/schema/autotelemetry.schema.json\n{text}")).unwrap();
    let (good, diagnostics) = lint(&[path.display().to_string()]);
    assert!(good, "{diagnostics}");
}
