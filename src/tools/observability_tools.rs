//! The logger, the tracer and the meter of a program.

use std::{borrow::Cow, fmt, net::SocketAddr, sync::Arc, time::Duration};

use opentelemetry::{
    Context, InstrumentationScope,
    metrics::{Meter, MeterProvider as _},
    trace::TracerProvider as _,
};
use opentelemetry_sdk::{
    logs::SdkLoggerProvider,
    trace::{SdkTracer, SdkTracerProvider},
};
use tracing::Subscriber;
use tracing_subscriber::{Layer, layer::SubscriberExt as _, registry::LookupSpan};

use super::{
    exit_notice::ExitNotice,
    live_tools::{LiveTools, Reloading},
    reload::Reload,
    reload_log::ReloadLog,
    watch,
};
use crate::{
    config::{LogFilter, value::ConfigValue as _},
    diagnostics::DiagnosticLog,
    doctor::{self, ConnectivityReport},
    error::{Error, Problem, ShutdownError},
    export::stats::Stats,
    load::{Loaded, explain::Explanation},
    logs::{self, Logger, LoggerFactory},
    pipeline::{self, CustomParts, MeterProvider, Pipeline, Propagator},
};

/// A logger, a tracer and a meter, with the pipeline that exports their telemetry.
///
/// Keep it while the program runs. [`shutdown`](Self::shutdown) exports what is queued. Dropping
/// does the same, but can only report losses on standard error.
///
/// ```
/// use autotelemetry::{ObservabilityTools, prelude::*};
///
/// let tools = ObservabilityTools::builder().service_name("checkout").build()?;
/// let logger = tools.logger("checkout");
/// let tracer = tools.tracer("checkout");
/// let orders = tools.meter("checkout").u64_counter("orders").build();
///
/// let span = tracer.start_as_current_span("place_order");
/// logger.info("order placed", &[KeyValue::new("items", 3)]);
/// orders.add(1, &[]);
/// drop(span);
///
/// tools.shutdown()?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[must_use = "telemetry ends when this is dropped: bind it to a name such as `tools`, since `_` drops it at once"]
pub struct ObservabilityTools {
    pub(super) live: Arc<LiveTools>,
    /// The context that the environment passes.
    pub(super) env_context: Context,
    /// The warnings at the start.
    warnings: Vec<Problem>,
    /// Set if the end of the process can lose telemetry.
    exit_notice: Option<Arc<ExitNotice>>,
    /// The process that started the threads. A forked child has none of them.
    process_id: u32,
}

impl fmt::Debug for ObservabilityTools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let loaded = self.loaded();
        f.debug_struct("ObservabilityTools").field("config", loaded.config()).finish_non_exhaustive()
    }
}

impl ObservabilityTools {
    pub(super) fn new(live: LiveTools, env_context: Context) -> Self {
        Self {
            warnings: live.loaded().warnings.clone(),
            live: Arc::new(live),
            env_context,
            exit_notice: None,
            process_id: std::process::id(),
        }
    }

    /// Reports what is lost if the process ends before the shutdown. Watches the files if the
    /// configuration asks for it.
    pub(super) fn with_exit_notice(mut self) -> Self {
        if !self.has_nothing_to_export() {
            let outputs = self.live.pipeline.outputs.clone();
            self.exit_notice = Some(ExitNotice::register(outputs, self.diagnostics()));
            watch::start(&self.live);
        }
        self
    }

    /// Returns tools that do nothing: no thread, no port, no output.
    ///
    /// Use it with `unwrap_or_else` to run a program even without telemetry.
    ///
    /// ```
    /// use autotelemetry::ObservabilityTools;
    ///
    /// let tools = ObservabilityTools::builder().build().unwrap_or_else(|error| {
    ///     eprintln!("telemetry is disabled: {error}");
    ///     ObservabilityTools::disabled()
    /// });
    /// ```
    pub fn disabled() -> Self {
        let loaded = Loaded::disabled();
        match pipeline::build(&loaded.settings, None, None, CustomParts::default()) {
            Ok(pipeline) => {
                let reloading = Reloading { sources: None, strict: false, tls_files: 0 };
                Self::new(LiveTools::new(pipeline, loaded, reloading), Context::new())
            }
            // A disabled pipeline starts nothing, and nothing else can fail.
            Err(error) => unreachable!("{error}"),
        }
    }

    /// Returns a logger.
    ///
    /// `name` is the instrumentation scope of its records, and the target that `logs.level`
    /// filters.
    pub fn logger(&self, name: impl Into<Cow<'static, str>>) -> Logger {
        self.loggers().logger(name.into())
    }

