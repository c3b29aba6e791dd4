//! Responses over HTTP that are no plain success: pages, broken and huge bodies, odd counts.
#![cfg(unix)]

use std::{io::Write as _, time::Duration};

use flate2::{Compression, write::GzEncoder};
use test_support::{
    export_outcome::observe,
    hostile::{HostileServer, Security, response},
};

const HTTP: &str = "http/protobuf";
const JSON: &str = "content-type: application/json\r\n";
const PROTOBUF: &str = "content-type: application/x-protobuf\r\n";

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// Returns this number of headers.
fn headers(count: u32) -> String {
    (0..count).fold(String::new(), |headers, number| headers + &format!("x-{number}: {number}\r\n"))
}

/// Encodes a response with this number of rejected items and a message.
fn partial_success(rejected: i64, message: &str) -> Vec<u8> {
    use opentelemetry_proto::tonic::collector::trace::v1::{
        ExportTracePartialSuccess, ExportTraceServiceResponse,
    };
    use prost::Message as _;
    let partial = ExportTracePartialSuccess { rejected_spans: rejected, error_message: message.to_owned() };
    ExportTraceServiceResponse { partial_success: Some(partial) }.encode_to_vec()
}

#[test]
fn confirmed_success_of_any_form_is_exported_once() {
    for (name, response) in [
        ("empty", response("200 OK", "", "")),
        ("empty page", response("200 OK", "content-type: text/html\r\n", "")),
        ("accepted", response("202 Accepted", "content-type: text/plain\r\n", "queued")),
        ("no content", b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()),
        ("JSON", response("200 OK", JSON, r#"{"partialSuccess":{}}"#)),
        ("JSON with charset", response("200 OK", "content-type: Application/JSON; charset=utf-8\r\n", "{}")),
        ("JSON as text", response("200 OK", "content-type: text/plain; charset=utf-8\r\n", "{}\n")),
        ("JSON without type", response("200 OK", "", " {}")),
        ("JSON of spaces", response("200 OK", JSON, " \n")),
        ("JSON before other bytes", response("200 OK", JSON, "{}\n0")),
        ("protobuf", response("200 OK", PROTOBUF, partial_success(0, ""))),
        ("protobuf without type", response("200 OK", "", [10, 0])),
        ("compressed", response("200 OK", &format!("{JSON}content-encoding: gzip\r\n"), gzip(b"{}"))),
        ("until the end", b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}".to_vec()),
        ("many headers", response("200 OK", &headers(200), "")),
    ] {
        for security in Security::ALL {
            let server = HostileServer::answering(security, response.clone());
            let observed = observe(&server.url(), HTTP, &[]);
            println!("{name}, {security:?}: {}", observed.text());
            observed.assert_counts(10, 0);
            assert_eq!((server.requests(), observed.stderr.as_str()), (1, ""), "{name}");
        }
    }
}

#[test]
fn page_instead_of_response_is_a_wrong_destination() {
    let page = "<html><body>Please sign in</body></html>";
    for (headers, body, kind) in [
        ("content-type: text/html; charset=utf-8\r\n", page.as_bytes().to_vec(), "text/html instead of"),
        ("content-type: text/plain\r\n", b"ok".to_vec(), "text/plain instead of"),
        ("content-type: text/html\r\ncontent-encoding: gzip\r\n", gzip(page.as_bytes()), "text/html instead"),
        (JSON, page.as_bytes().to_vec(), "application/json instead of"),
        (JSON, b"login please".to_vec(), "application/json instead of"),
        (JSON, br#"[{"partialSuccess":{}}]"#.to_vec(), "application/json instead of"),
        (JSON, b"[[[[".to_vec(), "application/json instead of"),
        (PROTOBUF, format!("\n  {page}").into_bytes(), "application/x-protobuf instead of"),
        ("", page.as_bytes().to_vec(), "content that is not OTLP"),
        ("", b"welcome".to_vec(), "content that is not OTLP"),
    ] {
        for protocol in [HTTP, "http/json"] {
            let server = HostileServer::answering(Security::Plain, response("200 OK", headers, &body));
            let observed = observe(&server.url(), protocol, &[]);
            observed.assert_counts(0, 10);
            assert_eq!(server.requests(), 1, "an odd receiver may have the items");
            let reason = format!("the endpoint does not speak OTLP: it returned 200 OK with {kind}");
            for text in [&observed.stderr, observed.stats.last_error(), &observed.shutdown] {
                assert!(text.contains(&reason), "{observed:#?}");
            }
            let help = "; check the host, port and path of the endpoint); 10 spans lost";
            assert!(observed.stderr.contains(help), "{observed:#?}");
        }
    }
}

#[test]
fn success_that_breaks_off_is_no_success() {
    for headers in [JSON, PROTOBUF, ""] {
        let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n{headers}");
        for (rest, length) in [
            ("content-length: 100\r\n\r\n{\"p", "3 of 100"),
            ("content-length: 100\r\n\r\n", "0 of 100"),
            ("transfer-encoding: chunked\r\n\r\n3\r\n{\"p", "3"),
        ] {
            let server = HostileServer::answering(Security::Plain, format!("{head}{rest}"));
            let observed = observe(&server.url(), HTTP, &[]);
            observed.assert_counts(0, 10);
            let reason = format!("the response 200 OK broke off after {length} bytes; the endpoint may not");
            assert!(observed.stats.last_error().contains(&reason), "{observed:#?}");
            assert!(observed.shutdown.contains(&reason), "{observed:#?}");
        }
    }
}

#[test]
fn partial_success_with_odd_counts_keeps_the_accounts_exact() {
    let json = |count: &str| {
        let text = format!(r#"{{"partialSuccess":{{"rejectedSpans":{count},"errorMessage":"odd"}}}}"#);
        response("200 OK", JSON, text)
    };
    let protobuf = |count: i64| response("200 OK", PROTOBUF, partial_success(count, "odd"));
    for (response, failed) in [
        (json("-5"), 0),
        (json("\"-5\""), 0),
        (json("18446744073709551615"), 10),
        (json("1e300"), 10),
        (json("\"99999999999999999999999\""), 10),
        (json("[1]"), 0),
        (json("4"), 4),
        (protobuf(-1), 0),
        (protobuf(i64::MIN), 0),
        (protobuf(i64::MAX), 10),
        (protobuf(3), 3),
    ] {
        let server = HostileServer::answering(Security::Plain, response);
        let observed = observe(&server.url(), HTTP, &[]);
        observed.assert_counts(10 - failed, failed);
        assert_eq!(server.requests(), 1);
        assert!(observed.stderr.contains("odd"), "{observed:#?}");
    }
}

#[test]
fn rejection_with_a_faulty_message_is_counted() {
    let json = |members: &str| format!(r#"{{"partialSuccess":{{{members}}}}}"#).into_bytes();
    let with_message = |message: &str| json(&format!(r#""rejectedSpans":3,"errorMessage":{message}"#));
    let plain = with_message(r#""full""#);
    // The message ends in the middle of a character.
    let mut cut = partial_success(3, "full \u{e9}");
    *cut.last_mut().unwrap() = b'x';
    let mut latin = plain.clone();
    let at = latin.windows(4).position(|window| window == b"full").unwrap();
    latin[at] = 0xe9;
    for (headers, body) in [
        (JSON, plain.clone()),
        (JSON, [b"\xef\xbb\xbf", &*plain].concat()),
        (JSON, [&*plain, b"\r\n0"].concat()),
        ("content-type: text/plain\r\n", [b"\xef\xbb\xbf", &*plain, b"\0"].concat()),
        ("", [b"\xef\xbb\xbf", &*plain].concat()),
        (JSON, latin),
        (JSON, with_message("7")),
        (JSON, with_message("true")),
        (JSON, with_message(r#"{"text":["full"]}"#)),
        (JSON, with_message(r#""\ud800""#)),
        (JSON, json(r#""rejectedSpans":3,"rejectedSpans":3"#)),
        (JSON, json(r#""rejectedSpans":"3","rejectedDataPoints":0,"rejected_spans":1"#)),
        (JSON, br#"{"partial_success":null,"partialSuccess":{"rejectedSpans":3}}"#.to_vec()),
        (JSON, br#"{"partialSuccess":{"rejectedSpans":3},"partial_success":null}"#.to_vec()),
        (PROTOBUF, cut.clone()),
        ("", cut.clone()),
        (PROTOBUF, [&*cut, &[0xff]].concat()),
        (PROTOBUF, partial_success(3, "")),
    ] {
        let server = HostileServer::answering(Security::Plain, response("200 OK", headers, &body));
        let observed = observe(&server.url(), HTTP, &[]);
        let text = String::from_utf8_lossy(&body);
        println!("{text}: {}", observed.text());
        observed.assert_counts(7, 3);
        assert_eq!(server.requests(), 1, "{text}");
        assert!(observed.stderr.contains("; 3 spans lost") && !observed.stderr.contains(": ;"), "{text}");
    }
    // Nothing is readable, and the media type confirms the request.
    for (headers, body) in [
        (PROTOBUF, vec![0xff; 20]),
        (PROTOBUF, b"login please".to_vec()),
        (JSON, br#"{"partialSuccess":"3 spans"}"#.to_vec()),
    ] {
        let server = HostileServer::answering(Security::Plain, response("200 OK", headers, &body));
        let observed = observe(&server.url(), HTTP, &[]);
        observed.assert_counts(10, 0);
        let warning = "the response could not be read; some items may be rejected";
        assert!(observed.stderr.contains(warning), "{observed:#?}");
    }
}

#[test]
fn huge_bodies_need_little_memory() {
    let million = "x".repeat(3 << 20);
    let message = format!(r#"{{"partialSuccess":{{"rejectedSpans":3,"errorMessage":"{million}"}}}}"#);
    let deep = format!(r#"{{"x":[{}0]}}"#, "0,".repeat(1 << 20));
    let bomb = gzip(&vec![b' '; 256 << 20]);
    let gzipped = format!("{JSON}content-encoding: gzip\r\n");
    for (name, status, headers, body, failed) in [
        ("megabyte message", "200 OK", JSON, message.into_bytes(), 3),
        ("a million elements", "200 OK", JSON, deep.into_bytes(), 0),
        ("bomb", "200 OK", &gzipped, bomb.clone(), 0),
        ("bomb in a refusal", "401 Unauthorized", &gzipped, bomb, 10),
        ("more than the limit", "200 OK", PROTOBUF, vec![0xff; 6 << 20], 0),
        ("megabyte refusal", "401 Unauthorized", "", million.clone().into_bytes(), 10),
        ("empty details", "400 Bad Request", PROTOBUF, [0x1a, 0].repeat(2 << 20), 10),
    ] {
        for security in Security::ALL {
            let server = HostileServer::answering(security, response(status, headers, &body));
            let observed = observe(&server.url(), HTTP, &[("OTEL_EXPORTER_OTLP_TIMEOUT", "10000")]);
            println!("{name}, {security:?}: {} KiB", observed.memory >> 10);
            observed.assert_counts(10 - failed, failed);
            observed.assert_memory(24);
            assert_eq!(server.requests(), 1, "{name}");
            assert!(observed.text().len() < 2500, "{name}: {}", observed.text().len());
        }
    }
}

#[test]
fn endless_body_ends_and_trickling_refusal_keeps_its_status() {
    for (protocol, content) in [(HTTP, PROTOBUF), (HTTP, JSON), ("http/json", JSON)] {
        let head = format!("HTTP/1.1 200 OK\r\n{content}transfer-encoding: chunked\r\n\r\n");
        let server = HostileServer::start(Security::Plain, move |peer| {
            peer.read_request()?;
            peer.write_all(head.as_bytes())?;
            peer.flood(&[b"4000\r\n".to_vec(), vec![0xff; 0x4000], b"\r\n".to_vec()].concat())
        });
        let observed = observe(&server.url(), protocol, &[]);
        observed.assert_counts(10, 0);
        observed.assert_memory(24);
        assert_eq!(server.requests(), 1, "what was accepted is not sent again");
        assert!(observed.stderr.contains("exceeds 4194304 bytes and was not read"), "{observed:#?}");
    }
    let server = HostileServer::answering(Security::Plain, response("200 OK", PROTOBUF, "x".repeat(70_000)));
    let observed = observe(&server.url(), HTTP, &[("AUTOTEL_OTLP__MAX_RESPONSE_SIZE", "64kB")]);
    observed.assert_counts(10, 0);
    assert!(observed.stderr.contains("exceeds 64000 bytes and was not read"), "{observed:#?}");
    // One byte at a time: the status is known, its message is not worth the wait.
    let server = HostileServer::start(Security::Plain, |peer| {
        peer.read_request()?;
        peer.write_all(b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 100000\r\n\r\nexpired")?;
        loop {
            std::thread::sleep(Duration::from_millis(100));
            peer.write_all(b"!")?;
        }
    });
    let observed = observe(&server.url(), HTTP, &[("OTEL_EXPORTER_OTLP_TIMEOUT", "5000")]);
    observed.assert_counts(0, 10);
    assert!(observed.stats.last_error().contains("401 Unauthorized: expired!"), "{observed:#?}");
    assert_eq!(server.requests(), 1);
    // A success that does not end is not confirmed.
    let server = HostileServer::start(Security::Plain, |peer| {
        peer.read_request()?;
        peer.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{")?;
        peer.wait_closed()
    });
    let observed = observe(&server.url(), HTTP, &[]);
    observed.assert_counts(0, 10);
    assert!(observed.stats.last_error().contains("no response within 2s"), "{observed:#?}");
}

#[test]
fn redirect_is_not_followed_and_names_its_target() {
    let target = HostileServer::answering(Security::Plain, response("200 OK", "", ""));
    let at = target.address();
    for (status, code) in [
        ("301 Moved Permanently", "301 Moved Permanently"),
        ("302 Found", "302 Found"),
        ("303 See Other", "303 See Other"),
        ("307 Temporary Redirect", "307 Temporary Redirect"),
        ("308 Permanent Redirect", "308 Permanent Redirect"),
    ] {
        let location = format!("location: http://user:pass-canary@{at}/v1/traces?key=query-canary#x\r\n");
        let server = HostileServer::answering(Security::Plain, response(status, &location, "moved"));
        let observed = observe(&server.url(), HTTP, &[]);
        observed.assert_counts(0, 10);
        let reason = format!("{code}: the redirect to http://{at}/v1/traces is not followed");
        assert!(observed.stderr.contains(&reason), "{observed:#?}");
        assert!(observed.shutdown.contains(&reason) && !observed.text().contains("canary"), "{observed:#?}");
        assert_eq!((server.requests(), target.requests()), (1, 0));
    }
    let location = "location: http:\\\\user:pass-canary@host/p\r\n";
    let server = HostileServer::answering(Security::Plain, response("302 Found", location, ""));
    let text = observe(&server.url(), HTTP, &[]).text();
    assert!(text.contains("the redirect to http://host/p") && !text.contains("canary"), "{text}");
}

#[test]
fn invalid_head_is_named_and_not_sent_again() {
    let long = format!("x-long: {}\r\n", "x".repeat(1 << 20));
    for (name, response, reason) in [
        ("megabyte header", response("200 OK", &long, ""), "its headers exceed 64 KiB or 256 lines"),
        ("many headers", response("200 OK", &headers(300), ""), "its headers exceed 64 KiB or 256 lines"),
        ("two lengths", response("200 OK", "content-length: 7\r\n", ""), "invalid content-length parsed"),
        ("status 000", response("000 Nothing", "", ""), "invalid HTTP status-code parsed"),
        ("status 99", b"HTTP/1.1 99 No\r\n\r\n".to_vec(), "invalid HTTP status-code parsed"),
        ("no colon", response("200 OK", "broken\r\n", ""), "invalid HTTP header parsed"),
    ] {
        for security in Security::ALL {
            let server = HostileServer::answering(security, response.clone());
            let observed = observe(&server.url(), HTTP, &[]);
            println!("{name}: {}", observed.text());
            observed.assert_counts(0, 10);
            observed.assert_memory(8);
            assert_eq!(server.requests(), 1, "{name}");
            let expected = format!("the server sent an invalid response: {reason}");
            assert!(observed.stats.last_error().contains(&expected), "{name}: {observed:#?}");
            assert!(!observed.text().contains("grpc"), "{name}: {observed:#?}");
        }
    }
}

#[test]
fn characters_that_change_the_order_of_a_message_are_not_shown() {
    let body = "bad \u{202e}order\u{2028}and \u{2066}line";
    let server = HostileServer::answering(Security::Plain, response("403 Forbidden", "", body));
    let observed = observe(&server.url(), HTTP, &[]);
    assert!(observed.stats.last_error().contains("403 Forbidden: bad  order and  line"), "{observed:#?}");
}

#[test]
fn compressed_refusal_is_readable_and_binary_one_is_not_shown() {
    let text = gzip(br#"{"message":"quota used up"}"#);
    let answers = [
        (response("403 Forbidden", "content-encoding: gzip\r\n", &text), "403 Forbidden: quota used up"),
        (response("403 Forbidden", "", &text), "403 Forbidden: quota used up"),
        (response("403 Forbidden", "", &text[..text.len() - 12]), "403 Forbidden: "),
        (response("403 Forbidden", "content-encoding: br\r\n", [0x8b, 1, 0x80, 0, 3]), "403 Forbidden"),
    ];
    for (response, reason) in answers {
        let server = HostileServer::answering(Security::Plain, response);
        let observed = observe(&server.url(), HTTP, &[]);
        observed.assert_counts(0, 10);
        let error = observed.stats.last_error();
        assert!(error.contains(reason), "{observed:#?}");
        assert!(!error.contains(char::REPLACEMENT_CHARACTER), "{observed:#?}");
        assert!(reason != "403 Forbidden" || error.ends_with(reason), "{observed:#?}");
    }
}

#[test]
fn absurd_retry_after_delays_at_most_a_minute() {
    for (value, is_pause) in [
        ("99999999999999999999", true),
        ("18446744073709551615", true),
        ("Fri, 06 Nov 2195 08:49:37 GMT", true),
        ("Fri, 31 Dec 9999 23:59:59 GMT", true),
        ("-1", false),
        ("Sun, 06 Nov 1994 08:49:37 GMT", false),
    ] {
        let server = HostileServer::answering(
            Security::Plain,
            response("503 Service Unavailable", &format!("retry-after: {value}\r\n"), ""),
        );
        let observed = observe(&server.url(), HTTP, &[]);
        observed.assert_counts(0, 10);
        assert!(observed.stats.last_error().contains("503 Service Unavailable"), "{observed:#?}");
        // The shutdown ends a pause, and one attempt follows.
        assert_eq!(server.requests() == 2, is_pause, "{value}: {}", server.requests());
    }
}
