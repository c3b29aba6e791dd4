//! Servers that repeat the secrets of a request. No channel of the library shows them.
#![cfg(unix)]

use autotelemetry::{Builder, ObservabilityTools};
use test_support::{
    export_outcome::{Observed, observe},
    hostile::{HostileServer, Security, ca_file, response},
};

const TOKEN: &str = "eyJhbGci.c4nary-t0ken/AbC+dEf==.z9";
const KEY: &str = "k3y\"cana\\ry<&>%";
const SHORT: &str = "p4s";
/// The credentials of `authorization` for the logs; Base64 hides them.
const BASIC: (&str, &str) = ("us3r-canary", "pa:ss-w0rd canary");
const QUERY: &str = "query+canary%2Fvalue";

/// A configuration with secrets of each kind, for all signals.
fn configuration(url: &str, protocol: &str, directory: &std::path::Path) -> std::path::PathBuf {
    let file = directory.join("key");
    std::fs::write(&file, format!("{KEY}\n")).unwrap();
    let text = format!(
        "service.name = \"x\"\ntraces.exporters = [\"otlp\"]\nlogs.exporters = []\nmetrics.exporters = []\n\
         shutdown_timeout = \"10s\"\n\
         [otlp]\nendpoint = \"{url}/?token={QUERY}\"\nprotocol = \"{protocol}\"\ntimeout = \"2s\"\n{tls}\
         [otlp.headers]\nauthorization = \"Bearer {TOKEN}\"\nx-api-key = {{ file = \"{file}\" }}\n\
         x-pin = \"{SHORT}\"\nx-basic = \"Basic {basic}\"\n",
        file = file.display(),
        basic = basic(),
        tls = if url.starts_with("https") {
            format!("tls.ca_file = \"{}\"\n", ca_file())
        } else {
            String::new()
        },
    );
    let path = directory.join("autotelemetry.toml");
    std::fs::write(&path, text).unwrap();
    path
}

fn basic() -> String {
    use base64::Engine as _;
    let (user, password) = BASIC;
    base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"))
}

/// Returns the texts that contain a secret, as servers write them.
fn echoes() -> Vec<String> {
    let (user, password) = BASIC;
    let encode = |text: &str, escape: fn(u8) -> String| text.bytes().map(escape).collect::<Vec<_>>().concat();
    let percent = |text: &str| encode(text, |byte| format!("%{byte:02X}"));
    let url =
        |text: &str| text.replace('%', "%25").replace('/', "%2f").replace('+', "%2B").replace('=', "%3D");
    let json = |text: &str| serde_json::to_string(text).unwrap().replace('/', "\\/");
    let unicode = |text: &str| encode(text, |byte| format!("\\u{byte:04x}"));
    let html = |text: &str| {
        text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;").replace('/', "&#x2F;")
    };
    vec![
        format!("got Bearer {TOKEN} and {KEY}"),
        TOKEN.to_owned(),
        format!("token={TOKEN};key={KEY}"),
        format!("tokens {} and {}", percent(TOKEN), percent(KEY)),
        format!("tokens {} and {}", url(TOKEN), url(KEY)),
        format!("twice {}", url(&url(TOKEN))),
        format!("{} {}", json(TOKEN), json(KEY)),
        format!("{} {}", unicode(TOKEN), unicode(KEY)),
        format!("{} {}", html(TOKEN), html(KEY)),
        format!("{} {}", TOKEN.to_uppercase(), KEY.to_uppercase()),
        format!("cut off: {}...", &TOKEN[..14]),
        format!("the end of it: ...{}", &TOKEN[14..]),
        format!("{user} with the password {password}"),
        format!("bad login {user}:{password}"),
        format!("Basic {} and the pin {SHORT}", basic()),
        format!("POST /?token={QUERY} and query canary/value and query+canary/value"),
        format!("{}{TOKEN}", "x".repeat(230)),
        format!("{}{TOKEN}", "x ".repeat(8180)),
    ]
}

/// Asserts that a text contains no part of a secret. `name` is that of the channel.
fn assert_secret(name: &str, text: &str) {
    let lower = text.to_lowercase();
    let (user, password) = BASIC;
    let query = ["query+canary", "query canary", "canary/value", "canary%2fvalue"];
    for secret in [TOKEN, KEY, user, password, &basic()] {
        let secret = secret.to_lowercase();
        let encoded = secret.bytes().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat();
        for part in secret.as_bytes().windows(8).chain(encoded.as_bytes().windows(18)) {
            let part = std::str::from_utf8(part).unwrap();
            assert!(!lower.contains(part), "{name} contains {part}: {text}");
        }
    }
    for part in query.into_iter().chain([SHORT, "canary"]) {
        assert!(!lower.contains(part), "{name} contains {part}: {text}");
    }
}

