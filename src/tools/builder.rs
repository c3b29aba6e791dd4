//! Builder for [`ObservabilityTools`].

use std::{ffi::OsString, fmt, io::Write, panic::Location, path::PathBuf, sync::Arc};

use super::{
    install,
    live_tools::{LiveTools, Reloading},
    observability_tools::ObservabilityTools,
    startup_summary::startup_summary,
};
use crate::{
    config::{AttributeValue, Config, OtlpProtocol, key_path::key_path},
    diagnostics::DiagnosticLog,
    doctor::{self, ConnectivityReport},
    error::{Error, Inspection, Origin},
    export::{console::ConsoleWriter, memory::Memory, otlp},
    load::{CodeKey, CodeValue, CodeValueKind, Environment, Loaded, Sources, explain::Explanation},
    pipeline::{self, CustomParts},
};

/// Builder for [`ObservabilityTools`].
///
/// Values set here are *defaults*: the file and the environment override them, so that a deployed
/// program can always be redirected. Only [`force`](Self::force) overrides both.
///
/// ```no_run
/// use autotelemetry::{ObservabilityTools, OtlpProtocol};
///
/// let tools = ObservabilityTools::builder()
///     .service_name("checkout")
///     .service_version(env!("CARGO_PKG_VERSION"))
///     .otlp_endpoint("http://collector:4317")
///     .otlp_protocol(OtlpProtocol::Grpc)
///     .set("traces.sampler", "always_on")
///     .install()?;
/// # Ok::<_, autotelemetry::Error>(())
/// ```
#[derive(Default)]
#[must_use]
pub struct Builder {
    pub(super) sources: Sources,
    strict: bool,
    writer: Option<ConsoleWriter>,
    pub(super) custom: CustomParts,
}

/// Omits the values, which may contain secrets.
impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("strict", &self.strict).finish_non_exhaustive()
    }
}

impl ObservabilityTools {
    /// Returns a builder, for values from code and for tools without globals.
    pub fn builder() -> Builder {
        Builder::default()
    }
}

impl Builder {
    #[track_caller]
    fn set_known(mut self, key: &str, value: impl fmt::Display) -> Self {
        self.sources.defaults.push(CodeValue {
            key: CodeKey::Path(key_path(key)),
            value: CodeValueKind::Text(value.to_string()),
            location: Location::caller(),
        });
        self
    }

    /// Sets the name of the service (`service.name`). Required: here, in the file or in the
    /// environment.
    #[track_caller]
    pub fn service_name(self, name: impl Into<String>) -> Self {
        self.set_known("service.name", name.into())
    }

    /// Sets the version of the service (`service.version`).
    #[track_caller]
    pub fn service_version(self, version: impl Into<String>) -> Self {
        self.set_known("service.version", version.into())
    }

    /// Sets the environment of the service (`service.environment`), for example `production`.
    #[track_caller]
    pub fn environment(self, environment: impl Into<String>) -> Self {
        self.set_known("service.environment", environment.into())
    }

    /// Adds an attribute to all telemetry (`resource.attributes`).
    #[track_caller]
    pub fn resource_attribute(mut self, key: impl Into<String>, value: impl Into<AttributeValue>) -> Self {
        self.sources.defaults.push(CodeValue {
            key: CodeKey::Path(vec!["resource".to_owned(), "attributes".to_owned(), key.into()]),
            value: CodeValueKind::Attribute(value.into()),
            location: Location::caller(),
        });
        self
    }

    /// Sets the endpoint of the exporter `otlp` (`otlp.endpoint`), for example
    /// `http://collector:4317`.
    #[track_caller]
    pub fn otlp_endpoint(self, endpoint: impl Into<String>) -> Self {
        self.set_known("otlp.endpoint", endpoint.into())
    }

    /// Sets the protocol of the exporter `otlp` (`otlp.protocol`).
    #[track_caller]
    pub fn otlp_protocol(self, protocol: OtlpProtocol) -> Self {
        self.set_known("otlp.protocol", protocol)
    }

    /// Sets the port that Prometheus scrapes (`prometheus.port`); 0 selects any free port.
    ///
    /// Also enables the exporter `prometheus`, unless `metrics.exporters` is set.
    #[track_caller]
    pub fn prometheus_port(mut self, port: u16) -> Self {
        self.sources.prometheus = true;
        self.set_known("prometheus.port", port)
    }

