//! The files that connections are encrypted with, connections that are, and proxies on the way.
#![cfg(feature = "tls")]

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::Path,
    time::{Duration, Instant},
};

use crate::support::{
    certificates::{Authority, shell},
    collector::{Collector, field, sections},
    program,
    relay::Relay,
    sink::Sink,
    with_env, with_file,
};
use autotelemetry::{Builder, prelude::*};

/// Traces to an encrypted destination, with these keys in `[otlp.tls]`.
fn to_tls(tls: &str) -> (Builder, tempfile::TempDir) {
    with_file(
        &format!(
            "traces.exporters = [\"otlp\"]\nlogs.exporters = []\nservice.name = \"x\"\n\
             [otlp]\nendpoint = \"https://127.0.0.1:1\"\n[otlp.tls]\n{tls}\n"
        ),
        &[],
    )
}

/// All that is said when this file is named by `key`, with the directory left out.
fn said_of(directory: &Path, key: &str, file: &str) -> String {
    let beside = |other: &str| {
        if key == "ca_file" || key == other { String::new() } else { format!("{other} = \"{other}\"\n") }
    };
    let path = directory.join(file);
    // The other half of the identity is missing, which is said behind it.
    let text = format!("{key} = \"{}\"\n{}{}", path.display(), beside("cert_file"), beside("key_file"));
    let (builder, _directory) = to_tls(&text);
    let said = match builder.build() {
        Ok(tools) => tools.warnings().iter().map(ToString::to_string).collect(),
        Err(error) => error.problems().iter().map(ToString::to_string).collect::<Vec<_>>(),
    };
    let said = said.iter().filter(|problem| problem.contains(&format!("otlp.tls.{key}: ")));
    let said = said.cloned().collect::<Vec<_>>().join("\n").replace(&format!("{}/", directory.display()), "");
    match said.split_once(&format!("otlp.tls.{key}: ")) {
        Some((place, said))
            if place.ends_with("autotelemetry.toml:7:11: ")
                || place.ends_with(":7:12: ")
                || place.ends_with(":7:13: ") =>
        {
            said.to_owned()
        }
        _ => said,
    }
}

#[test]
fn what_is_no_pem_is_refused_in_words() {
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
        let said = said_of(directory.path(), key, "file");
        assert_eq!(said, format!("cannot use file: {expected}"), "{content}");
    }
    assert_eq!(
        said_of(directory.path(), "ca_file", "none"),
        "cannot use none: No such file or directory (os error 2)"
    );
    fs::create_dir(directory.path().join("directory")).unwrap();
    assert_eq!(
        said_of(directory.path(), "ca_file", "directory"),
        "cannot use directory: it is not a regular file"
    );
    fs::File::create(directory.path().join("large")).unwrap().set_len(5 << 20).unwrap();
    assert_eq!(said_of(directory.path(), "key_file", "large"), "cannot use large: it is larger than 4 MiB");
}

