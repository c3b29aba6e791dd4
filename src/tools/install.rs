//! Sets the globals of the process: all of them or none.

use std::{
    borrow::Cow,
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use opentelemetry::global;

use super::observability_tools::ObservabilityTools;
use crate::{
    error::Error,
    load::Loaded,
    logs::{LogBridge, Logger, LoggerFactory},
};

static INSTALLED: AtomicBool = AtomicBool::new(false);
static LOGGERS: OnceLock<LoggerFactory> = OnceLock::new();

/// The logger of the `log` crate. It is set before all other globals, because setting it can fail.
/// It does nothing until the others are set. A later attempt reuses it.
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

/// Calls `build` and sets the globals.
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

/// Checks that the globals can be set, before anything is built.
///
/// # Errors
///
/// Returns an error if the process has a `tracing` subscriber. Other globals can only be checked by
/// setting them.
pub(super) fn check(loaded: &Loaded) -> Result<(), Error> {
    if !loaded.config().disabled && has_subscriber() {
        return Err(Error::already_installed("a `tracing` subscriber"));
    }
    Ok(())
}

fn set_globals(tools: &ObservabilityTools) -> Result<(), Error> {
    if !tools.is_off() {
        if !DEFERRED_IS_SET.load(Ordering::SeqCst) {
            log::set_logger(&DEFERRED)
                .map_err(|_| Error::already_installed("a logger of the `log` crate"))?;
            DEFERRED_IS_SET.store(true, Ordering::SeqCst);
        }
        tracing::subscriber::set_global_default(tools.subscriber())
            .map_err(|_| Error::already_installed("a `tracing` subscriber"))?;

        // Nothing below can fail.
        BRIDGE.get_or_init(|| LogBridge::new(tools.loggers()));
        tools.loggers().filter.sync_log_crate();
        global::set_tracer_provider(tools.tracer_provider().clone());
        global::set_meter_provider(tools.meter_provider().clone());
        let _ = LOGGERS.set(tools.loggers().clone());
    }
    // Disabled tools propagate the context too, so that traces continue through this service.
    global::set_text_map_propagator(tools.propagator().clone());
    Ok(())
}

/// Returns `true` if the process has a global subscriber.
fn has_subscriber() -> bool {
    let check =
        || tracing::dispatcher::get_default(|dispatch| !dispatch.is::<tracing::subscriber::NoSubscriber>());
    // Usually this thread has no subscriber at all. One that it has may be scoped, so a new thread
    // checks too. If none can be started, the call that sets the subscriber fails instead.
    check() && thread::Builder::new().spawn(check).is_ok_and(|thread| thread.join().unwrap_or(false))
}

/// Returns a logger of the installed tools, or a no-op logger if none are installed.
pub(crate) fn global_logger(name: Cow<'static, str>) -> Logger {
    static NONE: OnceLock<LoggerFactory> = OnceLock::new();
    let loggers = LOGGERS.get().unwrap_or_else(|| NONE.get_or_init(LoggerFactory::disabled));
    loggers.logger(name)
}
