//! Disabled tools run nothing. One test, since it counts the threads of its process.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{net::TcpListener, time::Duration};

use autotelemetry::{ObservabilityTools, prelude::*};
use test_support::with_file;

/// Returns the names of the threads that the library and the SDK have started.
fn own_threads() -> Vec<String> {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return Vec::new() };
    let names = tasks.flatten().filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
    names.filter(|name| name.starts_with("autotel") || name.starts_with("OpenTelemetry")).collect()
}

fn use_all(tools: &ObservabilityTools) {
    tools.logger("x").error("discarded", &[]);
    assert!(!tools.logger("x").enabled(Severity::Fatal));
    let span = tools.tracer("x").start_as_current_span("x");
    assert!(!span.is_recording());
    drop(span);
    tools.meter("x").u64_counter("x").build().add(1, &[]);
    tools.force_flush().unwrap();
    tools.shutdown().unwrap();
}

#[test]
fn disabled_tools_have_no_thread_port_or_connection() {
    let destination = TcpListener::bind("127.0.0.1:0").unwrap();
    destination.set_nonblocking(true).unwrap();
    let text = format!(
        "[service]\nname = \"x\"\n[otlp]\nendpoint = \"http://{}\"\n[metrics]\nexporters = [\"otlp\", \"prometheus\"]\n\
         [traces]\nexporters = [\"otlp\", \"console\"]\n[logs]\nexporters = [\"otlp\", \"console\"]\n",
        destination.local_addr().unwrap()
    );
    let port = test_support::port::free_port().to_string();
    let disabled = [
        (format!("disabled = true\n{text}"), vec![("OTEL_EXPORTER_PROMETHEUS_PORT", port.as_str())]),
        (text, vec![("OTEL_SDK_DISABLED", "TRUE"), ("OTEL_EXPORTER_PROMETHEUS_PORT", port.as_str())]),
    ];
    for (text, variables) in &disabled {
        let (builder, _directory) = with_file(text, variables);
        let tools = builder.install().unwrap_or_else(|error| {
            // A second installation is rejected, even of disabled tools.
            assert!(error.to_string().contains("autotelemetry is already set"), "{error}");
            with_file(text, variables).0.build().unwrap()
        });
        assert_eq!(tools.prometheus_address(), None);
        let _port_is_free = TcpListener::bind(format!("127.0.0.1:{port}")).unwrap();
        use_all(&tools);
        // Propagation still works.
        let mut headers = std::collections::HashMap::new();
        let context = tools.propagator().extract(&std::collections::HashMap::from([(
            "traceparent".to_owned(),
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned(),
        )]));
        autotelemetry::opentelemetry::global::get_text_map_propagator(|global| {
            global.inject_context(&context, &mut headers);
        });
        assert!(headers.contains_key("traceparent"));
    }
    use_all(&ObservabilityTools::disabled());
    assert_eq!(own_threads(), Vec::<String>::new());
    std::thread::sleep(Duration::from_millis(100));
    assert!(destination.accept().is_err(), "there is no connection");
}
