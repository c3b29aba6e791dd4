//! gRPC servers with odd frames: the status decides, whatever the message is.
#![cfg(all(unix, feature = "grpc"))]

use std::io::{Read as _, Write as _};

use test_support::{
    export_outcome::observe,
    hostile::{HostileServer, Security},
    hostile_grpc::{
        DATA, GRPC, H2, HEADERS, MAX_CONCURRENT_STREAMS, PING, RST_STREAM, SETTINGS, framed, serve,
        serve_with,
    },
};

const OK: &[(&str, &str)] = &[("grpc-status", "0")];

#[test]
fn status_zero_is_success_whatever_the_message_is() {
    let bomb = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&vec![0; 512 << 20]).unwrap();
        let mut message = framed(&encoder.finish().unwrap());
        message[0] = 1;
        message
    };
    for (name, body, is_readable) in [
        ("empty", framed(&[]), true),
        ("no message", Vec::new(), true),
        ("half a prefix", vec![0, 0, 0], true),
        ("too large", framed(&vec![0xff; 5 << 20]), false),
        ("too large, decodable", framed(&[0x12, 0x00].repeat(3 << 20)), false),
        ("too large by its prefix", vec![0, 0xff, 0xff, 0xff, 0xff, 1], false),
        ("invalid Protocol Buffers", framed(&[0xff; 100]), false),
        ("invalid compression flag", vec![7, 0, 0, 0, 1, 0], false),
        ("compressed without encoding", vec![1, 0, 0, 0, 3, 1, 2, 3], false),
        ("bomb", bomb, false),
        ("two messages", [framed(&[]), framed(&[])].concat(), true),
        ("cut off", vec![0, 0, 0, 0, 100, 1], false),
    ] {
        for security in Security::ALL {
            let body = body.clone();
            let server = serve(security, move |h2, stream| {
                h2.headers(stream, &[GRPC, &[("grpc-encoding", "gzip")]].concat(), false)?;
                h2.data(stream, &body)?;
                h2.headers(stream, OK, true)
            });
            let observed = observe(&server.url(), "grpc", &[("OTEL_EXPORTER_OTLP_TIMEOUT", "10000")]);
            println!("{name}, {security:?}: {} KiB", observed.memory >> 10);
            observed.assert_counts(10, 0);
            observed.assert_memory(24);
            assert_eq!((server.requests(), observed.stderr.is_empty()), (1, is_readable), "{name}");
            let warning = "the response could not be read; some items may be rejected\n";
            assert!(is_readable || observed.stderr.ends_with(warning), "{name}: {observed:#?}");
        }
    }
    // In the headers, without a message.
    let server = serve(Security::Plain, |h2, stream| h2.headers(stream, &[GRPC, OK].concat(), true));
    observe(&server.url(), "grpc", &[]).assert_counts(10, 0);
    assert_eq!(server.requests(), 1);
}

#[test]
fn odd_counts_keep_the_accounts_exact() {
    let count = |rejected: u64| {
        let mut partial = vec![0x08];
        let mut rest = rejected;
        while rest >= 128 {
            partial.push(u8::try_from(rest % 128).unwrap() | 128);
            rest /= 128;
        }
        partial.push(u8::try_from(rest).unwrap());
        partial.extend(b"\x12\x03odd");
        [&[0x0a, u8::try_from(partial.len()).unwrap()], &partial[..]].concat()
    };
    for (rejected, failed) in [(3, 3), (u64::MAX, 0), (i64::MAX.unsigned_abs(), 10), (1 << 63, 0)] {
        let message = count(rejected);
        let server = serve(Security::Plain, move |h2, stream| h2.respond(stream, &message, OK));
        let observed = observe(&server.url(), "grpc", &[]);
        observed.assert_counts(10 - failed, failed);
        assert!(server.requests() == 1 && observed.stderr.contains("odd"), "{observed:#?}");
    }
    // The message ends in the middle of a character.
    let message = [&[0x0a, 8, 0x08, 3, 0x12, 4][..], b"odd\xc3"].concat();
    let server = serve(Security::Plain, move |h2, stream| h2.respond(stream, &message, OK));
    let observed = observe(&server.url(), "grpc", &[]);
    observed.assert_counts(7, 3);
    assert!(observed.stderr.contains("odd\u{fffd}; 3 spans lost"), "{observed:#?}");
}

