//! What a program gets: the three tools, and the means to end them well.

mod builder;
mod install;
mod startup_summary;

use std::{
    borrow::Cow,
    fmt,
    net::SocketAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use opentelemetry::{
    InstrumentationScope,
    metrics::{Meter, MeterProvider as _},
    trace::TracerProvider as _,
};
use opentelemetry_sdk::{
    logs::SdkLoggerProvider,
    trace::{SdkTracer, SdkTracerProvider},
};
use tracing::Subscriber;
use tracing_subscriber::{Layer, registry::LookupSpan};

pub use self::builder::Builder;
pub(crate) use self::install::global_logger;
use crate::{
    config::{Config, LogFilter, value::ConfigValue as _},
    diagnostics::Diagnostics,
    doctor::{self, report::ConnectivityReport},
    error::{Error, Problem, ShutdownError},
    export::stats::Stats,
    load::{Loaded, explain::Explanation},
    logs::{self, Logger, LoggerFactory},
    pipeline::{self, MeterProvider, Pipeline, Propagator, shutdown},
};

/// A logger, a tracer and a meter, and what feeds their telemetry to its destinations.
///
/// Keep it for as long as the program runs. [`shutdown`](Self::shutdown) delivers what is still queued; dropping does
/// the same, but can only report on standard error what was lost.
#[must_use = "telemetry ends when this is dropped: bind it to a name such as `tools`, since `_` drops it at once"]
pub struct ObservabilityTools {
    pipeline: Pipeline,
    loaded: Loaded,
    /// How telemetry ended, once it has.
    ended: Mutex<Option<Result<(), ShutdownError>>>,
    /// The process that started the threads; a fork of it has none of them.
    process: u32,
}

impl fmt::Debug for ObservabilityTools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObservabilityTools").field("config", self.loaded.config()).finish_non_exhaustive()
    }
}

impl ObservabilityTools {
    /// Begins with what the program itself knows.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Tools that do nothing: no thread, no port, no output. For `unwrap_or_else`, when a program shall run even
    /// without telemetry.
    pub fn disabled() -> Self {
        let loaded = Loaded::disabled();
        match pipeline::build(&loaded.settings, None, None) {
            Ok(pipeline) => Self::new(pipeline, loaded),
            // Disabled, nothing is started, and nothing else can fail.
            Err(error) => unreachable!("{error}"),
        }
    }

    fn new(pipeline: Pipeline, loaded: Loaded) -> Self {
        Self { pipeline, loaded, ended: Mutex::new(None), process: std::process::id() }
    }

    fn loggers(&self) -> &LoggerFactory {
        &self.pipeline.loggers
    }

    fn diagnostics(&self) -> Diagnostics {
        Diagnostics::new(self.loaded.config().diagnostics)
    }

    /// A logger. Its name is the scope of its records and the target that `logs.level` filters on.
    pub fn logger(&self, name: impl Into<Cow<'static, str>>) -> Logger {
        self.loggers().logger(name.into())
    }

    /// A tracer of the SDK.
    pub fn tracer(&self, name: impl Into<Cow<'static, str>>) -> SdkTracer {
        self.pipeline.tracer_provider.tracer(name)
    }

    /// A meter. Its instruments are those of the SDK.
    pub fn meter(&self, name: impl Into<Cow<'static, str>>) -> Meter {
        self.pipeline.meter_provider.meter_with_scope(InstrumentationScope::builder(name).build())
    }

    /// The provider behind [`tracer`](Self::tracer).
    #[must_use]
    pub fn tracer_provider(&self) -> &SdkTracerProvider {
        &self.pipeline.tracer_provider
    }

    /// The provider behind [`meter`](Self::meter).
    #[must_use]
    pub fn meter_provider(&self) -> &MeterProvider {
        &self.pipeline.meter_provider
    }

    /// A provider of the SDK whose loggers lead to the same places as those of [`logger`](Self::logger), by the same levels and
    /// limits: for other bridges.
    #[must_use]
    pub fn logger_provider(&self) -> &SdkLoggerProvider {
        &self.pipeline.loggers.provider
    }

    /// Reads trace context from incoming requests and writes it to outgoing ones.
    #[must_use]
    pub fn propagator(&self) -> &Propagator {
        &self.pipeline.propagator
    }

