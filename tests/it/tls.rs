//! TLS files, and encrypted connections.
#![cfg(feature = "tls")]

use std::{
    fs,
    net::TcpListener,
    path::Path,
    time::{Duration, Instant},
};

use test_support::{
    tls::{send, to_tls},
    with_env, with_file,
};

/// The protocols that this build supports.
const PROTOCOLS: &[&str] =
    if cfg!(feature = "grpc") { &["grpc", "http/protobuf"] } else { &["http/protobuf"] };

/// Returns the problems of `file` as the value of `key`, without the directory.
fn problems_of(directory: &Path, key: &str, file: &str) -> String {
    let beside = |other: &str| {
        if key == "ca_file" || key == other { String::new() } else { format!("{other} = \"{other}\"\n") }
    };
    let path = directory.join(file);
    // The other half of the identity is missing, which is reported after the problem of the file.
    let text = format!("{key} = \"{}\"\n{}{}", path.display(), beside("cert_file"), beside("key_file"));
    let (builder, _directory) = to_tls(&text);
    let problems = match builder.build() {
        Ok(tools) => tools.warnings().iter().map(ToString::to_string).collect(),
        Err(error) => error.problems().iter().map(ToString::to_string).collect::<Vec<_>>(),
    };
    let problems = problems.iter().filter(|problem| problem.contains(&format!("otlp.tls.{key}: ")));
    let problems =
        problems.cloned().collect::<Vec<_>>().join("\n").replace(&format!("{}/", directory.display()), "");
    match problems.split_once(&format!("otlp.tls.{key}: ")) {
        Some((place, problems))
            if place.ends_with("autotelemetry.toml:7:11: ")
                || place.ends_with(":7:12: ")
                || place.ends_with(":7:13: ") =>
        {
            problems.to_owned()
        }
        _ => problems,
    }
}

#[test]
fn invalid_pem_is_rejected_with_a_reason() {
    let directory = tempfile::tempdir().unwrap();
    let section =
        |label: &str, inside: &str| format!("-----BEGIN {label}-----\n{inside}\n-----END {label}-----\n");
    let secret = "s3cr3t-canary";
    for (key, content, expected) in [
        ("ca_file", "  \n".to_owned(), "it is empty"),
        (
            "ca_file",
            secret.to_owned(),
            "it contains no PEM\n    help: use a PEM file; it begins with a line such as -----BEGIN CERTIFICATE-----",
        ),
        (
            "cert_file",
            format!("0\u{1}{secret}"),
            "it contains no PEM; it looks like DER\n    help: convert it to PEM, for example with `openssl x509 -inform der -in FILE -out FILE`",
        ),
        ("cert_file", section("CERTIFICATE", "s3cr3t-canary!"), "invalid base64"),
        (
            "cert_file",
            format!("-----BEGIN CERTIFICATE-----\n{secret}\n"),
            "a -----BEGIN line has no -----END line",
        ),
        ("cert_file", format!("-----BEGIN CERTIFICATE\n{secret}\n"), "a -----BEGIN line is malformed"),
        ("cert_file", section("CERTIFICATE", "AAAA"), "it contains a certificate that cannot be parsed"),
        ("ca_file", section("CERTIFICATE", "AAAA"), "it contains a certificate that cannot be parsed"),
        (
            "cert_file",
            section("CERTIFICATE REQUEST", "AAAA"),
            "it contains a certificate signing request, not a certificate",
        ),
        (
            "ca_file",
            section("X509 CRL", "AAAA"),
            "it contains a certificate revocation list, not a certificate",
        ),
        ("ca_file", section(secret, "AAAA"), "it contains other PEM data, not a certificate"),
        (
            "cert_file",
            section("PRIVATE KEY", "AAAA"),
            "it contains a private key, not a certificate\n    help: set `key_file` to the file with the private key",
        ),
        (
            "ca_file",
            section("ENCRYPTED PRIVATE KEY", "AAAA"),
            "it contains a private key, not a certificate\n    help: set `key_file` to the file with the private key",
        ),
        (
            "key_file",
            section("CERTIFICATE", "AAAA"),
            "it contains a certificate, not a private key\n    help: set `cert_file` to the file with the certificate",
        ),
        ("key_file", section("PUBLIC KEY", "AAAA"), "it contains a public key, not a private key"),
        (
            "key_file",
            section("ENCRYPTED PRIVATE KEY", "AAAA"),
            "the private key is encrypted\n    help: decrypt it, for example with `openssl pkey -in FILE -out FILE`",
        ),
        (
            "key_file",
            section("RSA PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA"),
            "the private key is encrypted\n    help: decrypt it, for example with `openssl pkey -in FILE -out FILE`",
        ),
    ] {
        fs::write(directory.path().join("file"), &content).unwrap();
        let problems = problems_of(directory.path(), key, "file");
        assert_eq!(problems, format!("cannot use file: {expected}"), "{content}");
    }
    assert_eq!(
        problems_of(directory.path(), "ca_file", "none"),
        "cannot use none: No such file or directory (os error 2)"
    );
    fs::create_dir(directory.path().join("directory")).unwrap();
    assert_eq!(
        problems_of(directory.path(), "ca_file", "directory"),
        "cannot use directory: it is not a regular file"
    );
    fs::File::create(directory.path().join("large")).unwrap().set_len(5 << 20).unwrap();
    assert_eq!(
        problems_of(directory.path(), "key_file", "large"),
        "cannot use large: it is larger than 4 MiB"
    );
}