#[test]
fn response_without_status_is_not_sent_again() {
    for (name, trailers) in [("none", &[][..]), ("others", &[("x-other", "1")][..])] {
        let server = serve(Security::Plain, move |h2, stream| {
            h2.headers(stream, GRPC, false)?;
            h2.data(stream, &framed(&[]))?;
            h2.headers(stream, trailers, true)
        });
        let observed = observe(&server.url(), "grpc", &[]);
        observed.assert_counts(0, 10);
        assert_eq!(server.requests(), 1, "{name}");
        let reason = "the server sent an invalid response: it has no header grpc-status";
        assert!(observed.stats.last_error().contains(reason), "{observed:#?}");
    }
    for (status, reason) in [("99", "Unknown"), ("x", "Unknown"), ("-1", "Unknown"), ("3", "InvalidArgument")]
    {
        let server =
            serve(Security::Plain, move |h2, stream| h2.respond(stream, &[], &[("grpc-status", status)]));
        let observed = observe(&server.url(), "grpc", &[]);
        observed.assert_counts(0, 10);
        assert_eq!(observed.stats.last_error(), format!("the server returned {reason}"));
        assert_eq!(server.requests(), 1);
    }
}

#[test]
fn megabyte_message_of_a_refusal_is_cut() {
    for security in Security::ALL {
        // A client accepts 16 KiB of headers.
        let message = "x".repeat(15 << 10);
        let server = serve(security, move |h2, stream| {
            h2.respond(stream, &[], &[("grpc-status", "3"), ("grpc-message", &message)])
        });
        let observed = observe(&server.url(), "grpc", &[]);
        observed.assert_counts(0, 10);
        assert!(observed.text().len() < 1500 && observed.text().contains("InvalidArgument: xxx"));

        let message = "x".repeat(1 << 20);
        let server = serve(security, move |h2, stream| {
            h2.headers(stream, &[GRPC, &[("grpc-status", "3"), ("grpc-message", &message)]].concat(), true)
        });
        let observed = observe(&server.url(), "grpc", &[]);
        println!("{}", observed.text());
        observed.assert_counts(0, 10);
        observed.assert_memory(8);
        assert!(!observed.text().contains("require https"), "{observed:#?}");
    }
}

#[test]
fn goaway_before_the_request_is_processed_keeps_the_items() {
    for (security, code) in
        [(Security::Plain, 0), (Security::Tls, 0), (Security::Plain, 2), (Security::Tls, 11)]
    {
        let server = serve(security, move |h2, _| {
            h2.goaway(0, code, b"calm down")?;
            h2.peer().flush()?;
            h2.peer().wait_closed()
        });
        let observed = observe(&server.url(), "grpc", &[]);
        println!("{}", observed.text());
        observed.assert_counts(0, 10);
        let reason = "GOAWAY before it processed the request";
        assert!(observed.stats.last_error().contains(reason), "{observed:#?}");
        assert!(observed.stderr.contains("will keep trying; 10 spans waiting"), "{observed:#?}");
        assert!(!observed.text().contains("require https"));
    }
    // The first connection ends before anything is processed, the second one accepts.
    for code in [7_u32, 11] {
        let refused = std::sync::atomic::AtomicBool::new(false);
        let server = serve(Security::Plain, move |h2, stream| {
            if refused.swap(true, std::sync::atomic::Ordering::SeqCst) {
                return h2.respond(stream, &[], OK);
            }
            h2.frame(RST_STREAM, 0, stream, &code.to_be_bytes())
        });
        observe(&server.url(), "grpc", &[]).assert_counts(10, 0);
        assert_eq!(server.requests(), 2);
    }
    // The server had begun to process the request.
    let server = serve(Security::Plain, |h2, stream| {
        h2.goaway(stream, 11, b"calm down")?;
        h2.peer().flush()?;
        Err(std::io::ErrorKind::BrokenPipe.into())
    });
    let observed = observe(&server.url(), "grpc", &[]);
    observed.assert_counts(0, 10);
    assert!(!observed.text().contains("before it processed"), "{observed:#?}");
    assert!(!observed.text().contains("require https"), "{observed:#?}");
}

