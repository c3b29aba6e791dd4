//! Telemetry from the destructors of thread-locals and from panic hooks never ends the process.
//!
//! Has its own `main`, because destructors of the main thread count too. It starts itself once for
//! each case.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic and print")]

use std::{
    any::Any,
    cell::RefCell,
    env, panic,
    process::{Command, ExitCode},
    thread,
};

use autotelemetry::{
    ObservabilityTools,
    opentelemetry::{Context, trace::get_active_span},
    prelude::*,
};
use test_support::process;
use tracing_subscriber::layer::{Identity, SubscriberExt as _};

/// Runs a function when it is dropped.
struct OnDrop(fn());

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0();
    }
}

thread_local! {
    /// Is destroyed after the thread-locals that are first used later.
    static HOLDER: RefCell<Vec<Box<dyn Any>>> = const { RefCell::new(Vec::new()) };
    static SECOND_HOLDER: RefCell<Vec<Box<dyn Any>>> = const { RefCell::new(Vec::new()) };
}

fn hold(value: impl Any) {
    HOLDER.with_borrow_mut(|holder| holder.push(Box::new(value)));
}

fn hold_second(value: impl Any) {
    SECOND_HOLDER.with_borrow_mut(|holder| holder.push(Box::new(value)));
}

fn everything() {
    log::info!("record of log");
    tracing::info!("event {}", 1);
    tracing::error!(number = 1, "error event");
    tracing::info!(parent: None, "event without a parent");
    autotelemetry::logger("end").info("record of a logger", &[]);
    let active = autotelemetry::opentelemetry::global::tracer("end").start_as_current_span("manual span");
    active.set_attribute(KeyValue::new("key", 1));
    tracing::error!("event in a manual span");
    drop(active);
    let span = tracing::info_span!("created late", text = %"value");
    span.record("text", "other");
    span.in_scope(|| tracing::error!("event in a span"));
    drop(span);
    tracing::debug_span!("debug span").in_scope(|| tracing::debug!("event in a debug span"));
    autotelemetry::opentelemetry::global::meter("end").u64_counter("count").build().add(1, &[]);
}

/// Uses what the SDK, the registry and the library keep in thread-locals.
fn use_all() {
    tracing::info_span!("early").in_scope(|| tracing::info!("in a span"));
    let _active = autotelemetry::opentelemetry::global::tracer("early").start_as_current_span("manual");
    log::info!("early");
}

