//! The cost of a log record, compared with the libraries that services use today.
//!
//! `cargo bench -p autotelemetry-benches --bench logs`
//!
//! Each case runs in its own processes, in rounds over all cases. A figure is the lowest mean of
//! all bursts, because other load on the machine affects it least. If valgrind is installed,
//! callgrind counts the instructions of the logging thread. Bursts are smaller than a batch, and
//! queues are flushed between them.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and may panic")]

use std::{
    cell::RefCell,
    env, fs,
    hint::black_box,
    io::{BufRead as _, BufReader, Read as _, Write},
    net::TcpListener,
    process::{Command, ExitCode},
    thread,
    time::Instant,
};

use autotelemetry::{ObservabilityTools, opentelemetry::KeyValue, opentelemetry::logs::Severity};
use tracing_subscriber::{Layer as _, filter::LevelFilter, fmt, layer::SubscriberExt as _, registry};

/// Each case with its baseline.
const CASES: &[(&str, &str)] = &[
    ("json: autotelemetry", "json: tracing-subscriber"),
    ("json: autotelemetry's Logger", "json: tracing-subscriber"),
    ("json: tracing-subscriber", "json: tracing-subscriber"),
    ("json: json-subscriber", "json: tracing-subscriber"),
    ("json: logforth", "json: tracing-subscriber"),
    ("json: slog-json", "json: tracing-subscriber"),
    ("text: autotelemetry", "text: tracing-subscriber"),
    ("text: tracing-subscriber", "text: tracing-subscriber"),
    ("json and otlp: autotelemetry", "json and otlp: stock wiring"),
    ("json and otlp: stock wiring", "json and otlp: stock wiring"),
    ("lost record: autotelemetry", "lost record: stock wiring"),
    ("lost record: stock wiring", "lost record: stock wiring"),
    ("an empty call", "an empty call"),
    ("disabled event: autotelemetry", "disabled event: tracing-subscriber"),
    ("disabled event: tracing-subscriber", "disabled event: tracing-subscriber"),
    ("disabled call: autotelemetry's Logger", "disabled event: tracing-subscriber"),
];

/// Fewer records than a batch of either implementation.
const BURST: usize = 400;
const BURSTS: usize = 300;
const ROUNDS: usize = 5;

/// A writer that only copies.
#[derive(Debug, Clone, Copy)]
struct Sink;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        BUFFER.with_borrow_mut(|buffer| {
            buffer.clear();
            buffer.extend_from_slice(bytes);
            black_box(&*buffer);
        });
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A case: one event, and the work between bursts.
struct Case {
    event: Box<dyn Fn(i64)>,
    between: Box<dyn Fn()>,
}

impl Case {
    fn new(event: impl Fn(i64) + 'static) -> Self {
        Self { event: Box::new(event), between: Box::new(|| {}) }
    }
}

fn tracing_event(number: i64) {
    tracing::info!(
        target: "shop::checkout",
        order = number, customer = "c-4711", amount = 12.5, express = true,
        "order received"
    );
}

fn logger_call(tools: &ObservabilityTools) -> impl Fn(i64) + 'static {
    let logger = tools.logger("shop::checkout");
    move |number| {
        let attributes = [
            KeyValue::new("order", number),
            KeyValue::new("customer", "c-4711"),
            KeyValue::new("amount", 12.5),
            KeyValue::new("express", true),
        ];
        logger.info("order received", &attributes);
    }
}

fn tools(settings: &[(&str, &str)]) -> &'static ObservabilityTools {
    let none: [(&str, &str); 0] = [];
    let mut builder = ObservabilityTools::builder().service_name("bench").env_vars(none).console_writer(Sink);
    for (key, value) in settings {
        builder = builder.set(*key, value);
    }
    Box::leak(Box::new(builder.install().unwrap()))
}

const JSON: (&str, &str) = ("console.format", "json");
const NO_SPANS: (&str, &str) = ("traces.exporters", "none");
const NO_METRICS: (&str, &str) = ("metrics.exporters", "none");