    /// The bridge from `tracing`, for a program that composes a subscriber of its own: events become log records, spans
    /// become spans. [`install`](Builder::install) sets up a subscriber that holds it.
    pub fn tracing_layer<S>(&self) -> Box<dyn Layer<S> + Send + Sync>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        Box::new(self.tracing_layers())
    }

    /// Changes `logs.level` while the program runs: a level, or a filter list such as `info,hyper=warn`. It counts from now
    /// on, for every thread, logger, `tracing` event and `log` record. Exporters with a filter of their own
    /// (`logs.levels`) keep that; when all have, nothing changes.
    ///
    /// # Errors
    ///
    /// When `level` is neither; nothing changes then.
    ///
    /// ```
    /// # let tools = autotelemetry::ObservabilityTools::disabled();
    /// tools.set_log_level("info,shop::payment=debug")?;
    /// # Ok::<_, autotelemetry::Error>(())
    /// ```
    pub fn set_log_level(&self, level: &str) -> Result<(), Error> {
        let filter = LogFilter::parse_str(level).map_err(|rejection| {
            let problem = Problem::new(rejection.message).with_key("logs.level");
            Error::configuration(vec![match rejection.help {
                Some(help) => problem.with_help(help),
                None => problem,
            }])
        })?;
        self.loggers().filter.set(filter);
        Ok(())
    }

    /// What became of the telemetry so far: for each exporter of each signal how many items were emitted, exported, failed,
    /// dropped and are queued.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats { exporters: self.pipeline.outputs.recorders.iter().map(|recorder| recorder.stats()).collect() }
    }

    /// As [`tracing_layer`](Self::tracing_layer), by its own type.
    fn tracing_layers<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        logs::tracing_layers(&self.pipeline.tracer_provider, self.loggers(), self.diagnostics())
    }

    /// Tries each OTLP destination, now: resolves its name, connects, sets up TLS and sends one empty export per signal, all at
    /// once and over connections of their own. Waits for the answers, each destination within its `timeout`.
    ///
    /// # Errors
    ///
    /// When the system refuses what is needed for the trial. A destination that cannot be reached is in the result.
    pub fn probe(&self) -> Result<ConnectivityReport, Error> {
        doctor::probe(&self.loaded.settings)
    }

    /// The configuration that these tools were built from.
    #[must_use]
    pub fn config(&self) -> &Config {
        self.loaded.config()
    }

    /// Every effective value and where it came from, secrets masked.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        Explanation::new(&self.loaded, Vec::new())
    }

    /// What was odd about the configuration, though not wrong.
    #[must_use]
    pub fn warnings(&self) -> &[Problem] {
        &self.loaded.warnings
    }

    /// Where Prometheus can scrape the metrics; `None` when it cannot.
    #[must_use]
    pub fn prometheus_address(&self) -> Option<SocketAddr> {
        self.pipeline.prometheus_address
    }

    /// Delivers what is queued, all signals at once, within `shutdown_timeout`. After [`shutdown`](Self::shutdown) it returns
    /// what that did.
    ///
    /// # Errors
    ///
    /// When not everything was delivered: the error says for each signal why.
    pub fn force_flush(&self) -> Result<(), ShutdownError> {
        if self.has_nothing_to_end() {
            return Ok(());
        }
        if let Some(ended) = &*self.ended.lock().unwrap_or_else(PoisonError::into_inner) {
            return ended.clone();
        }
        shutdown::flush(&self.pipeline, self.limit())
    }

    /// Delivers what is queued and ends all telemetry, all signals at once, within `shutdown_timeout`. What fails now is
    /// not tried again. A further call does nothing but return the same.
    ///
    /// # Errors
    ///
    /// When not everything was delivered: the error says for each signal why.
    pub fn shutdown(&self) -> Result<(), ShutdownError> {
        if self.has_nothing_to_end() {
            return Ok(());
        }
        // Held until the end: who calls at the same time must not go on, and perhaps exit, before it.
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ended) = &*ended {
            return ended.clone();
        }
        if let Some(runtime) = &self.pipeline.runtime {
            runtime.begin_closing();
        }
        let deadline = Instant::now() + self.limit();
        let result = shutdown::shutdown(&self.pipeline, self.limit());
        if let Some(runtime) = &self.pipeline.runtime {
            runtime.stop(deadline.saturating_duration_since(Instant::now()));
        }
        if let Some(loss_summary) = shutdown::loss_summary(&self.pipeline) {
            self.diagnostics().error(loss_summary);
        }
        *ended = Some(result.clone());
        result
    }

    /// After a fork the child has none of the threads that could deliver anything; waiting for them would hang it.
    fn has_nothing_to_end(&self) -> bool {
        self.loaded.config().disabled || self.process != std::process::id()
    }

    fn limit(&self) -> Duration {
        self.loaded.config().shutdown_timeout.get()
    }
}

impl Drop for ObservabilityTools {
    fn drop(&mut self) {
        if self.process != std::process::id() {
            // The providers would wait for their threads when the last handle goes; one that never goes prevents it.
            std::mem::forget(self.pipeline.tracer_provider.clone());
            std::mem::forget(self.pipeline.meter_provider.clone());
            std::mem::forget(self.pipeline.loggers.clone());
            if let Some(runtime) = self.pipeline.runtime.take() {
                std::mem::forget(runtime);
            }
            return;
        }
        // What was lost is said on the way.
        let _ = self.shutdown();
    }
}
