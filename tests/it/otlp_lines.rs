//! Lines of OTLP: `otlp_file` and `otlp/stdout`.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::Path,
    process::{Child, ChildStderr, Stdio},
    sync::mpsc,
    thread,
    time::Instant,
};

use autotelemetry::{Builder, ObservabilityTools, Signal, prelude::*};
use opentelemetry_proto::tonic::{
    logs::v1::{LogRecord, LogsData},
    metrics::v1::{Metric, MetricsData},
    trace::v1::{Span, TracesData},
};
use serde::de::DeserializeOwned;
use test_support::{TIMEOUT, builder, mock_collector::MockCollector, process, value, with_env, with_file};

/// Returns a builder that writes all signals to files.
fn to_files(directory: &Path) -> Builder {
    with_exporters(builder().service_name("shop"), "otlp_file")
        .set("otlp_file.directory", directory.display())
        .set("otlp_file.rotation", "never")
}

fn with_exporters(mut builder: Builder, exporters: &str) -> Builder {
    for signal in Signal::ALL {
        builder = builder.set(format!("{signal}.exporters"), exporters);
    }
    builder
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Parses lines.
fn parse<T: DeserializeOwned>(text: &str) -> Vec<T> {
    assert!(text.ends_with('\n'), "{text}");
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

fn read<T: DeserializeOwned>(path: &Path) -> Vec<T> {
    parse(&fs::read_to_string(path).unwrap())
}

fn spans(data: Vec<TracesData>) -> Vec<Span> {
    let scopes = data.into_iter().flat_map(|data| data.resource_spans).flat_map(|all| all.scope_spans);
    scopes.flat_map(|scope| scope.spans).collect()
}

fn logs(data: Vec<LogsData>) -> Vec<(String, LogRecord)> {
    let scopes = data.into_iter().flat_map(|data| data.resource_logs).flat_map(|all| all.scope_logs);
    scopes
        .flat_map(|scope| {
            let name = scope.scope.map(|scope| scope.name).unwrap_or_default();
            scope.log_records.into_iter().map(move |record| (name.clone(), record))
        })
        .collect()
}

fn metrics(data: Vec<MetricsData>) -> Vec<Metric> {
    let scopes = data.into_iter().flat_map(|data| data.resource_metrics).flat_map(|all| all.scope_metrics);
    scopes.flat_map(|scope| scope.metrics).collect()
}

/// Emits three spans, three log records and two metrics.
fn emit(tools: &ObservabilityTools) {
    let (tracer, logger) = (tools.tracer("shop"), tools.logger("shop"));
    for number in 0..3 {
        let span = tracer.start_as_current_span("line\nbreak \"€\"");
        span.set_attributes([KeyValue::new("number", number)]);
        span.add_event("event", &[KeyValue::new("i64", i64::MAX)]);
        logger.warn("line\nbreak", &[KeyValue::new("number", number)]);
    }
    let meter = tools.meter("shop");
    meter.u64_counter("count").build().add(u64::MAX / 4, &[KeyValue::new("key", "value")]);
    meter.f64_histogram("duration").build().record(2.5, &[]);
}

#[test]
fn lines_in_files_equal_the_exported_requests() {
    let collector = MockCollector::start();
    let directory = tempfile::tempdir().unwrap();
    let tools = with_exporters(to_files(directory.path()), "otlp_file,otlp")
        .otlp_endpoint(collector.url())
        .set("otlp.protocol", "grpc")
        .set("diagnostics.metrics", false)
        .build()
        .unwrap();
    emit(&tools);
    tools.shutdown().unwrap();
    assert_eq!(names(directory.path()), ["shop-logs.jsonl", "shop-metrics.jsonl", "shop-traces.jsonl"]);
    let path = |signal: &str| directory.path().join(format!("shop-{signal}.jsonl"));
    let data: Vec<TracesData> = read(&path("traces"));
    let resource = data[0].resource_spans[0].resource.clone().unwrap();
    assert!(resource.attributes.iter().any(|attribute| attribute.key == "service.name"));
    assert_eq!(spans(data), collector.spans());
    assert_eq!(logs(read(&path("logs"))), collector.logs());
    assert_eq!(metrics(read(&path("metrics"))), collector.metrics());
    for (signal, items) in [(Signal::Traces, 3), (Signal::Logs, 3), (Signal::Metrics, 2)] {
        let stats = tools.stats().exporter(signal, "otlp_file").unwrap().clone();
        assert_eq!((stats.emitted(), stats.exported(), stats.queued()), (items, items, 0), "{signal}");
        assert!(stats.destination().contains("files in ") && stats.last_success().is_some());
    }
}

#[test]
fn batch_is_one_line_and_a_line_is_at_most_one_mebibyte() {
    let directory = tempfile::tempdir().unwrap();
    let tools = to_files(directory.path()).set("diagnostics.level", "off").build().unwrap();
    let logger = tools.logger("shop");
    let file = directory.path().join("shop-logs.jsonl");
    for number in 0..10 {
        logger.info("small", &[KeyValue::new("number", number)]);
    }
    tools.force_flush().unwrap();
    assert_eq!(read::<LogsData>(&file).len(), 1);
    for _ in 0..10 {
        logger.info("large", &[KeyValue::new("padding", "x".repeat(300_000))]);
    }
    logger.info("too large", &[KeyValue::new("padding", "\"".repeat(2_000_000))]);
    tools.shutdown().unwrap();
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.lines().all(|line| line.len() < 1 << 20), "{:?}", text.lines().map(str::len).max());
    let bodies = logs(parse(&text)).len();
    assert_eq!((bodies, tools.stats().exporter(Signal::Logs, "otlp_file").unwrap().exported()), (21, 21));
}

#[test]
fn files_rotate_by_size_and_age_as_log_files_do() {
    let directory = tempfile::tempdir().unwrap();
    for day in 1..=9 {
        fs::write(directory.path().join(format!("shop-logs.2020-01-0{day}.jsonl")), "").unwrap();
    }
    fs::write(directory.path().join("shop.2020-01-01.log"), "").unwrap();
    let tools = to_files(directory.path())
        .set("otlp_file.rotation", "daily")
        .set("otlp_file.max_size", "64kB")
        .set("otlp_file.max_files", 3)
        .set("traces.exporters", "none")
        .set("metrics.exporters", "none")
        .build()
        .unwrap();
    let logger = tools.logger("shop");
    for _ in 0..10 {
        logger.info("x".repeat(25_000), &[]);
        tools.force_flush().unwrap();
    }
    tools.shutdown().unwrap();
    let names = names(directory.path());
    assert_eq!(names.len(), 4, "{names:?}");
    assert!(names[0].ends_with(".000003.jsonl") && names[1].ends_with(".000004.jsonl"), "{names:?}");
    assert_eq!(names[3], "shop.2020-01-01.log");
}

#[test]
fn output_and_its_defaults_follow_from_the_directory() {
    let (builder, _directory) = with_file("[service]\nname = \"shop\"\n", &[]);
    let tools = builder.build().unwrap();
    assert_eq!(value(&tools, "otlp_file.output"), "\"stdout\"");
    assert_eq!(value(&tools, "otlp_file.directory"), "-");
    let (builder, _directory) =
        with_file("[service]\nname = \"shop\"\n[otlp_file]\noutput = \"files\"\n", &[]);
    let tools = builder.build().unwrap();
    assert_eq!(value(&tools, "otlp_file.directory"), "\"telemetry\"");
    assert_eq!(value(&tools, "otlp_file.prefix"), "\"shop\"");
    let text = "[service]\nname = \"shop\"\n[otlp_file]\ndirectory = \"x\"\nmax_total_size = \"1GB\"\n";
    let (builder, _directory) = with_file(text, &[]);
    let tools = builder.build().unwrap();
    assert_eq!(value(&tools, "otlp_file.output"), "\"files\"");
    assert_eq!(value(&tools, "otlp_file.max_size"), "\"125MB\"");
}

#[test]
fn unusable_directory_is_an_error_with_its_origin() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a file");
    fs::write(&file, "").unwrap();
    let text = format!(
        "[service]\nname = \"x\"\n[traces]\nexporters = [\"otlp_file\"]\n[otlp_file]\ndirectory = \"{}/x\"\n",
        file.display()
    );
    let (builder, _directory) = with_file(&text, &[]);
    let error = builder.build().unwrap_err().to_string();
    assert!(error.contains("autotelemetry.toml:6:13: otlp_file.directory: cannot write to"), "{error}");
}

