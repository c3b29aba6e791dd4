//! Certificates and encrypted connections, with `openssl` and a real Collector.
#![cfg(feature = "tls")]

use autotelemetry::prelude::*;
use std::{fs, path::Path};
use test_support::{
    certificates::{Authority, shell},
    collector::{Collector, field, sections},
    process,
    relay::Relay,
    require,
    tls::{send, to_tls},
    with_env,
};

/// The protocols that this build supports.
pub(super) const PROTOCOLS: &[&str] =
    if cfg!(feature = "grpc") { &["grpc", "http/protobuf"] } else { &["http/protobuf"] };

#[test]
fn mismatched_certificates_are_rejected_with_a_reason() {
    require!(Openssl);
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
    let problems = |tls: &str| {
        let tls = tls.replace('@', &format!("{}/", directory.path().display()));
        let (builder, of_file) = to_tls(&tls);
        let (errors, warnings) = match builder.build() {
            Ok(tools) => (Vec::new(), tools.warnings().to_vec()),
            Err(error) => (error.problems().to_vec(), Vec::new()),
        };
        let errors = errors.iter().map(|problem| format!("error: {problem}"));
        let all: Vec<_> =
            errors.chain(warnings.iter().map(|problem| format!("warning: {problem}"))).collect();
        let problems = all.join("\n").replace(&format!("{}/", directory.path().display()), "@");
        problems.replace(&format!("{}/autotelemetry.toml", of_file.path().display()), "file")
    };
    // Matching files have no problem.
    assert_eq!(
        problems("ca_file = \"@authority.pem\"\ncert_file = \"@own.pem\"\nkey_file = \"@own.key\""),
        ""
    );
    assert_eq!(
        problems("ca_file = \"@authority.pem\"\ncert_file = \"@both.pem\"\nkey_file = \"@both.pem\""),
        ""
    );
    assert_eq!(
        problems("cert_file = \"@own.pem\"\nkey_file = \"@other.key\""),
        "error: file:8:12: otlp.tls.key_file: the private key in @other.key does not match the certificate in @own.pem\n    \
         help: put the certificate of the service first in `cert_file`"
    );
    assert_eq!(
        problems("cert_file = \"@own.pem\"\nkey_file = \"@broken.key\""),
        "error: file:8:12: otlp.tls.key_file: cannot use @broken.key: the private key cannot be parsed\n    \
         help: use an RSA, ECDSA or Ed25519 key"
    );
    assert_eq!(
        problems("ca_file = \"@own.pem\""),
        "error: file:7:11: otlp.tls.ca_file: cannot use @own.pem: it contains no CA certificate\n    \
         help: use the certificate of the issuing CA instead of the server certificate"
    );
    assert_eq!(
        problems("cert_file = \"@old.pem\"\nkey_file = \"@own.key\""),
        "error: file:7:13: otlp.tls.cert_file: cannot use @old.pem: it contains a certificate that is not X.509 version 3"
    );
    assert_eq!(
        problems("ca_file = \"@half.pem\""),
        "warning: file:7:11: otlp.tls.ca_file: 1 of the 2 certificates in @half.pem cannot be parsed"
    );
    // All problems at once, each once although three signals share the files.
    assert_eq!(
        problems("ca_file = \"@none\"\ncert_file = \"@own.key\"\nkey_file = \"@own.pem\"").lines().count(),
        5
    );
}

#[test]
fn certificate_dates_give_warnings() {
    require!(Openssl);
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
    // An expired authority among others.
    let (old, _) = authority.issue_for("old", &openssl(at(-48)), &openssl(at(-24)));
    shell(directory.path(), "cat authority.pem old.pem > authorities.pem");
    let file = old.with_file_name("authorities.pem");
    let (builder, _directory) = to_tls(&format!("ca_file = \"{}\"", file.display()));
    let warnings = builder.build().unwrap().warnings().to_vec();
    let message = format!("one of the 2 certificates in {} expired at {}", file.display(), shown(at(-24)));
    assert_eq!(warnings.iter().map(autotelemetry::error::Problem::message).collect::<Vec<_>>(), [message]);
}

/// Returns the variables for a destination that requires a client certificate.
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

#[test]
fn mutual_tls_authenticates_both_sides() {
    require!(Collector, Openssl);
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

        let error =
            send(with_env(&with_identity(&endpoint, protocol, (&ca, "", ""))), "anonymous").unwrap_err();
        // With TLS 1.3 a rejected client learns of it when it sends, unless the connection is
        // already closed.
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
fn renewed_files_are_used_for_new_connections() {
    require!(Collector, Openssl);
    let output = process::run(process::function(module_path!(), "child_renews_certificates"));
    let stderr = String::from_utf8_lossy(&output.stderr);
    let warnings: Vec<_> = stderr.lines().filter(|line| line.contains("cannot use")).collect();
    assert!(
        warnings.len() == 1
            && warnings[0].contains("own.pem: invalid base64; still using the previously loaded files"),
        "{stderr}"
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
            // The first attempt may use the connection that has just been closed.
            .set("otlp.timeout", "10s");
        let tools = tools.build().unwrap();
        let send = |name: &'static str| {
            drop(tools.tracer("x").start_as_current_span(name));
            tools.force_flush().unwrap();
        };
        send("before");
        // Invalid files change nothing.
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
        // Restored for the next protocol.
        first.issue("own");
        fs::copy(first.file(), &trusted).unwrap();
    }
    let count = PROTOCOLS.len();
    of_first.wait(|text| sections(text, "Span").len() == 2 * count);
    let output = of_second.wait(|text| sections(text, "Span").len() == count);
    assert!(sections(&output, "Span").iter().all(|span| field(span, "Name") == "after"), "{output}");
}