fn case(name: &str) -> Case {
    match name {
        "json: autotelemetry" => {
            tools(&[JSON, NO_SPANS, NO_METRICS]);
            Case::new(tracing_event)
        }
        "json: autotelemetry's Logger" => Case::new(logger_call(tools(&[JSON, NO_SPANS, NO_METRICS]))),
        "text: autotelemetry" => {
            tools(&[("console.format", "text"), NO_SPANS, NO_METRICS]);
            Case::new(tracing_event)
        }
        "json: tracing-subscriber" => {
            let layer = fmt::layer().json().with_writer(|| Sink).with_filter(LevelFilter::INFO);
            tracing::subscriber::set_global_default(registry().with(layer)).unwrap();
            Case::new(tracing_event)
        }
        "text: tracing-subscriber" => {
            let layer = fmt::layer().with_ansi(false).with_writer(|| Sink).with_filter(LevelFilter::INFO);
            tracing::subscriber::set_global_default(registry().with(layer)).unwrap();
            Case::new(tracing_event)
        }
        "json: json-subscriber" => {
            json_subscriber::fmt().with_writer(|| Sink).init();
            Case::new(tracing_event)
        }
        "json: logforth" => {
            logforth::starter_log::builder().dispatch(|dispatch| dispatch.append(Forth::default())).apply();
            Case::new(|number| {
                log::info!(
                    target: "shop::checkout",
                    order = number, customer = "c-4711", amount = 12.5, express = true;
                    "order received"
                );
            })
        }
        "json: slog-json" => {
            let drain = slog::Drain::fuse(std::sync::Mutex::new(slog_json::Json::default(Sink)));
            let logger = slog::Logger::root(drain, slog::o!());
            Case::new(move |number| {
                slog::info!(
                    logger, "order received";
                    "order" => number, "customer" => "c-4711", "amount" => 12.5, "express" => true
                );
            })
        }
        "json and otlp: autotelemetry" => {
            let endpoint = format!("http://{}", serve());
            let tools = tools(&[
                JSON,
                NO_SPANS,
                NO_METRICS,
                ("otlp.endpoint", &endpoint),
                ("logs.exporters", "console,otlp"),
            ]);
            let between = || tools.force_flush().unwrap();
            Case { event: Box::new(tracing_event), between: Box::new(between) }
        }
        "json and otlp: stock wiring" => {
            // The exporter does nothing, because only the logging thread is measured.
            let provider = opentelemetry_sdk::logs::SdkLoggerProvider::builder()
                .with_log_processor(opentelemetry_sdk::logs::BatchLogProcessor::builder(Nothing).build())
                .build();
            let bridge = opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge::new(&provider);
            let (writer, guard) = tracing_appender::non_blocking(Sink);
            Box::leak(Box::new(guard));
            let subscriber = registry()
                .with(fmt::layer().json().with_writer(writer).with_filter(LevelFilter::INFO))
                .with(bridge.with_filter(LevelFilter::INFO));
            tracing::subscriber::set_global_default(subscriber).unwrap();
            let between = move || provider.force_flush().unwrap();
            Case { event: Box::new(tracing_event), between: Box::new(between) }
        }
        "lost record: autotelemetry" => {
            // The requests are accepted, and none is answered.
            let hole = Box::leak(Box::new(TcpListener::bind("127.0.0.1:0").unwrap()));
            let endpoint = format!("http://{}", hole.local_addr().unwrap());
            let tools = tools(&[
                NO_SPANS,
                NO_METRICS,
                ("diagnostics.level", "off"),
                ("otlp.endpoint", &endpoint),
                ("logs.exporters", "otlp"),
                ("logs.batch.max_queue_size", "1"),
            ]);
            let is_full = || tools.stats().exporters().iter().any(|stats| stats.queued() == 2);
            while !is_full() {
                tracing_event(0);
                thread::sleep(std::time::Duration::from_millis(20));
            }
            Case::new(tracing_event)
        }
        "lost record: stock wiring" => {
            use opentelemetry_sdk::logs::{BatchConfigBuilder, BatchLogProcessor, SdkLoggerProvider};
            let config = BatchConfigBuilder::default().with_max_queue_size(1).with_max_export_batch_size(1);
            let processor = BatchLogProcessor::builder(Blocked).with_batch_config(config.build());
            let provider = SdkLoggerProvider::builder().with_log_processor(processor.build()).build();
            let bridge = opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge::new(&provider);
            Box::leak(Box::new(provider));
            let subscriber = registry().with(bridge.with_filter(LevelFilter::INFO));
            tracing::subscriber::set_global_default(subscriber).unwrap();
            (0..BURST).for_each(|_| tracing_event(0));
            Case::new(tracing_event)
        }
        "an empty call" => Case::new(|number| {
            black_box(number);
        }),
        "disabled event: autotelemetry" => {
            tools(&[
                JSON,
                NO_SPANS,
                NO_METRICS,
                ("logs.exporters", "console,file"),
                ("file.directory", env::temp_dir().join("autotelemetry-bench").to_str().unwrap()),
                ("logs.level", "info,hyper=warn,shop::payment=trace"),
                ("logs.levels.file", "warn,shop::audit=debug"),
            ]);
            Case::new(|number| tracing::debug!(target: "shop::checkout", order = number, "order received"))
        }
        "disabled event: tracing-subscriber" => {
            let layer = fmt::layer().json().with_writer(|| Sink).with_filter(LevelFilter::INFO);
            tracing::subscriber::set_global_default(registry().with(layer)).unwrap();
            Case::new(|number| tracing::debug!(target: "shop::checkout", order = number, "order received"))
        }
        "disabled call: autotelemetry's Logger" => {
            let logger = tools(&[JSON, NO_SPANS, NO_METRICS]).logger("shop::checkout");
            Case::new(move |_| logger.log(black_box(Severity::Debug), "order received", &[]))
        }
        other => panic!("no case {other}"),
    }
}

