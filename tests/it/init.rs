//! `init`: the file, the start line and the runtime of a program.

use test_support::{mock_collector::MockCollector, process};

use super::export::emit;

/// `init` reads the environment of the process and a file in its directory, so it needs a process.
#[test]
fn init_finds_the_file_in_each_runtime() {
    for kind in ["none", "current_thread", "one worker"] {
        for protocol in ["grpc", "http/protobuf"] {
            let mock = MockCollector::start();
            let directory = tempfile::tempdir().unwrap();
            let text = format!("[service]\nname = \"x\"\n[otlp]\nendpoint = \"{}\"\n", mock.url());
            std::fs::write(directory.path().join("autotelemetry.toml"), text).unwrap();
            let mut program = process::function(module_path!(), "child_inits");
            program
                .current_dir(directory.path())
                .env("KIND", kind)
                .env("OTEL_EXPORTER_OTLP_PROTOCOL", protocol);
            let output = process::run(program);
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(said.lines().count(), 1, "the start line alone: {said}");
            assert_eq!((mock.spans().len(), mock.metrics().len()), (1, 1), "{kind}, {protocol}");
            let logs: Vec<_> = mock.logs().into_iter().map(|(scope, _)| scope).collect();
            assert_eq!(
                logs.len(),
                3,
                "{kind}, {protocol}: Logger, tracing and log, and nothing else: {logs:?}"
            );
        }
    }
}

#[test]
fn init_without_destination_names_the_setting() {
    let directory = tempfile::tempdir().unwrap();
    let mut program = process::function(module_path!(), "child_inits");
    program.current_dir(directory.path()).env("KIND", "none").env("OTEL_SERVICE_NAME", "x");
    let said = String::from_utf8(process::run(program).stderr).unwrap();
    assert_eq!(
        said,
        "autotelemetry: x, no file: traces nowhere; metrics nowhere; logs to console. To export traces and metrics, set \
         `otlp.endpoint` (OTEL_EXPORTER_OTLP_ENDPOINT) or their `exporters` ([] for none)\n"
    );
}

#[test]
#[ignore = "child process of other tests"]
fn child_inits() {
    let work = || {
        let tools = autotelemetry::init().unwrap();
        emit(&tools);
        tracing::info!("from tracing");
        log::info!("from log");
        // Dropped inside the runtime.
    };
    match process::variable("KIND").as_deref() {
        Some("current_thread") => {
            tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async { work() });
        }
        Some("one worker") => {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
            runtime.block_on(async { tokio::spawn(async move { work() }).await.unwrap() });
        }
        _ => work(),
    }
}