#[test]
#[ignore = "needs openssl"]
fn what_does_not_go_together_is_refused_in_words() {
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new(directory.path(), "authority");
    authority.issue("own");
    authority.issue("other");
    shell(
        directory.path(),
        "cat own.pem own.key > both.pem
         openssl x509 -req -in own.csr -CA authority.pem -CAkey authority.key -CAcreateserial -out old.pem
         printf -- '-----BEGIN PRIVATE KEY-----\\nAAAA\\n-----END PRIVATE KEY-----\\n' > broken.key
         printf -- '-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----\\n' | cat - authority.pem > half.pem",
    );
    let said = |tls: &str| {
        let tls = tls.replace('@', &format!("{}/", directory.path().display()));
        let (builder, of_file) = to_tls(&tls);
        let (errors, warnings) = match builder.build() {
            Ok(tools) => (Vec::new(), tools.warnings().to_vec()),
            Err(error) => (error.problems().to_vec(), Vec::new()),
        };
        let errors = errors.iter().map(|problem| format!("error: {problem}"));
        let all: Vec<_> =
            errors.chain(warnings.iter().map(|problem| format!("warning: {problem}"))).collect();
        let said = all.join("\n").replace(&format!("{}/", directory.path().display()), "@");
        said.replace(&format!("{}/autotelemetry.toml", of_file.path().display()), "file")
    };
    // What is right is silent.
    assert_eq!(said("ca_file = \"@authority.pem\"\ncert_file = \"@own.pem\"\nkey_file = \"@own.key\""), "");
    assert_eq!(said("ca_file = \"@authority.pem\"\ncert_file = \"@both.pem\"\nkey_file = \"@both.pem\""), "");
    assert_eq!(
        said("cert_file = \"@own.pem\"\nkey_file = \"@other.key\""),
        "error: file:8:12: otlp.tls.key_file: the private key in @other.key does not match the certificate in @own.pem\n    \
         help: put the certificate of the service first in `cert_file`"
    );
    assert_eq!(
        said("cert_file = \"@own.pem\"\nkey_file = \"@broken.key\""),
        "error: file:8:12: otlp.tls.key_file: cannot use @broken.key: the private key cannot be parsed\n    \
         help: use an RSA, ECDSA or Ed25519 key"
    );
    assert_eq!(
        said("ca_file = \"@own.pem\""),
        "error: file:7:11: otlp.tls.ca_file: cannot use @own.pem: it contains no CA certificate\n    \
         help: use the certificate of the issuing CA instead of the server certificate"
    );
    assert_eq!(
        said("cert_file = \"@old.pem\"\nkey_file = \"@own.key\""),
        "error: file:7:13: otlp.tls.cert_file: cannot use @old.pem: it contains a certificate that is not X.509 version 3"
    );
    assert_eq!(
        said("ca_file = \"@half.pem\""),
        "warning: file:7:11: otlp.tls.ca_file: 1 of the 2 certificates in @half.pem cannot be parsed"
    );
    // All at once, each once although three signals share them.
    assert_eq!(
        said("ca_file = \"@none\"\ncert_file = \"@own.key\"\nkey_file = \"@own.pem\"").lines().count(),
        5
    );
}

#[test]
#[ignore = "needs openssl"]
fn dates_of_certificates_are_warned_about() {
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new(directory.path(), "authority");
    let now = jiff::Timestamp::now();
    let at = |hours: i64| now + jiff::SignedDuration::from_hours(hours);
    let openssl = |time: jiff::Timestamp| time.strftime("%Y%m%d%H%M%SZ").to_string();
    let shown = |time: jiff::Timestamp| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let cases = [
        (at(-48), at(-24), format!("expired at {}", shown(at(-24)))),
        (at(24), at(2400), format!("is not valid before {}", shown(at(24)))),
        (at(-24), at(24 * 6), format!("expires at {}", shown(at(24 * 6)))),
        (at(-24), at(24 * 8), String::new()),
    ];
    for (begin, end, expected) in cases {
        let (certificate, key) = authority.issue_for("own", &openssl(begin), &openssl(end));
        let tls = format!("cert_file = \"{}\"\nkey_file = \"{}\"", certificate.display(), key.display());
        let (builder, _directory) = to_tls(&tls);
        let tools = builder.build().unwrap();
        let warnings: Vec<_> =
            tools.warnings().iter().map(|warning| (warning.key(), warning.message())).collect();
        if expected.is_empty() {
            assert_eq!(warnings, []);
        } else {
            let message = format!("the certificate in {} {expected}", certificate.display());
            assert_eq!(warnings, [(Some("otlp.tls.cert_file"), message.as_str())]);
        }
    }
    // An authority among others.
    let (old, _) = authority.issue_for("old", &openssl(at(-48)), &openssl(at(-24)));
    shell(directory.path(), "cat authority.pem old.pem > authorities.pem");
    let file = old.with_file_name("authorities.pem");
    let (builder, _directory) = to_tls(&format!("ca_file = \"{}\"", file.display()));
    let warnings = builder.build().unwrap().warnings().to_vec();
    let message = format!("one of the 2 certificates in {} expired at {}", file.display(), shown(at(-24)));
    assert_eq!(warnings.iter().map(autotelemetry::error::Problem::message).collect::<Vec<_>>(), [message]);
}

#[test]
fn a_key_of_a_signal_replaces_the_general_one_and_paths_begin_at_the_file() {
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
    // None of the files exists, and nobody looks.
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
fn half_an_identity_is_an_error_and_from_standard_variables_a_warning() {
    let (builder, _directory) = to_tls("cert_file = \"own.pem\"");
    let explained = builder.explain();
    let errors: Vec<_> =
        explained.errors().iter().map(|problem| (problem.message(), problem.help())).collect();
    assert_eq!(errors, [("a certificate needs its private key", Some("set `otlp.tls.key_file`"))]);

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
            "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE: otlp.traces.tls.ca_file: the connection is not encrypted, since the \
             endpoint is http://, ignored\n    help: write https:// in `otlp.traces.endpoint`, or remove this key",
            "OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY: otlp.logs.tls.key_file: a private key needs its certificate, ignored\n    \
             help: set `otlp.logs.tls.cert_file`",
        ]
    );
}