    /// Sets the format of the console to JSON (`console.format = "json"`) or to text (`"text"`).
    #[track_caller]
    pub fn json_logs(self, json: bool) -> Self {
        self.set_known("console.format", if json { "json" } else { "text" })
    }

    /// Sets any other key by its path, as a default: `set("traces.sampler", "always_on")`.
    ///
    /// The value is written as in a variable: lists are separated by commas, durations have a unit.
    /// A segment of the path that contains a dot is quoted as in the file.
    #[track_caller]
    pub fn set(mut self, key: impl Into<String>, value: impl fmt::Display) -> Self {
        self.sources.defaults.push(dotted(key.into(), &value, Location::caller()));
        self
    }

    /// Same as [`set`](Self::set), but overrides the file and the environment.
    #[track_caller]
    pub fn force(mut self, key: impl Into<String>, value: impl fmt::Display) -> Self {
        self.sources.forced.push(dotted(key.into(), &value, Location::caller()));
        self
    }

    /// Sets the file to read instead of searching for one. The file must exist. `OTEL_CONFIG_FILE`
    /// and `AUTOTEL_CONFIG` override it.
    ///
    /// A file with the extension `.yaml` or `.yml` is a declarative file of OpenTelemetry. It
    /// replaces the variables and the values from code, except [`force`](Self::force) and those
    /// that describe the resource.
    pub fn config_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.sources.config_file = Some(path.into());
        self
    }

    /// Sets the profile to apply. `AUTOTEL_PROFILE` overrides it.
    #[track_caller]
    pub fn profile(mut self, name: impl Into<String>) -> Self {
        self.sources.profile = Some((name.into(), Origin::Code(Location::caller())));
        self
    }

    /// Replaces the environment of the process.
    ///
    /// A program with arguments for the file and the profile can pass them as variables, so that
    /// they override the variables of the process:
    ///
    /// ```
    /// use autotelemetry::ObservabilityTools;
    ///
    /// let argument = ("AUTOTEL_PROFILE".into(), "production".into());
    /// let builder = ObservabilityTools::builder().env_vars(std::env::vars_os().chain([argument]));
    /// ```
    ///
    /// If a name occurs more than once, the last value wins. A variable of OpenTelemetry or of this
    /// library whose value is not Unicode causes a warning.
    pub fn env_vars<K: Into<OsString>, V: Into<OsString>>(
        mut self,
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        self.sources.environment = Some(Arc::new(Environment::new(variables)));
        self
    }

    /// Replaces standard output or standard error as the output of the exporter `console`, for
    /// example with the buffer of a test or the lines above a progress bar.
    ///
    /// The writer is not a terminal, so `console.format = "auto"` means JSON. It receives whole
    /// lines, one call at a time, usually on the thread that logs. If it returns an error, the
    /// lines of that call are lost. If it panics, it is never called again. Log records that it
    /// emits itself are dropped.
    pub fn console_writer(mut self, writer: impl Write + Send + 'static) -> Self {
        self.writer = Some(ConsoleWriter::new(Box::new(writer)));
        self
    }

    /// Turns warnings into errors, except while telemetry is disabled. The default is `false`.
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Returns every effective value and its origin, with all problems. Builds and starts nothing.
    ///
    /// Does not read TLS files; [`check`](Self::check) does.
    #[must_use]
    pub fn explain(mut self) -> Explanation {
        let (loaded, problems) = self.sources.read();
        Explanation::new(Arc::new(loaded), problems)
    }

    /// Same as [`explain`](Self::explain), but also reads the TLS files and reports their problems.
    ///
    /// ```
    /// use autotelemetry::ObservabilityTools;
    ///
    /// let checked = ObservabilityTools::builder().service_name("checkout").check();
    /// for problem in checked.errors() {
    ///     eprintln!("error: {problem}");
    /// }
    /// ```
    #[must_use]
    pub fn check(mut self) -> Explanation {
        let (loaded, problems) = self.sources.read_and_inspect(otlp::inspect);
        Explanation::new(Arc::new(loaded), problems)
    }

    /// Tests the connection to each OTLP destination, as [`ObservabilityTools::probe`] does,
    /// without building tools.
    ///
    /// # Errors
    ///
    /// Returns an error if the configuration has problems, or if the operating system refuses a
    /// resource for the test. An unreachable destination is part of the report.
    pub fn probe(mut self) -> Result<ConnectivityReport, Error> {
        let loaded = load(&mut self.sources, self.strict, otlp::inspect)?;
        doctor::probe(&loaded.settings, DiagnosticLog::new(loaded.config().diagnostics))
    }

    /// Builds the tools without changing any global state of the process.
    ///
    /// # Errors
    ///
    /// Returns an error if the configuration has problems (all are listed, each with its key), a
    /// port is taken, or the operating system refuses a thread.
    pub fn build(self) -> Result<ObservabilityTools, Error> {
        self.build_with(None, otlp::inspect, |_| Ok(())).map(ObservabilityTools::with_exit_notice)
    }

    /// Builds the tools and sets the globals of the process.
    ///
    /// The globals are the tracer and meter providers, the propagator, the logger of
    /// [`logger`](crate::logger()), a `tracing` subscriber and the bridge from `log`. Either all of
    /// them are set or none. Afterwards, one line on standard error shows where telemetry goes,
    /// unless `diagnostics.level` is less verbose than `info`.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`build`](Self::build). Also returns an error if one of the globals is
    /// already set, by an earlier call or by another library.
    pub fn install(self) -> Result<ObservabilityTools, Error> {
        let tools =
            install::install(|| self.build_with(None, otlp::inspect, install::check))?.with_exit_notice();
        for warning in tools.warnings() {
            tools.diagnostics().warn(format_args!("warning: {warning}"));
        }
        tools.diagnostics().info(startup_summary(&tools));
        Ok(tools)
    }

    /// Returns a builder that searches no file and reads no variable.
    pub(crate) fn isolated() -> Self {
        let mut builder = Self::default().env_vars::<OsString, OsString>([]);
        builder.sources.only_named_file = true;
        builder
    }

    /// Same as [`build`](Self::build), but `memory` replaces all exporters.
    pub(crate) fn build_in_memory(self, memory: Arc<Memory>) -> Result<ObservabilityTools, Error> {
        // Nothing is sent, so the TLS files need not exist.
        self.build_with(Some(memory), |_| Inspection::default(), |_| Ok(()))
    }

    /// Builds the tools, unless `check` rejects the configuration. `memory` replaces all exporters.
    fn build_with(
        self,
        memory: Option<Arc<Memory>>,
        inspect: impl FnOnce(&Config) -> Inspection,
        check: impl FnOnce(&Loaded) -> Result<(), Error>,
    ) -> Result<ObservabilityTools, Error> {
        let Self { mut sources, strict, writer, custom } = self;
        let mut loaded = load(&mut sources, strict, inspect)?;
        check(&loaded)?;
        let is_in_memory = memory.is_some();
        // Before they are read for good: a change in between is found by the first look.
        let tls_files = if is_in_memory { 0 } else { otlp::tls_content_of_all(loaded.config()) };
        let pipeline = pipeline::build(&loaded.settings, writer, memory, custom)
            .map_err(|error| loaded.locate(error))?;
        let environment = std::mem::take(&mut loaded.environment);
        let env_context = pipeline.propagator.extract_env(&|name| environment.get(name));
        // Tools that keep telemetry in memory have no file to read again.
        let sources = if is_in_memory { None } else { Some(sources) };
        let reloading = Reloading { sources, strict, tls_files };
        Ok(ObservabilityTools::new(LiveTools::new(pipeline, loaded, reloading), env_context))
    }
}

/// Loads the configuration, with `strict` applied.
fn load(
    sources: &mut Sources,
    strict: bool,
    inspect: impl FnOnce(&Config) -> Inspection,
) -> Result<Loaded, Error> {
    let loaded = sources.load(inspect)?;
    if strict && !loaded.warnings.is_empty() && !loaded.config().disabled {
        return Err(Error::configuration(loaded.warnings));
    }
    Ok(loaded)
}

fn dotted(key: String, value: &dyn fmt::Display, location: &'static Location<'static>) -> CodeValue {
    CodeValue { key: CodeKey::Dotted(key), value: CodeValueKind::Text(value.to_string()), location }
}