/// A name, whether [`everything`] is called, and the code.
type Case = (&'static str, bool, fn());

/// Each runs on the main thread and on another one.
const CASES: &[Case] = &[
    ("holder is used first", true, || {
        hold(OnDrop(everything));
        use_all();
    }),
    ("holder is used last", true, || {
        use_all();
        hold(OnDrop(everything));
    }),
    ("holder is used between", true, || {
        hold(OnDrop(everything));
        log::info!("a record without a span");
        hold_second(OnDrop(everything));
        tracing::info_span!("created").in_scope(|| {});
    }),
    ("holder is used between the creation and the entry of a span", true, || {
        hold(OnDrop(everything));
        let span = tracing::info_span!("created");
        hold_second(OnDrop(everything));
        span.in_scope(|| {});
    }),
    ("nothing is used before", true, || hold(OnDrop(everything))),
    ("only the SDK is used before", true, || {
        hold(OnDrop(everything));
        let _guard = Context::new().attach();
    }),
    ("active spans are held", false, || {
        HOLDER.with(|_| ());
        hold(autotelemetry::opentelemetry::global::tracer("t").start_as_current_span("held"));
        hold_second(autotelemetry::opentelemetry::global::tracer("t").start_as_current_span("held"));
        use_all();
    }),
    ("entered spans are held", false, || {
        HOLDER.with(|_| ());
        hold(tracing::info_span!("held").entered());
        hold_second(tracing::info_span!("held too").entered());
        hold(tracing::info_span!("not entered"));
        use_all();
    }),
    ("tools are held", false, || {
        HOLDER.with(|_| ());
        use_all();
        let tools = tools(process::variable("ENDPOINT").unwrap().as_str()).build().unwrap();
        tools.logger("held").info("is flushed by the destructor", &[]);
        drop(tools.tracer("held").start_as_current_span("held"));
        hold(tools);
    }),
    ("panic hook logs while the context is borrowed", true, || {
        panic::set_hook(Box::new(|_| everything()));
        let _active = autotelemetry::opentelemetry::global::tracer("t").start_as_current_span("active");
        let outcome = panic::catch_unwind(|| get_active_span(|_| panic!("on purpose")));
        assert!(outcome.is_err());
        everything();
        let _ = panic::take_hook();
    }),
    ("destructors log during a panic", true, || {
        let _active = autotelemetry::opentelemetry::global::tracer("t").start_as_current_span("active");
        let outcome = panic::catch_unwind(|| {
            let _span = tracing::info_span!("unwound").entered();
            let _last = OnDrop(everything);
            get_active_span(|_| {
                let _last = OnDrop(everything);
                panic!("on purpose")
            })
        });
        assert!(outcome.is_err());
    }),
];

fn tools(endpoint: &str) -> autotelemetry::Builder {
    ObservabilityTools::builder()
        .env_vars([("OTEL_SERVICE_NAME", "end"), ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)])
        .set("logs.exporters", "console,otlp")
        .set("shutdown_timeout", "1s")
        .json_logs(true)
}

/// Runs one case in this process.
fn run(case: fn(), setup: &str, thread: &str) {
    let tools = tools(&process::variable("ENDPOINT").unwrap());
    let tools = match setup {
        "installed" => tools.install().unwrap(),
        _ => {
            let tools = tools.build().unwrap();
            // This layer enables every span, so the registry creates every span.
            let other = Identity::new();
            let subscriber = tracing_subscriber::registry();
            if setup == "optional" {
                let subscriber = subscriber.with(other).with(Some(tools.tracing_layer()));
                tracing::subscriber::set_global_default(subscriber).unwrap();
            } else {
                let subscriber = subscriber.with(tools.tracing_layer()).with(other);
                tracing::subscriber::set_global_default(subscriber).unwrap();
            }
            tools
        }
    };
    if thread == "main" {
        case();
    } else {
        thread::spawn(case).join().unwrap();
    }
    println!("reached");
    let _ = tools.shutdown();
}

fn main() -> ExitCode {
    if let Some(index) = process::variable("CASE") {
        let (_, _, case) = CASES[index.parse::<usize>().unwrap()];
        run(case, &process::variable("SETUP").unwrap(), &process::variable("THREAD").unwrap());
        return ExitCode::SUCCESS;
    }
    let mut failures = 0;
    for (index, (name, is_logged, _)) in CASES.iter().enumerate() {
        for (setup, thread) in [
            ("installed", "main"),
            ("installed", "other"),
            ("composed", "main"),
            ("composed", "other"),
            ("optional", "other"),
        ] {
            let mut command: Command = process::clean(env::current_exe().unwrap());
            command.envs([("CASE", index.to_string().as_str()), ("SETUP", setup), ("THREAD", thread)]);
            // Nothing listens there.
            command.env("ENDPOINT", "http://127.0.0.1:1");
            let output = command.output().unwrap();
            let stderr = String::from_utf8_lossy(&output.stderr);
            let stdout = String::from_utf8_lossy(&output.stdout);
            let is_expected = output.status.success() && stdout.contains("reached");
            let has_record = !is_logged || setup != "installed" || stdout.contains("record of a logger");
            if !is_expected || !has_record {
                failures += 1;
                println!("FAILED {name} ({setup}, {thread} thread): {}\n{stdout}\n{stderr}", output.status);
            }
        }
    }
    println!("{} cases, {failures} failures", CASES.len());
    if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