#[test]
fn check_opens_the_files_and_explain_does_not() {
    let (builder, directory) = to_tls("ca_file = \"ca.pem\"");
    let errors: Vec<_> = builder.check().errors().iter().map(ToString::to_string).collect();
    let path = directory.path().display();
    assert_eq!(
        errors,
        [format!(
            "{path}/autotelemetry.toml:7:11: otlp.tls.ca_file: cannot use {path}/ca.pem: No such file or directory (os error 2)"
        )]
    );
    let (builder, _directory) = to_tls("ca_file = \"ca.pem\"");
    assert_eq!(builder.explain().errors(), []);
}

#[test]
fn who_is_switched_off_needs_no_files() {
    let (builder, _directory) = to_tls("ca_file = \"none.pem\"");
    let tools = builder.force("disabled", true).build().unwrap();
    assert_eq!(tools.warnings(), []);
}

/// Sends one span of this name, and tells how that went.
fn send(builder: Builder, name: &'static str) -> Result<(), String> {
    let tools = builder.set("traces.exporters", "otlp").set("logs.exporters", "none").build().unwrap();
    drop(tools.tracer("x").start_as_current_span(name));
    tools.shutdown().map_err(|error| error.to_string())
}

/// With a certificate of ours, for a destination that wants one.
fn with_identity<'a>(
    endpoint: &'a str,
    protocol: &'a str,
    (ca, cert, key): (&'a str, &'a str, &'a str),
) -> [(&'a str, &'a str); 6] {
    [
        ("OTEL_SERVICE_NAME", "x"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", ca),
        ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", cert),
        ("OTEL_EXPORTER_OTLP_CLIENT_KEY", key),
    ]
}

const PROTOCOLS: &[&str] =
    if cfg!(feature = "grpc") { &["grpc", "http/protobuf"] } else { &["http/protobuf"] };

#[test]
#[ignore = "needs the OpenTelemetry Collector (OTELCOL) and openssl"]
fn both_sides_show_their_certificates() {
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new(directory.path(), "authority");
    let stranger = Authority::new(directory.path(), "stranger");
    let (certificate, key) = authority.issue("server");
    let (own, own_key) = authority.issue("own");
    let collector = Collector::start_mtls(&certificate, &key, &authority.file());
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let (ca, own, own_key) = (text(&authority.file()), text(&own), text(&own_key));
    for protocol in PROTOCOLS {
        let endpoint = collector.url(protocol).replace("http://127.0.0.1", "https://localhost");
        let good = with_identity(&endpoint, protocol, (&ca, &own, &own_key));
        send(with_env(&good), "accepted").unwrap();

        let error = send(with_env(&with_identity(&endpoint, protocol, (&ca, "", ""))), "nobody").unwrap_err();
        // Who is refused by TLS 1.3 hears of it when it sends, if it does not find the connection closed.
        let refused = [
            "the server requires a client certificate",
            "the server may require a client certificate",
            "broken pipe",
            "reset",
            "closed",
        ];
        assert!(refused.iter().any(|reason| error.contains(reason)), "{protocol}: {error}");
        let other = text(&stranger.file());
        let error = send(with_env(&with_identity(&endpoint, protocol, (&other, &own, &own_key))), "refused");
        let error = error.unwrap_err();
        assert!(
            error
                .contains("TLS: the server certificate is signed by an unknown authority; set `tls.ca_file`"),
            "{error}"
        );
    }
    let output = collector.wait(|text| sections(text, "Span").len() == PROTOCOLS.len());
    assert!(sections(&output, "Span").iter().all(|span| field(span, "Name") == "accepted"), "{output}");
}

#[test]
#[ignore = "needs the OpenTelemetry Collector (OTELCOL) and openssl"]
fn renewed_files_are_used_for_the_next_connection() {
    let output = program::run(program::function(module_path!(), "child_renews_certificates"));
    let said = String::from_utf8_lossy(&output.stderr);
    let warnings: Vec<_> = said.lines().filter(|line| line.contains("cannot use")).collect();
    assert!(
        warnings.len() == 1
            && warnings[0].contains("own.pem: invalid base64; still using the previously loaded files"),
        "{said}"
    );
}

#[test]
#[ignore = "child process of other tests"]
fn child_renews_certificates() {
    let directory = tempfile::tempdir().unwrap();
    let first = Authority::new(directory.path(), "first");
    let second = Authority::new(directory.path(), "second");
    let collector = |authority: &Authority, name: &str| {
        let (certificate, key) = authority.issue(name);
        Collector::start_mtls(&certificate, &key, &authority.file())
    };
    let (of_first, of_second) = (collector(&first, "server1"), collector(&second, "server2"));
    let (trusted, own, own_key) = (
        directory.path().join("trusted.pem"),
        directory.path().join("own.pem"),
        directory.path().join("own.key"),
    );
    fs::copy(first.file(), &trusted).unwrap();
    first.issue("own");
    for protocol in PROTOCOLS {
        let relay = Relay::start(of_first.address(protocol));
        let endpoint = format!("https://{}", relay.address());
        let files = [&trusted, &own, &own_key].map(|path| path.to_str().unwrap());
        let files = (files[0], files[1], files[2]);
        let tools = with_env(&with_identity(&endpoint, protocol, files))
            .set("traces.exporters", "otlp")
            .set("logs.exporters", "none")
            // The first attempt may meet the connection that has just ended.
            .set("otlp.timeout", "10s");
        let tools = tools.build().unwrap();
        let send = |name: &'static str| {
            drop(tools.tracer("x").start_as_current_span(name));
            tools.force_flush().unwrap();
        };
        send("before");
        // What is bad changes nothing.
        let good = fs::read(&own).unwrap();
        if *protocol == PROTOCOLS[0] {
            fs::write(&own, "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n").unwrap();
        }
        relay.redirect(of_first.address(protocol));
        send("meanwhile");
        fs::write(&own, good).unwrap();

        second.issue("own");
        fs::copy(second.file(), &trusted).unwrap();
        relay.redirect(of_second.address(protocol));
        send("after");
        tools.shutdown().unwrap();
        // Back, for the next protocol.
        first.issue("own");
        fs::copy(first.file(), &trusted).unwrap();
    }
    let count = PROTOCOLS.len();
    of_first.wait(|text| sections(text, "Span").len() == 2 * count);
    let output = of_second.wait(|text| sections(text, "Span").len() == count);
    assert!(sections(&output, "Span").iter().all(|span| field(span, "Name") == "after"), "{output}");
}

