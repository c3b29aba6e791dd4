//! Completion, documentation and diagnostics of a language server, as an editor shows them.

use test_support::language_server::{self, LanguageServer};

/// Opens a document with the schema, whose first line is line 1.
fn open(text: &str) -> (LanguageServer, tempfile::TempDir) {
    // The server excludes hidden directories.
    let directory = tempfile::Builder::new().prefix("editor").tempdir().unwrap();
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/autotelemetry.schema.json");
    let path = directory.path().join("autotelemetry.toml");
    let text = format!("#:schema {schema}\n{text}");
    std::fs::write(&path, &text).unwrap();
    (LanguageServer::open(&path, &text), directory)
}

#[track_caller]
fn documentation<'items>(items: &'items [(String, String)], label: &str) -> &'items str {
    let found = items.iter().find(|(other, _)| other == label);
    &found.unwrap_or_else(|| panic!("no {label:?} in {items:#?}")).1
}

#[test]
fn keys_are_completed_with_their_documentation() {
    if !language_server::is_available() {
        return;
    }
    let (mut server, _directory) = open("[otlp]\n\n[profiles.production.otlp]\n\n[exporters.archive]\n\n");
    for line in [2, 4, 6] {
        let items = server.completions(line, 0);
        let endpoint = documentation(&items, "endpoint");
        assert!(endpoint.starts_with("The destination, a URL such as"), "{endpoint}");
        assert!(documentation(&items, "tls").starts_with("Encryption of the connection"), "{items:#?}");
        assert!(!items.iter().any(|(label, _)| label == "exporters"), "{items:#?}");
    }
}

#[test]
fn words_are_completed_with_their_documentation() {
    if !language_server::is_available() {
        return;
    }
    let (mut server, _directory) =
        open("[otlp]\nprotocol = \"\"\n[traces]\nsampler = \"\"\n[profiles.a.console]\nformat = \"\"\n");
    for (line, character, word, docs) in [
        (2, 12, "\"grpc\"", "gRPC over HTTP/2, default port 4317."),
        (4, 11, "\"always_on\"", "Every trace."),
        (6, 10, "\"json\"", "One JSON object per line."),
    ] {
        let items = server.completions(line, character);
        assert_eq!(documentation(&items, word), docs);
    }
}

#[test]
fn hover_shows_the_documentation_of_keys_and_words() {
    if !language_server::is_available() {
        return;
    }
    let (mut server, _directory) = open(
        "[otlp]\nprotocol = \"grpc\"\n[otlp.traces.batch]\nmax_queue_size = 10\n\
         [traces.sampler.parent_based]\nroot = \"always_on\"\n",
    );
    for (line, character, docs) in [
        (1, 2, "The destination of the exporter `otlp`."),
        (2, 2, "The transport and encoding"),
        (2, 13, "gRPC over HTTP/2, default port 4317."),
        (4, 2, "queue"),
        (6, 2, "The sampler for spans without a parent."),
    ] {
        let shown = server.hover(line, character);
        assert!(shown.contains(docs), "{line}:{character}: {shown:?}");
    }
}

#[test]
fn diagnostics_name_what_is_expected() {
    if !language_server::is_available() {
        return;
    }
    for (text, expected) in [
        ("[otlp]\ncompression = \"zip\"\n", r#""zip" is not one of ["none","gzip"]"#),
        ("[prometheus]\nport = 70000\n", "70000 is greater than the maximum of 65535"),
        ("[prometheus]\nport = [1]\n", r#"[1] is not of types "integer", "string""#),
        ("[otlp]\ntimeout = \"5 sec\"\n", r#""5 sec" does not match "^\s*([0-9]+(ms|s|m|h)\s*)+$|\$\{""#),
        ("[otlp]\ntimeout = 5\n", r#"5 is not of type "string""#),
        ("[traces]\nexporters = 1\n", r#"1 is not of types "array", "string""#),
        (
            "[traces]\nsampler = { alway_on = {} }\n",
            "Additional properties are not allowed ('alway_on' was unexpected)",
        ),
        ("[traces.sampler.trace_id_ratio_based]\nratio = 2\n", "2 is greater than the maximum of 1"),
        (
            "[traces.sampler.parent_based]\nroot = \"always\"\n",
            r#""always" is not one of ["always_on","always_off"]"#,
        ),
    ] {
        let (server, _directory) = open(text);
        let diagnostics = server.diagnostics();
        assert!(
            diagnostics.iter().any(|(line, text)| *line == 2 && text.starts_with(expected)),
            "{diagnostics:?}"
        );
        assert!(!diagnostics.iter().any(|(_, text)| text.contains("anyOf")), "{diagnostics:?}");
    }
    let (server, _directory) = open("[otlp]\ncompression = \"${COMPRESSION}\"\ntimeout = \"${LIMIT}\"\n");
    assert_eq!(server.diagnostics(), []);
}