#[test]
fn server_without_streams_ends_in_time_with_little_memory() {
    for security in Security::ALL {
        let server = serve_with(security, &[(MAX_CONCURRENT_STREAMS, 0)], |_, _| Ok(()));
        let batches = [("OTEL_EXPORTER_OTLP_TIMEOUT", "400"), ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1")];
        let observed = observe(&server.url(), "grpc", &batches);
        println!("{}", observed.text());
        observed.assert_counts(0, 10);
        observed.assert_memory(8);
        assert!(observed.text().contains("no response within 400ms"), "{observed:#?}");
    }
}

#[test]
fn reset_in_the_body_is_no_success() {
    for code in [0_u32, 2, 8] {
        let server = serve(Security::Plain, move |h2, stream| {
            h2.headers(stream, GRPC, false)?;
            h2.data(stream, &framed(&[])[..3])?;
            h2.frame(RST_STREAM, 0, stream, &code.to_be_bytes())
        });
        let observed = observe(&server.url(), "grpc", &[]);
        println!("{}", observed.text());
        observed.assert_counts(0, 10);
        assert!(!observed.text().contains("require https"), "{observed:#?}");
    }
    // The connection breaks after the headers.
    let server = serve(Security::Plain, |h2, stream| {
        h2.headers(stream, GRPC, false)?;
        h2.peer().flush()?;
        Err(std::io::ErrorKind::BrokenPipe.into())
    });
    let observed = observe(&server.url(), "grpc", &[]);
    observed.assert_counts(0, 10);
    assert!(observed.text().contains("lost the connection"), "{observed:#?}");
}

#[test]
fn floods_of_frames_end_with_little_memory() {
    let status_100 = [&[0_u8, 7][..], b":status", &[3], b"100"].concat();
    let interim =
        [&[0, 0, u8::try_from(status_100.len()).unwrap(), HEADERS, 4, 0, 0, 0, 1], &status_100[..]].concat();
    let ping = [&[0, 0, 8, PING, 0, 0, 0, 0, 0][..], &[0; 8]].concat();
    let settings = [0, 0, 0, SETTINGS, 0, 0, 0, 0, 0].to_vec();
    let empty = [0, 0, 0, DATA, 0, 0, 0, 0, 1].to_vec();
    let unknown = [&[0, 0x40, 0, 0xee, 0, 0, 0, 0, 0][..], &[0; 0x4000]].concat();
    for (name, frame, is_in_body) in [
        ("interim responses", interim, false),
        ("pings", ping.clone(), false),
        ("settings", settings, false),
        ("unknown frames", unknown, false),
        ("empty data", empty, true),
        ("pings in the body", ping, true),
    ] {
        for security in Security::ALL {
            let frame = frame.clone();
            let server = HostileServer::start(security, move |peer| {
                let mut h2 = H2::accept(peer, &[])?;
                let stream = h2.next_request()?;
                if is_in_body {
                    h2.headers(stream, GRPC, false)?;
                }
                h2.peer().flood(&frame)
            });
            let observed = observe(&server.url(), "grpc", &[("OTEL_EXPORTER_OTLP_TIMEOUT", "20000")]);
            println!("{name}, {security:?}: {} KiB, {}", observed.memory >> 10, observed.text());
            observed.assert_counts(0, 10);
            observed.assert_memory(24);
            assert!(!observed.text().contains("no response within"), "it ends by itself: {observed:#?}");
            assert!(!observed.text().contains("require https"), "{observed:#?}");
        }
    }
}

#[test]
fn endless_message_ends_with_little_memory() {
    for security in Security::ALL {
        let server = serve(security, |h2, stream| {
            h2.headers(stream, GRPC, false)?;
            h2.data(stream, &[0, 0xff, 0xff, 0xff, 0xff])?;
            loop {
                h2.data(stream, &[0; 0x4000])?;
            }
        });
        let observed = observe(&server.url(), "grpc", &[("OTEL_EXPORTER_OTLP_TIMEOUT", "20000")]);
        println!("{security:?}: {} KiB, {}", observed.memory >> 10, observed.text());
        observed.assert_counts(0, 10);
        observed.assert_memory(16);
        assert_eq!(server.requests(), 1);
        assert!(observed.text().contains("grpc-status"), "{observed:#?}");
    }
}

#[test]
fn redirect_names_its_target() {
    let server = serve(Security::Plain, |h2, stream| {
        let location = "https://u:pass-canary@login.test/sign-in?t=query-canary";
        h2.headers(stream, &[(":status", "302"), ("location", location)], true)
    });
    let observed = observe(&server.url(), "grpc", &[]);
    observed.assert_counts(0, 10);
    let reason = "302 Found: the redirect to https://login.test/sign-in is not followed";
    assert!(observed.text().contains(reason) && !observed.text().contains("canary"), "{observed:#?}");
    assert_eq!(server.requests(), 1);
}

#[test]
fn server_without_http2_is_named() {
    let answers: [(&[u8], &str); 2] = [
        (b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n", "the endpoint does not speak gRPC"),
        (b"", "connection closed before a response; the server may require https://"),
    ];
    for (answer, reason) in answers {
        // It closes the connection while the client still writes.
        let server = HostileServer::start(Security::Plain, move |peer| {
            peer.read_exact(&mut [0; 24])?;
            peer.write_all(answer)
        });
        let observed = observe(&server.url(), "grpc", &[]);
        observed.assert_counts(0, 10);
        assert!(observed.text().contains(reason), "{observed:#?}");
    }
}
