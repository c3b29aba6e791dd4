//! Tools that are still alive when the process ends: in a `static`, leaked, or behind
//! `std::process::exit`. The test harness runs no test on the main thread, so this file has its own.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic and print")]

use std::{env, process, sync::OnceLock, thread};

use autotelemetry::{ObservabilityTools, prelude::*};
use test_support::port::RefusingAddress;

static TOOLS: OnceLock<ObservabilityTools> = OnceLock::new();

/// Emits one item of each signal, and ends in the way that `end` names.
fn child(end: &str) {
    let tools = ObservabilityTools::builder().build().unwrap();
    drop(tools.tracer("x").start_as_current_span("work"));
    tools.logger("x").info("hello", &[]);
    tools.logger("x").info("hello", &[]);
    match end {
        "static" => assert!(TOOLS.set(tools).is_ok()),
        "leaked" => std::mem::forget(tools),
        "exit" => process::exit(0),
        "other thread" => {
            // The end of another thread is not that of the process.
            thread::spawn(move || TOOLS.set(tools).is_ok()).join().unwrap();
            TOOLS.get().unwrap().shutdown().unwrap_err();
        }
        "shut down" => drop(tools.shutdown()),
        "dropped" => drop(tools),
        other => panic!("{other}"),
    }
}

fn main() {
    if let Some(end) = env::args().skip(1).find_map(|arg| Some(arg.strip_prefix("child=")?.to_owned())) {
        return child(&end);
    }
    let refusing = RefusingAddress::reserve();
    let run = |end: &str, more: &[(&str, &str)]| {
        let mut command = test_support::process::clean(env::current_exe().unwrap());
        command.arg(format!("child={end}")).current_dir(env::temp_dir());
        command.env("OTEL_SERVICE_NAME", "x").env("OTEL_EXPORTER_OTLP_ENDPOINT", refusing.url());
        command.env("OTEL_LOGS_EXPORTER", "otlp").env("OTEL_METRICS_EXPORTER", "none");
        command.env("AUTOTEL_SHUTDOWN_TIMEOUT", "100ms").envs(more.iter().copied());
        let output = command.output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{end}: {stderr}");
        stderr
    };
    let notice = format!(
        "autotelemetry: the process ends without shutdown; still queued: 1 span for {url}/v1/traces; \
         2 log records for {url}/v1/logs; \
         call shutdown() before the end\n",
        url = refusing.url(),
    );
    for end in ["static", "leaked", "exit"] {
        let stderr = run(end, &[]);
        assert!(
            stderr.ends_with(&notice) && stderr.matches("the process ends").count() == 1,
            "{end}: {stderr}"
        );
        let metrics = run(end, &[("OTEL_METRICS_EXPORTER", "otlp"), ("OTEL_LOGS_EXPORTER", "none")]);
        assert!(metrics.contains("; the metrics since the last push; "), "{end}: {metrics}");
        // Lines are written at once.
        let console = [("OTEL_TRACES_EXPORTER", "none"), ("OTEL_LOGS_EXPORTER", "console")];
        assert_eq!(run(end, &console), "", "{end}");
    }
    for end in ["other thread", "shut down", "dropped"] {
        let stderr = run(end, &[]);
        assert!(!stderr.contains("the process ends"), "{end}: {stderr}");
    }
    println!("exit_notice: ok");
}