#[test]
fn who_never_speaks_tls_is_given_up() {
    // Connections wait in its backlog for ever.
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

/// Sends by a proxy to `destination`, and tells how that went.
fn send_by_proxy(destination: &str, protocol: &str, variables: &[(&str, &str)]) -> Result<(), String> {
    let own = [
        ("OTEL_SERVICE_NAME", "x"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", destination),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "2000"),
    ];
    send(with_env(&[&own, variables].concat()), "by.proxy")
}

fn url_of(relay: SocketAddr, user: &str) -> String {
    format!("http://{user}{relay}")
}

#[test]
#[ignore = "needs the OpenTelemetry Collector (OTELCOL) and openssl"]
fn encrypted_connections_go_through_the_proxy() {
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new(directory.path(), "authority");
    let (certificate, key) = authority.issue("server");
    let collector = Collector::start_tls(&certificate, &key);
    let ca = authority.file();
    let ca = ("OTEL_EXPORTER_OTLP_CERTIFICATE", ca.to_str().unwrap());
    for protocol in PROTOCOLS {
        let relay = Relay::start(collector.address(protocol));
        let proxy = url_of(relay.address(), "user:s3%20cret@");
        send_by_proxy("https://collector.test:4317", protocol, &[ca, ("HTTPS_PROXY", &proxy)]).unwrap();
        let heads = relay.heads();
        assert_eq!(heads.len(), 1, "{heads:?}");
        assert!(heads[0].starts_with("CONNECT collector.test:4317 HTTP/1.1\r\n"), "{heads:?}");
        // user:s3 cret
        assert!(heads[0].ends_with("\r\nProxy-Authorization: Basic dXNlcjpzMyBjcmV0"), "{heads:?}");

        // Who is exempt is looked for directly, and `collector.test` is nowhere.
        for exempt in ["collector.test", ".test", "a,*"] {
            let variables = [ca, ("ALL_PROXY", proxy.as_str()), ("no_proxy", exempt)];
            let error = send_by_proxy("https://collector.test:4317", protocol, &variables).unwrap_err();
            assert!(error.contains("name not found: "), "{error}");
        }
        let local = collector.url(protocol).replace("http://127.0.0.1", "https://localhost");
        send_by_proxy(&local, protocol, &[ca, ("HTTPS_PROXY", &proxy)]).unwrap();
        assert_eq!(relay.heads().len(), 1);

        relay.refuse("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
        let error = send_by_proxy("https://collector.test:4317", protocol, &[ca, ("HTTPS_PROXY", &proxy)]);
        let error = error.unwrap_err();
        let expected = format!(
            "proxy {} could not connect to the destination: tunnel error: proxy authorization required",
            relay.address()
        );
        assert!(error.contains(&expected) && !error.contains("s3"), "{error}");
    }
    collector.wait(|text| sections(text, "Span").len() == 2 * PROTOCOLS.len());
}

#[test]
fn a_proxy_that_is_not_there_is_named() {
    let proxy = ("https_proxy", "http://user:s3cret@127.0.0.1:1");
    let error = send_by_proxy("https://collector.test", "http/protobuf", &[proxy]).unwrap_err();
    assert!(
        error.contains("proxy 127.0.0.1:1 could not connect to the destination: ")
            && error.contains("refused"),
        "{error}"
    );
    let proxy = ("https_proxy", "http://user:s3cret@proxy.invalid");
    let error = send_by_proxy("https://collector.test", "http/protobuf", &[proxy]).unwrap_err();
    assert!(error.contains("proxy proxy.invalid could not connect to the destination: "), "{error}");
    assert!(error.contains("Name or service not known") && !error.contains("s3cret"), "{error}");
}

#[test]
fn plain_requests_are_given_to_the_proxy() {
    let sink = Sink::start();
    let relay = Relay::start(sink.address());
    let proxy = url_of(relay.address(), "user:secret@");
    send_by_proxy("http://collector.test:4318", "http/protobuf", &[("http_proxy", &proxy)]).unwrap();
    let heads = relay.heads();
    assert!(heads[0].starts_with("POST http://collector.test:4318/v1/traces HTTP/1.1\r\n"), "{heads:?}");
    assert!(heads[0].contains("\r\nproxy-authorization: Basic dXNlcjpzZWNyZXQ="), "{heads:?}");
    // A destination on this machine is asked itself, and told nothing of the proxy.
    send_by_proxy(&sink.url(), "http/protobuf", &[("http_proxy", &proxy)]).unwrap();
    assert_eq!(relay.heads().len(), 1);
    let received = sink.received();
    assert_eq!(received.last().unwrap().header("proxy-authorization"), None);
    assert_eq!(sink.spans().len(), 2);
}

#[test]
fn proxies_that_are_not_used_are_warned_about() {
    let said = |variables: &[(&str, &str)]| {
        let named = [&[("OTEL_SERVICE_NAME", "x")], variables].concat();
        let explained = with_env(&named).explain();
        assert_eq!(explained.errors(), []);
        explained.warnings().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let https = ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://c:4318");
    let unusable = "is not the URL of an HTTP proxy, ignored\n    help: for example http://proxy:3128";
    assert_eq!(said(&[https, ("https_proxy", "user:s3cret@no url")]), [format!("https_proxy: {unusable}")]);
    assert_eq!(said(&[https, ("ALL_PROXY", "socks5://p:1")]), [format!("ALL_PROXY: {unusable}")]);
    // Not of our business: nothing goes that way.
    assert_eq!(said(&[https, ("ALL_PROXY", "socks5://p:1"), ("NO_PROXY", "c")]), [""; 0]);
    assert_eq!(said(&[https, ("HTTP_PROXY", "no url")]), [""; 0]);
    assert_eq!(said(&[("HTTPS_PROXY", "no url")]), [""; 0]);
    if cfg!(feature = "grpc") {
        let grpc = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4317"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("HTTP_PROXY", "p:3128"),
        ];
        let warning = "HTTP_PROXY: is not used for grpc over http:// (http://c:4317)\n    \
                       help: use https://, or name the host in NO_PROXY";
        assert_eq!(said(&grpc), [warning]);
        assert_eq!(said(&[&grpc[..], &[("NO_PROXY", "c")]].concat()), [""; 0]);
    }
}
