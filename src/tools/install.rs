//! Setting the globals of the process: all of them or none.

use std::{
    borrow::Cow,
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use opentelemetry::global;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use tracing_subscriber::layer::SubscriberExt as _;

use super::observability_tools::ObservabilityTools;
use crate::{
    error::Error,
    load::Loaded,
    logs::{LogBridge, Logger, LoggerFactory},
};

static INSTALLED: AtomicBool = AtomicBool::new(false);
static LOGGERS: OnceLock<LoggerFactory> = OnceLock::new();

/// The logger that `log` knows. It is set before any other global, because that can fail, and does nothing until the
/// rest has succeeded; a later attempt finds it and goes on.
struct DeferredLogger;

static DEFERRED: DeferredLogger = DeferredLogger;
static DEFERRED_IS_SET: AtomicBool = AtomicBool::new(false);
static BRIDGE: OnceLock<LogBridge> = OnceLock::new();

impl log::Log for DeferredLogger {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        BRIDGE.get().is_some_and(|bridge| bridge.enabled(metadata))
    }

    fn log(&self, record: &log::Record<'_>) {
        if let Some(bridge) = BRIDGE.get() {
            bridge.log(record);
        }
    }

    fn flush(&self) {}
}

/// Builds with `build` and sets the globals.
pub(super) fn install(
    build: impl FnOnce() -> Result<ObservabilityTools, Error>,
) -> Result<ObservabilityTools, Error> {
    if INSTALLED.swap(true, Ordering::SeqCst) {
        return Err(Error::already_installed("autotelemetry"));
    }
    let installed = build().and_then(|tools| set_globals(&tools).map(|()| tools));
    if installed.is_err() {
        INSTALLED.store(false, Ordering::SeqCst);
    }
    installed
}

/// Whether globals can be set for what was loaded, as far as that can be known before anything is built.
pub(super) fn check(loaded: &Loaded) -> Result<(), Error> {
    if !loaded.config().disabled && has_subscriber() {
        return Err(Error::already_installed("a `tracing` subscriber"));
    }
    Ok(())
}

fn set_globals(tools: &ObservabilityTools) -> Result<(), Error> {
    if !tools.config().disabled {
        if !DEFERRED_IS_SET.load(Ordering::SeqCst) {
            log::set_logger(&DEFERRED)
                .map_err(|_| Error::already_installed("a logger of the `log` crate"))?;
            DEFERRED_IS_SET.store(true, Ordering::SeqCst);
        }
        let subscriber = tracing_subscriber::registry().with(tools.tracing_layer());
        tracing::subscriber::set_global_default(subscriber)
            .map_err(|_| Error::already_installed("a `tracing` subscriber"))?;

        // From here on nothing can fail.
        BRIDGE.get_or_init(|| LogBridge::new(tools.loggers()));
        tools.loggers().filter.sync_log_crate();
        global::set_tracer_provider(tools.tracer_provider().clone());
        global::set_meter_provider(tools.meter_provider().clone());
        let _ = LOGGERS.set(tools.loggers().clone());
    }
    // Context travels on even when this service adds nothing to it.
    global::set_text_map_propagator(tools.propagator().clone());
    Ok(())
}

/// Whether the process has a global subscriber. Asked on a new thread, which no scoped one is set on.
fn has_subscriber() -> bool {
    let ask =
        || tracing::dispatcher::get_default(|dispatch| !dispatch.is::<tracing::subscriber::NoSubscriber>());
    // Without a thread the answer comes when the subscriber is set.
    thread::Builder::new().spawn(ask).is_ok_and(|thread| thread.join().unwrap_or(false))
}

/// A logger of the installed tools; one that does nothing as long as there are none.
pub(crate) fn global_logger(name: Cow<'static, str>) -> Logger {
    static NONE: OnceLock<LoggerFactory> = OnceLock::new();
    let loggers = LOGGERS.get().unwrap_or_else(|| {
        NONE.get_or_init(|| LoggerFactory {
            provider: SdkLoggerProvider::builder().build(),
            unfiltered_provider: SdkLoggerProvider::builder().build(),
            filter: crate::logs::Filter::off(),
            code_location: false,
        })
    });
    loggers.logger(name)
}