    /// Returns a tracer of the OpenTelemetry SDK. `name` is its instrumentation scope.
    pub fn tracer(&self, name: impl Into<Cow<'static, str>>) -> SdkTracer {
        self.pipeline().tracer_provider.tracer(name)
    }

    /// Returns a meter. `name` is its instrumentation scope.
    pub fn meter(&self, name: impl Into<Cow<'static, str>>) -> Meter {
        self.pipeline().meter_provider().meter_with_scope(InstrumentationScope::builder(name).build())
    }

    /// Returns the provider of the tracers.
    #[must_use]
    pub fn tracer_provider(&self) -> &SdkTracerProvider {
        &self.pipeline().tracer_provider
    }

    /// Returns the provider of the meters.
    #[must_use]
    pub fn meter_provider(&self) -> &MeterProvider {
        self.pipeline().meter_provider()
    }

    /// Returns a provider of the OpenTelemetry SDK, for other log bridges.
    ///
    /// Its loggers use the same exporters, levels and limits as [`logger`](Self::logger).
    #[must_use]
    pub fn logger_provider(&self) -> &SdkLoggerProvider {
        &self.pipeline().loggers.provider
    }

    /// Returns the propagator, which reads trace context from incoming requests and writes it to
    /// outgoing ones.
    #[must_use]
    pub fn propagator(&self) -> &Propagator {
        &self.pipeline().propagator
    }