fn builder(path: &std::path::Path) -> Builder {
    ObservabilityTools::builder().env_vars([("x", "y"); 0]).config_file(path)
}

/// Exports to a server in each channel, and returns what is seen of the export.
fn check(url: &str, protocol: &str, shown: &str) -> Observed {
    let directory = tempfile::tempdir().unwrap();
    let path = configuration(url, protocol, directory.path());
    let observed =
        observe("", "", &[("AUTOTEL_CONFIG", path.to_str().unwrap()), UNSET[0], UNSET[1], UNSET[2]]);
    assert_secret("standard error", &observed.stderr);
    assert_secret("last_error", observed.stats.last_error());
    assert_secret("ShutdownError", &observed.shutdown);
    let report = builder(&path).probe().unwrap();
    assert_secret("the report", &report.to_string());
    assert_secret("the report in JSON", &report.to_json());
    assert_secret("the failure", &format!("{report:?}"));
    let all = format!("{}\n{report}", observed.text());
    assert!(all.contains(shown), "lacks {shown}: {all}");
    observed
}

/// Variables that the configuration replaces.
const UNSET: [(&str, &str); 3] = [
    ("OTEL_EXPORTER_OTLP_ENDPOINT", ""),
    ("OTEL_EXPORTER_OTLP_PROTOCOL", ""),
    ("OTEL_EXPORTER_OTLP_TIMEOUT", ""),
];

#[test]
fn secrets_in_the_body_of_a_refusal_are_masked() {
    for echo in echoes() {
        let json = serde_json::json!({ "message": echo }).to_string();
        for (headers, body) in [("", echo.as_str()), ("content-type: application/json\r\n", &json)] {
            let server =
                HostileServer::answering(Security::Plain, response("401 Unauthorized", headers, body));
            check(&server.url(), "http/protobuf", "401 Unauthorized: ").assert_counts(0, 10);
        }
    }
    let server = HostileServer::answering(Security::Tls, response("401 Unauthorized", "", TOKEN));
    let observed = check(&server.url(), "http/json", "401 Unauthorized: ***");
    observed.assert_counts(0, 10);
}

#[test]
fn encoded_secrets_are_masked() {
    use base64::{Engine as _, engine::general_purpose};
    let basic = basic();
    let (_, password) = BASIC;
    for (before, secret) in [
        ("", TOKEN),
        ("Bearer ", TOKEN),
        ("authorization: Bearer ", TOKEN),
        ("x-api-key: ", KEY),
        ("x-basic: Basic ", &basic),
        ("us3r-canary:", password),
        ("", password),
    ] {
        let plain = format!("{before}{secret}");
        let hex = plain.bytes().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().concat();
        // The first character that contains only bits of the secret.
        let start = (before.len() * 4).div_ceil(3);
        for (encoded, start) in [
            (general_purpose::STANDARD.encode(&plain), start),
            (general_purpose::URL_SAFE_NO_PAD.encode(&plain), start),
            (hex, before.len() * 2),
        ] {
            let server = HostileServer::answering(
                Security::Plain,
                response("401 Unauthorized", "", format!("got {encoded}")),
            );
            let text = check(&server.url(), "http/protobuf", "401 Unauthorized: got ").text();
            for at in start..encoded.len() - 8 {
                let part = &encoded[at..at + 8];
                assert!(!text.contains(part), "{plain} as {encoded} shows {part}: {text}");
            }
        }
    }
}

#[test]
fn secrets_in_other_parts_of_a_response_are_masked() {
    let escaped = TOKEN.replace('+', "%2B");
    let message = format!("unknown tenant {TOKEN}");
    let partial = |rejected: u32| {
        let json =
            serde_json::json!({ "partialSuccess": { "rejectedSpans": rejected, "errorMessage": message } });
        response("200 OK", "content-type: application/json\r\n", json.to_string())
    };
    // `google.rpc.Status` with a message.
    let status = [&[0x12, u8::try_from(message.len()).unwrap()], message.as_bytes()].concat();
    let location = format!("location: https://login/{escaped}/x?token={QUERY}&t={TOKEN}\r\n");
    let echoing_headers = format!("x-echo: {TOKEN}\r\nwww-authenticate: Bearer {TOKEN}\r\n");
    let trailers = format!(
        "HTTP/1.1 400 Bad Request\r\ntransfer-encoding: chunked\r\n\r\n2\r\nno\r\n0\r\nx-echo: {TOKEN}\r\n\r\n"
    );
    for (response, shown) in [
        (response(&format!("401 {TOKEN}"), "", ""), "401 Unauthorized"),
        (response("401 Unauthorized", &echoing_headers, "no"), "401 Unauthorized: no"),
        (trailers.into_bytes(), "400 Bad Request: no"),
        (response("302 Found", &location, ""), "302 Found: the redirect to https://login/***/x"),
        (partial(0), "unknown tenant ***"),
        (partial(3), "unknown tenant ***"),
        (response("400 Bad Request", "content-type: application/x-protobuf\r\n", status), "tenant ***"),
        (response("200 OK", &format!("content-type: text/{TOKEN}\r\n"), "hi"), "200 OK with text/***"),
        (response("200 OK", &format!("content-length: {TOKEN}\r\n"), "hi"), "invalid"),
        (format!("{TOKEN}\r\n\r\n").into_bytes(), "does not speak HTTP/1.1"),
    ] {
        let server = HostileServer::answering(Security::Plain, response);
        check(&server.url(), "http/protobuf", shown);
    }
}