#[test]
fn failed_writes_are_counted_and_later_ones_succeed() {
    let directory = tempfile::tempdir().unwrap();
    let lines = directory.path().join("lines");
    let tools = to_files(&lines).set("diagnostics.level", "off").build().unwrap();
    // A file takes the place of the directory.
    fs::remove_dir_all(&lines).unwrap();
    fs::write(&lines, "").unwrap();
    emit(&tools);
    let error = tools.force_flush().unwrap_err().to_string();
    for lost in ["traces: 3 of 3 lost", "logs: 3 of 3 lost", "Not a directory"] {
        assert!(error.contains(lost), "{error}");
    }
    fs::remove_file(&lines).unwrap();
    emit(&tools);
    tools.shutdown().unwrap();
    assert_eq!(spans(read(&lines.join("shop-traces.jsonl"))).len(), 3);
    for signal in [Signal::Traces, Signal::Logs] {
        let stats = tools.stats().exporter(signal, "otlp_file").unwrap().clone();
        assert_eq!((stats.emitted(), stats.exported(), stats.failed()), (6, 3, 3), "{signal}");
    }
}

#[test]
fn standard_output_is_shared_with_a_warning_and_not_used_twice() {
    let warnings = |builder: Builder| {
        let warnings = builder.service_name("x").explain().warnings().to_vec();
        warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let lines = [("OTEL_TRACES_EXPORTER", "otlp/stdout")];
    let shared = warnings(with_env(&lines));
    assert!(shared.contains("a reader gets two kinds of lines"), "{shared}");
    assert!(shared.contains("OTEL_TRACES_EXPORTER"), "{shared}");
    assert_eq!(warnings(with_env(&lines).set("console.stream", "stderr")), "");
    assert_eq!(warnings(with_env(&lines).set("logs.exporters", "otlp/stdout")), "");
    let twice = builder().service_name("x").set("traces.exporters", "otlp/stdout,otlp_file").explain();
    let twice = twice.errors()[0].to_string();
    assert!(twice.contains("\"otlp/stdout\" and \"otlp_file\" write the same lines"), "{twice}");
}

/// Emits many items while a test reads, closes or ignores standard output.
#[test]
#[ignore = "child process of other tests"]
fn child_emits_lines() {
    let tools = ObservabilityTools::builder().build().unwrap();
    let mut line = String::new();
    for number in 0..4000 {
        drop(tools.tracer("shop").start_as_current_span("work"));
        tools.logger("shop").info("x".repeat(100), &[KeyValue::new("number", number)]);
        tools.meter("shop").u64_counter("count").build().add(1, &[]);
        if number == 10 {
            let _ = tools.force_flush();
            eprintln!("FLUSHED");
            std::io::stdin().read_line(&mut line).unwrap();
        }
    }
    // A test that lets the child wait closes its input.
    std::io::stdin().read_line(&mut line).unwrap();
    let start = Instant::now();
    let result = tools.shutdown().map_err(|error| error.to_string());
    eprintln!("SHUTDOWN {} {result:?}", start.elapsed().as_millis());
    for exporter in tools.stats().exporters().iter().filter(|exporter| exporter.exporter() == "otlp/stdout") {
        let dropped = exporter.dropped_by_reason();
        assert_eq!(exporter.emitted(), exporter.exported() + exporter.failed() + exporter.dropped());
        eprintln!(
            "STATS {} {} {} {} {}",
            exporter.signal(),
            exporter.emitted() - exporter.exported(),
            dropped.sink_closed(),
            exporter.failed(),
            exporter.exported()
        );
    }
    // The test harness would write to standard output.
    std::process::exit(0);
}

fn child() -> std::process::Command {
    let mut command = process::function(module_path!(), "child_emits_lines");
    command
        .env("OTEL_SERVICE_NAME", "shop")
        .env("OTEL_TRACES_EXPORTER", "otlp/stdout")
        .env("OTEL_METRICS_EXPORTER", "otlp/stdout")
        .env("OTEL_LOGS_EXPORTER", "otlp/stdout")
        .env("AUTOTEL_DIAGNOSTICS__METRICS", "false")
        .env("AUTOTEL_TRACES__BATCH__MAX_QUEUE_SIZE", "10000")
        .env("AUTOTEL_LOGS__BATCH__MAX_QUEUE_SIZE", "10000")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Waits for the end of a child, and returns the rest of its standard error.
fn end(child: &mut Child, mut err: BufReader<ChildStderr>) -> String {
    let (sender, rest) = mpsc::channel();
    thread::spawn(move || {
        let mut text = String::new();
        let _ = err.read_to_string(&mut text);
        let _ = sender.send(text);
    });
    let text = rest.recv_timeout(TIMEOUT);
    let _ = child.kill();
    let status = child.wait().unwrap();
    let text = text.expect("the child ends");
    assert!(status.success(), "{text}");
    text
}

#[test]
fn standard_output_gets_whole_lines_beside_the_console() {
    let mut command = child();
    command.env("OTEL_LOGS_EXPORTER", "otlp/stdout,console").env("AUTOTEL_CONSOLE__FORMAT", "json");
    let output = process::run(command);
    let out = String::from_utf8(output.stdout).unwrap();
    let mut counts = [0, 0, 0, 0];
    for line in out.lines().filter_map(|line| Some(&line[line.find('{')?..])) {
        let line = format!("{line}\n");
        if line.starts_with("{\"resourceSpans\"") {
            counts[0] += spans(parse(&line)).len();
        } else if line.starts_with("{\"resourceLogs\"") {
            counts[1] += logs(parse(&line)).len();
        } else if line.starts_with("{\"resourceMetrics\"") {
            counts[2] = counts[2].max(metrics(parse(&line)).len());
        } else {
            assert_eq!(parse::<serde_json::Value>(&line)[0]["target"], "shop");
            counts[3] += 1;
        }
    }
    assert_eq!(counts, [4000, 4000, 1, 4000]);
}

#[test]
fn closed_standard_output_is_reported_once_and_counted() {
    let mut child = child().stdin(Stdio::piped()).spawn().unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut text = String::new();
    while !text.contains("FLUSHED") {
        assert!(err.read_line(&mut text).unwrap() > 0, "{text}");
    }
    drop(child.stdout.take());
    drop(child.stdin.take());
    text += &end(&mut child, err);
    assert_eq!(text.matches("standard output was closed by its reader; OTLP output stopped").count(), 1);
    assert!(text.contains("Ok(())"), "{text}");
    // Of the items, only those of the first flush were read.
    for signal in ["traces", "logs"] {
        assert!(text.contains(&format!("STATS {signal} 3989 3989 0 11")), "{text}");
    }
    assert!(!text.contains(" lost"), "{text}");
}

#[test]
fn blocked_standard_output_delays_neither_the_program_nor_other_exporters() {
    let collector = MockCollector::start();
    let mut child = child()
        .env("OTEL_METRICS_EXPORTER", "otlp,otlp/stdout")
        .env("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", format!("{}/v1/metrics", collector.url()))
        .env("OTEL_METRIC_EXPORT_INTERVAL", "100")
        .env("OTEL_METRIC_EXPORT_TIMEOUT", "100")
        .env("AUTOTEL_SHUTDOWN_TIMEOUT", "1s")
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut text = String::new();
    while !text.contains("FLUSHED") {
        assert!(err.read_line(&mut text).unwrap() > 0, "{text}");
    }
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"\n").unwrap();
    // Long after the pipe is full, metrics still reach the other destination.
    let before = collector.received().len();
    collector.wait(|received| received.len() > before + 15);
    drop(stdin);
    text += &end(&mut child, err);
    let took: u128 = text.split("SHUTDOWN ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!((900..2500).contains(&took), "{text}");
    assert!(text.contains("STATS logs") && text.contains("STATS metrics"), "{text}");
    assert!(!text.contains("STATS metrics 0"), "{text}");
}