    /// Returns a layer for the program's own `tracing` subscriber: events become log records, spans
    /// become OpenTelemetry spans.
    ///
    /// [`install`](crate::Builder::install) sets a subscriber that contains it.
    ///
    /// The layer can also be in an `Option`, a `Vec`, a `Box`, or a `reload::Layer`. A handle can
    /// put it into a `reload::Layer` later: create it then, after the subscriber is set. Such a
    /// layer asks its filter for each event, also for those that `logs.level` disables.
    /// `tracing_opentelemetry::OpenTelemetrySpanExt` does not work behind a `reload::Layer`, which
    /// hides the types of its layers.
    ///
    /// ```
    /// use tracing_subscriber::layer::SubscriberExt as _;
    ///
    /// let tools = autotelemetry::ObservabilityTools::disabled();
    /// let subscriber = tracing_subscriber::registry().with(tools.tracing_layer());
    /// ```
    #[must_use]
    pub fn tracing_layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        logs::any_tracing_layer(&self.pipeline().tracer_provider, self.loggers(), self.diagnostics())
    }

    /// Returns a subscriber that consists of the layer.
    pub(crate) fn subscriber(&self) -> impl Subscriber + Send + Sync + use<> {
        let layer = logs::tracing_layer(&self.pipeline().tracer_provider, self.loggers(), self.diagnostics());
        tracing_subscriber::registry().with(layer)
    }

    /// Changes `logs.level` at run time, for every thread, logger, `tracing` event and `log`
    /// record.
    ///
    /// `level` is a level or a filter list such as `info,hyper=warn`. Exporters with their own
    /// filter (`logs.levels`) keep it. If all of them have one, nothing changes.
    ///
    /// # Errors
    ///
    /// Returns an error if `level` is neither. The filter then stays unchanged.
    ///
    /// ```
    /// # let tools = autotelemetry::ObservabilityTools::disabled();
    /// tools.set_log_level("info,shop::payment=debug")?;
    /// # Ok::<_, autotelemetry::Error>(())
    /// ```
    pub fn set_log_level(&self, level: &str) -> Result<(), Error> {
        let filter = LogFilter::parse_str(level).map_err(|error| {
            let problem = Problem::new(error.message).with_key("logs.level").with_optional_help(error.help);
            Error::configuration(vec![problem])
        })?;
        self.loggers().filter.set(filter);
        Ok(())
    }

    /// Returns the delivery statistics: for each exporter of each signal, how many items were
    /// emitted, exported, failed, dropped and are queued.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let outputs = self.pipeline().outputs.get();
        Stats { exporters: outputs.recorders.iter().map(|recorder| recorder.stats()).collect() }
    }

    /// Tests the connection to each OTLP destination.
    ///
    /// Resolves its name, connects, sets up TLS and sends one empty export per signal, all at once
    /// and over new connections. Waits for the responses, at most the `timeout` of each
    /// destination.
    ///
    /// # Errors
    ///
    /// Returns an error if the operating system refuses a resource for the test. An unreachable
    /// destination is part of the report.
    pub fn probe(&self) -> Result<ConnectivityReport, Error> {
        doctor::probe(&self.loaded().settings, self.diagnostics())
    }

    /// Returns every effective value of the configuration and its origin, with secrets masked.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        Explanation::new(self.loaded(), Vec::new())
    }

    /// Returns the warnings at the start: settings that are valid but probably unintended.
    #[must_use]
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }

    /// Returns the address that Prometheus scrapes; `None` without the exporter `prometheus`, and
    /// with `prometheus.listen = false`.
    #[must_use]
    pub fn prometheus_address(&self) -> Option<SocketAddr> {
        self.pipeline().prometheus_page()?.address
    }

    /// Exports what is queued, all signals at once, within `shutdown_timeout`.
    ///
    /// After [`shutdown`](Self::shutdown), this returns the result of the shutdown.
    ///
    /// # Errors
    ///
    /// Returns an error if anything was not delivered, with the reason for each signal.
    pub fn force_flush(&self) -> Result<(), ShutdownError> {
        if self.has_nothing_to_export() {
            return Ok(());
        }
        self.live.force_flush()
    }

    /// Exports what is queued and ends all telemetry, all signals at once, within
    /// `shutdown_timeout`.
    ///
    /// Exports that fail during the shutdown are not retried. Further calls return the same result.
    ///
    /// # Errors
    ///
    /// Returns an error if anything was not delivered, with the reason for each signal.
    pub fn shutdown(&self) -> Result<(), ShutdownError> {
        if self.has_nothing_to_export() {
            return Ok(());
        }
        self.live.shutdown(|| {
            if let Some(exit_notice) = &self.exit_notice {
                exit_notice.cancel();
            }
        })
    }

    /// Reads the configuration again and applies what has changed, without a restart.
    ///
    /// The file is read as at the start, with its profile, and merged with the environment of the
    /// start. Loggers, tracers, meters, instruments and layers stay valid and follow. Exporters
    /// whose settings change take over their queues. Those that are removed deliver what they hold
    /// within `shutdown_timeout`. [`stats`](Self::stats) keeps counting. Certificates, keys and
    /// secrets in files are read again too.
    ///
    /// Some values take effect after a restart only, such as the resource and views. The result
    /// lists them, and one line on standard error names them.
    ///
    /// `reload.watch` in the file does the same whenever a file changes. The library handles no
    /// signals.
    ///
    /// # Errors
    ///
    /// Returns an error if the configuration has problems, or if an exporter cannot be prepared: a
    /// port is taken, or a directory cannot be written to. Nothing has changed then. Also returns
    /// an error after a shutdown, and in a forked child.
    ///
    /// ```
    /// # let tools = autotelemetry::ObservabilityTools::disabled();
    /// match tools.reload() {
    ///     Ok(reload) => println!("{} values have changed", reload.changed().len()),
    ///     Err(error) => eprintln!("the configuration stays as it is: {error}"),
    /// }
    /// ```
    pub fn reload(&self) -> Result<Reload, Error> {
        if self.is_forked() {
            return Err(Error::forked());
        }
        let reload = self.live.reload()?;
        watch::start(&self.live);
        Ok(reload)
    }

    /// Returns the outcomes of reloads, for example for a health check.
    #[must_use]
    pub fn reloads(&self) -> ReloadLog {
        self.live.reload_log().clone()
    }

    pub(super) fn pipeline(&self) -> &Pipeline {
        &self.live.pipeline
    }

    pub(super) fn loaded(&self) -> Arc<Loaded> {
        self.live.loaded()
    }

    pub(super) fn loggers(&self) -> &LoggerFactory {
        &self.pipeline().loggers
    }

    pub(super) fn diagnostics(&self) -> DiagnosticLog {
        self.live.diagnostics()
    }

    /// Returns whether telemetry was disabled at the start.
    pub(super) fn is_off(&self) -> bool {
        self.live.is_off()
    }

    /// Returns `true` for disabled tools and in a forked child. The child has none of the export
    /// threads, so a flush would wait forever.
    fn has_nothing_to_export(&self) -> bool {
        self.is_off() || self.is_forked()
    }

    pub(super) fn is_forked(&self) -> bool {
        self.process_id != std::process::id()
    }
}

impl Drop for ObservabilityTools {
    fn drop(&mut self) {
        if self.is_forked() {
            // The last handle of a provider waits for its threads when it is dropped, so one handle
            // is never dropped.
            std::mem::forget(Arc::clone(&self.live));
            return;
        }
        // Losses are reported on standard error.
        let _ = self.shutdown();
        // Without this, the last handle of a provider would wait when it is dropped.
        let _ = self.pipeline().tracer_provider.shutdown_with_timeout(Duration::ZERO);
        let _ = self.pipeline().loggers.provider.shutdown_with_timeout(Duration::ZERO);
    }
}