#[test]
fn signal_tls_keys_override_general_ones_with_paths_relative_to_the_file() {
    let text = "service.name = \"x\"\n[otlp]\nendpoint = \"https://c:4318\"\n\
                [otlp.tls]\nca_file = \"ca.pem\"\ncert_file = \"certs/own.pem\"\nkey_file = \"/etc/own.key\"\n\
                [otlp.traces.tls]\nca_file = \"${NAME}/../traces.pem\"\n\
                [exporters.vendor]\nendpoint = \"https://v\"\ntls.ca_file = \"vendor.pem\"\n";
    let variables = [
        ("NAME", "sub"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "from/here.pem"),
        ("AUTOTEL_OTLP__LOGS__TLS__KEY_FILE", "logs.key"),
    ];
    let (builder, directory) = with_file(text, &variables);
    // None of the files exists, and none is opened.
    let explained = builder.explain();
    assert_eq!(explained.errors(), []);
    let value = |key: &str| {
        let (_, value, origin) = explained.values().find(|(other, ..)| *other == key).unwrap();
        let shown = format!("{value} {origin}").replace(&format!("{}/", directory.path().display()), "@");
        shown.replace('"', "")
    };
    for (key, expected) in [
        ("otlp.tls.ca_file", "from/here.pem OTEL_EXPORTER_OTLP_CERTIFICATE"),
        ("otlp.metrics.tls.ca_file", "from/here.pem OTEL_EXPORTER_OTLP_CERTIFICATE"),
        ("otlp.traces.tls.ca_file", "@sub/../traces.pem @autotelemetry.toml:9:11"),
        ("otlp.traces.tls.cert_file", "@certs/own.pem @autotelemetry.toml:6:13"),
        ("otlp.traces.tls.key_file", "/etc/own.key @autotelemetry.toml:7:12"),
        ("otlp.logs.tls.key_file", "logs.key AUTOTEL_OTLP__LOGS__TLS__KEY_FILE"),
        ("exporters.vendor.logs.tls.ca_file", "@vendor.pem @autotelemetry.toml:12:15"),
        ("exporters.vendor.logs.tls.cert_file", "- default"),
    ] {
        assert_eq!(value(key), expected, "{key}");
    }
}

#[test]
fn incomplete_identity_is_an_error_or_a_warning_by_its_source() {
    let (builder, _directory) = to_tls("cert_file = \"own.pem\"");
    let explained = builder.explain();
    let errors: Vec<_> =
        explained.errors().iter().map(|problem| (problem.message(), problem.help())).collect();
    assert_eq!(errors, [("a certificate requires its private key", Some("set `otlp.tls.key_file`"))]);

    let variables = [
        ("OTEL_SERVICE_NAME", "x"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://127.0.0.1:1"),
        ("OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY", "own.key"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://127.0.0.1:1/v1/traces"),
        ("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "ca.pem"),
    ];
    let tools = with_env(&variables).set("logs.exporters", "otlp").build().unwrap();
    let warnings: Vec<_> = tools.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE: otlp.traces.tls.ca_file: the connection is not encrypted, because the \
             endpoint uses http://, ignored\n    help: use https:// in `otlp.traces.endpoint`, or remove this key",
            "OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY: otlp.logs.tls.key_file: a private key requires its certificate, ignored\n    \
             help: set `otlp.logs.tls.cert_file`",
        ]
    );
}

#[test]
fn check_reads_tls_files_and_explain_does_not() {
    let (builder, directory) = to_tls("ca_file = \"ca.pem\"");
    let errors: Vec<_> = builder.check().errors().iter().map(ToString::to_string).collect();
    let path = directory.path().display();
    assert_eq!(
        errors,
        [format!(
            "{path}/autotelemetry.toml:7:11: otlp.tls.ca_file: cannot use {path}/ca.pem: No such file or \
             directory (os error 2)"
        )]
    );
    let (builder, _directory) = to_tls("ca_file = \"ca.pem\"");
    assert_eq!(builder.explain().errors(), []);
}

#[test]
fn disabled_tools_need_no_tls_files() {
    let (builder, _directory) = to_tls("ca_file = \"none.pem\"");
    let tools = builder.force("disabled", true).build().unwrap();
    assert_eq!(tools.warnings(), []);
}

#[test]
fn silent_tls_server_times_out() {
    // Connections stay in its backlog.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    for protocol in PROTOCOLS {
        let endpoint = format!("https://{address}");
        let direct = [
            ("OTEL_SERVICE_NAME", "x"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "500"),
        ];
        let begin = Instant::now();
        let error = send(with_env(&direct), "x").unwrap_err();
        assert!(error.contains("TLS: handshake did not finish within 250ms"), "{error}");
        let proxy = format!("http://user:s3cr3t@{address}");
        let by_proxy = [
            &direct[..],
            &[("HTTPS_PROXY", &proxy), ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector.test")],
        ];
        let error = send(with_env(&by_proxy.concat()), "x").unwrap_err();
        let reason =
            format!("proxy {address} could not connect to the destination: timed out while connecting");
        assert!(error.contains(&reason), "{error}");
        assert!(begin.elapsed() < Duration::from_secs(5));
    }
}