/// Starts an OTLP server that accepts every request.
fn serve() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut writer = stream;
            let mut length = 0;
            let mut line = String::new();
            while reader.read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                } else if line == "\r\n" {
                    std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink()).unwrap();
                    writer.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
                }
                line.clear();
            }
        }
    });
    address
}

#[derive(Debug, Default)]
struct Forth(logforth::layout::JsonLayout);

impl logforth::Append for Forth {
    fn append(
        &self,
        record: &logforth::record::Record,
        diagnostics: &[Box<dyn logforth::Diagnostic>],
    ) -> Result<(), logforth::Error> {
        let line = logforth::Layout::format(&self.0, record, diagnostics)?;
        Sink.write_all(&line).unwrap();
        Ok(())
    }

    fn flush(&self) -> Result<(), logforth::Error> {
        Ok(())
    }
}

#[derive(Debug)]
struct Nothing;

impl opentelemetry_sdk::logs::LogExporter for Nothing {
    async fn export(
        &self,
        batch: opentelemetry_sdk::logs::LogBatch<'_>,
    ) -> opentelemetry_sdk::error::OTelSdkResult {
        black_box(batch.iter().count());
        Ok(())
    }
}

/// An exporter that never returns.
#[derive(Debug)]
struct Blocked;

impl opentelemetry_sdk::logs::LogExporter for Blocked {
    async fn export(
        &self,
        _: opentelemetry_sdk::logs::LogBatch<'_>,
    ) -> opentelemetry_sdk::error::OTelSdkResult {
        loop {
            thread::park();
        }
    }
}

/// Returns the lowest mean time of an event over many bursts, in nanoseconds.
fn run(name: &str, bursts: usize) -> f64 {
    let case = case(name);
    let mut least = f64::MAX;
    for _ in 0..bursts {
        let start = Instant::now();
        for number in 0..BURST {
            (case.event)(black_box(i64::try_from(number).unwrap()));
        }
        let burst = start.elapsed();
        #[expect(clippy::cast_precision_loss, reason = "a burst is short")]
        let nanos = burst.as_nanos() as f64 / BURST as f64;
        least = least.min(nanos);
        (case.between)();
    }
    least
}

/// Returns the instructions per event on the logging thread: the difference between runs with many
/// and with few bursts.
fn instructions(name: &str) -> Option<f64> {
    let count = |bursts: &str| {
        let directory = env::temp_dir().join(format!("autotelemetry-bench-{}", std::process::id()));
        fs::create_dir_all(&directory).ok()?;
        let out = directory.join("callgrind.out");
        let program = env::current_exe().ok()?;
        let status = Command::new("valgrind")
            .args(["-q", "--tool=callgrind", "--separate-threads=yes"])
            .arg(format!("--callgrind-out-file={}", out.display()))
            .arg(program)
            .args([name, bursts])
            .output()
            .ok()?;
        // Callgrind writes one file per thread; the first thread logs.
        let report = fs::read_to_string(directory.join("callgrind.out-01")).ok()?;
        let _ = fs::remove_dir_all(&directory);
        let total = report.lines().rev().find_map(|line| line.strip_prefix("totals: "))?;
        status.status.success().then(|| total.trim().parse::<f64>().ok())?
    };
    #[expect(clippy::cast_precision_loss, reason = "a burst is short")]
    Some((count("12")? - count("2")?) / (10 * BURST) as f64)
}

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [name, bursts] = arguments.as_slice() {
        println!("{}", run(name, bursts.parse().unwrap()));
        return ExitCode::SUCCESS;
    }
    let wanted = |name: &str| arguments.first().is_none_or(|part| name.contains(part.as_str()));
    let cases: Vec<_> = CASES.iter().filter(|(name, _)| wanted(name)).collect();
    let mut times = vec![f64::MAX; cases.len()];
    for _ in 0..ROUNDS {
        for ((name, _), time) in cases.iter().zip(&mut times) {
            let output = Command::new(env::current_exe().unwrap())
                .args([name, BURSTS.to_string().as_str()])
                .output()
                .unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            *time = time.min(text.trim().parse().unwrap_or_else(|_| panic!("{name}: {text}")));
        }
    }
    let counts: Vec<_> = cases.iter().map(|(name, _)| instructions(name)).collect();
    println!("{:40} {:>9} {:>7} {:>13} {:>7}", "", "ns", "ratio", "instructions", "ratio");
    for (index, (name, baseline)) in cases.iter().enumerate() {
        let base = cases.iter().position(|(other, _)| other == baseline).unwrap_or(index);
        let (time, time_ratio) = (times[index], times[index] / times[base]);
        print!("{name:40} {time:9.1} {time_ratio:7.2}");
        match (counts[index], counts[base]) {
            (Some(count), Some(of_base)) => println!(" {count:13.0} {:7.2}", count / of_base),
            _ => println!(),
        }
    }
    ExitCode::SUCCESS
}
