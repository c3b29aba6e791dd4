//! A forked process inherits telemetry without its threads, so it must not wait for them.
#![cfg(unix)]

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    os::unix::net::UnixStream,
    time::{Duration, Instant},
};

use autotelemetry::prelude::*;
use fork::{Fork, fork};
use test_support::{TIMEOUT, builder, process};

#[test]
fn forked_process_ends_at_once_despite_inherited_telemetry() {
    let output = process::run(process::function(module_path!(), "child_forks"));
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.contains("test result: ok"), "{stdout}");
}

#[test]
#[ignore = "child process of other tests"]
fn child_forks() {
    for protocol in ["grpc", "http/protobuf"] {
        // No response follows, so the threads of the parent are busy.
        let hole = TcpListener::bind("127.0.0.1:0").unwrap();
        let tools = builder()
            .service_name("x")
            .otlp_endpoint(format!("http://{}", hole.local_addr().unwrap()))
            .set("otlp.protocol", protocol)
            .set("logs.exporters", "otlp")
            .set("metrics.exporters", "otlp,prometheus")
            .set("prometheus.port", 0)
            .set("traces.batch.schedule_delay", "10ms")
            .set("shutdown_timeout", "1s")
            .build()
            .unwrap();
        let emit = || {
            drop(tools.tracer("x").start_as_current_span("work"));
            tools.logger("x").info("hello", &[]);
            tools.meter("x").u64_counter("things").build().add(1, &[]);
        };
        emit();
        let (mut parent, mut child) = UnixStream::pair().unwrap();
        match fork().unwrap() {
            Fork::Child => {
                drop(parent);
                let start = Instant::now();
                emit();
                tools.force_flush().unwrap();
                tools.shutdown().unwrap();
                drop(tools);
                let took = u64::try_from(start.elapsed().as_millis()).unwrap();
                child.write_all(&took.to_le_bytes()).unwrap();
                std::process::exit(0);
            }
            Fork::Parent(_) => {
                drop(child);
                parent.set_read_timeout(Some(TIMEOUT)).unwrap();
                let mut took = [0; 8];
                parent.read_exact(&mut took).expect("the child says how long it took");
                assert!(u64::from_le_bytes(took) < 900, "{protocol}: {took:?}");
                // The parent still has its telemetry, and its deadline.
                let start = Instant::now();
                tools.shutdown().unwrap_err();
                assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
            }
        }
    }
}