#[test]
#[cfg(feature = "grpc")]
fn secrets_in_frames_are_masked() {
    use std::io::Write as _;

    use test_support::hostile_grpc::{GRPC, serve};

    // gRPC does not send the query of the endpoint.
    for echo in echoes().into_iter().filter(|echo| !echo.contains(QUERY)) {
        let message: String = echo.chars().take(12_000).collect::<String>().replace('%', "%25");
        for is_early in [false, true] {
            let message = message.clone();
            let server = serve(Security::Plain, move |h2, stream| {
                let status = [("grpc-status", "16"), ("grpc-message", &*message)];
                if is_early {
                    return h2.headers(stream, &[GRPC, &status].concat(), true);
                }
                h2.respond(stream, &[], &status)
            });
            check(&server.url(), "grpc", "Unauthenticated: ").assert_counts(0, 10);
        }
    }
    // In the debug data of GOAWAY, a redirect, an encoding, and an odd status.
    let server = serve(Security::Tls, |h2, _| {
        h2.goaway(0, 11, format!("token {TOKEN}").as_bytes())?;
        h2.peer().flush()?;
        h2.peer().wait_closed()
    });
    check(&server.url(), "grpc", "");
    let server = serve(Security::Plain, |h2, stream| {
        let location = format!("https://login/{TOKEN}?{QUERY}");
        h2.headers(stream, &[(":status", "302"), ("location", &location)], true)
    });
    check(&server.url(), "grpc", "302 Found: the redirect to https://login/***");
    let server = serve(Security::Plain, |h2, stream| {
        h2.headers(stream, &[GRPC, &[("grpc-encoding", TOKEN), ("x-echo", TOKEN)]].concat(), false)?;
        h2.headers(stream, &[("grpc-status", TOKEN), ("grpc-message", TOKEN)], true)
    });
    check(&server.url(), "grpc", "Unknown: ***");
}

#[test]
fn credentials_of_a_proxy_are_masked() {
    for echo in [
        "us3r-canary:p@ss canary",
        "p@ss canary",
        "us3r-canary",
        "dXMzci1jYW5hcnk6cEBzcyBjYW5hcnk=",
        "p%40ss%20canary",
        "cEBzcyBjYW5hcnk=",
        "cEBzcyBjYW5hcnk",
        "704073732063616E617279",
    ] {
        for status in ["407 Proxy Authentication Required", "502 Bad Gateway"] {
            let server = HostileServer::answering(
                Security::Plain,
                response(status, "", format!("no access for {echo}")),
            );
            let proxy = format!("http://us3r-canary:p%40ss%20canary@{}", server.address());
            let variables = [
                ("http_proxy", proxy.as_str()),
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector.test:4318"),
            ];
            let observed = observe("", "http/protobuf", &variables);
            observed.assert_counts(0, 10);
            assert_secret("a message", &observed.text());
            assert!(observed.text().contains("no access for ***"), "{observed:#?}");
            let own = [("OTEL_SERVICE_NAME", "x"), ("OTEL_TRACES_EXPORTER", "otlp")];
            let report = test_support::with_env(&[&own[..], &variables].concat()).probe().unwrap();
            assert_secret("the report", &format!("{report}{}", report.to_json()));
        }
    }
}

#[test]
fn other_text_of_a_server_stays_readable() {
    let text = "tenant shop is over its quota of 10 spans/s (code 7); see https://docs.example/limits";
    let server = HostileServer::answering(Security::Plain, response("403 Forbidden", "", text));
    let observed = check(&server.url(), "http/protobuf", &format!("403 Forbidden: {text}"));
    observed.assert_counts(0, 10);
}
