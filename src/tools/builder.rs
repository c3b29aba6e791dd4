//! What a program says about its telemetry.

use std::{fmt, io::Write, panic::Location, path::PathBuf, sync::Arc};

use super::{ObservabilityTools, install, startup_summary::startup_summary};
use crate::{
    config::{AttributeValue, Config, OtlpProtocol, key_path::key_path},
    error::{Error, Inspection, Origin},
    export::{console::ConsoleWriter, memory::Memory, otlp},
    load::{CodeKey, CodeValue, CodeValueKind, Environment, Loaded, Sources, explain::Explanation},
    pipeline,
};

/// Collects what the program knows, then builds.
///
/// Values set here are *defaults*: the file and the environment override them, so that a deployed program can always be
/// redirected. Only [`force`](Self::force) is stronger than both.
#[derive(Default)]
#[must_use]
pub struct Builder {
    sources: Sources,
    strict: bool,
    writer: Option<ConsoleWriter>,
}

/// Without the values, among which may be secrets.
impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("strict", &self.strict).finish_non_exhaustive()
    }
}

impl Builder {
    #[track_caller]
    fn text(mut self, key: &str, value: impl fmt::Display) -> Self {
        self.sources.defaults.push(CodeValue {
            key: CodeKey::Path(key_path(key)),
            value: CodeValueKind::Text(value.to_string()),
            location: Location::caller(),
        });
        self
    }

    /// The name of the service (`service.name`). Required: here, in the file or in the environment.
    #[track_caller]
    pub fn service_name(self, name: impl Into<String>) -> Self {
        self.text("service.name", name.into())
    }

    /// The version of the service (`service.version`).
    #[track_caller]
    pub fn service_version(self, version: impl Into<String>) -> Self {
        self.text("service.version", version.into())
    }

    /// Where the service runs (`service.environment`), for example `production`.
    #[track_caller]
    pub fn environment(self, environment: impl Into<String>) -> Self {
        self.text("service.environment", environment.into())
    }

    /// An attribute of all telemetry (`resource.attributes`).
    #[track_caller]
    pub fn resource_attribute(mut self, key: impl Into<String>, value: impl Into<AttributeValue>) -> Self {
        self.sources.defaults.push(CodeValue {
            key: CodeKey::Path(vec!["resource".to_owned(), "attributes".to_owned(), key.into()]),
            value: CodeValueKind::Attribute(value.into()),
            location: Location::caller(),
        });
        self
    }

    /// Where the exporter `otlp` sends to (`otlp.endpoint`), for example `http://collector:4317`.
    #[track_caller]
    pub fn otlp_endpoint(self, endpoint: impl Into<String>) -> Self {
        self.text("otlp.endpoint", endpoint.into())
    }

    /// How the exporter `otlp` talks (`otlp.protocol`).
    #[track_caller]
    pub fn otlp_protocol(self, protocol: OtlpProtocol) -> Self {
        self.text("otlp.protocol", protocol)
    }

    /// The port that Prometheus scrapes (`prometheus.port`); 0 takes any free one. Also switches the exporter
    /// `prometheus` on, unless `metrics.exporters` says something else.
    #[track_caller]
    pub fn prometheus_port(mut self, port: u16) -> Self {
        self.sources.prometheus = true;
        self.text("prometheus.port", port)
    }

    /// Whether the console shows JSON (`console.format = "json"`) or text (`"text"`).
    #[track_caller]
    pub fn json_logs(self, json: bool) -> Self {
        self.text("console.format", if json { "json" } else { "text" })
    }

    /// Any other key by its path, as a default: `set("traces.sampler", "always_on")`.
    ///
    /// The value is read as from a variable: lists are separated by commas, durations have a unit. A segment of the path
    /// that holds a dot is quoted as in the file.
    #[track_caller]
    pub fn set(mut self, key: impl Into<String>, value: impl fmt::Display) -> Self {
        self.sources.defaults.push(dotted(key.into(), &value, Location::caller()));
        self
    }

    /// As [`set`](Self::set), but stronger than the file and the environment.
    #[track_caller]
    pub fn force(mut self, key: impl Into<String>, value: impl fmt::Display) -> Self {
        self.sources.forced.push(dotted(key.into(), &value, Location::caller()));
        self
    }

    /// The file to read, instead of searching for one; it must exist. `AUTOTEL_CONFIG` is stronger.
    pub fn config_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.sources.config_file = Some(path.into());
        self
    }

    /// The profile to apply. `AUTOTEL_PROFILE` is stronger.
    #[track_caller]
    pub fn profile(mut self, name: impl Into<String>) -> Self {
        self.sources.profile = Some((name.into(), Origin::Code(Location::caller())));
        self
    }

    /// The environment to use instead of that of the process.
    pub fn env_vars<K: Into<String>, V: Into<String>>(
        mut self,
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        self.sources.environment = Some(Environment::new(variables));
        self
    }

    /// Where the exporter `console` writes, instead of standard output or standard error: a test's buffer, or the lines above
    /// a progress bar. It is no terminal, so `console.format = "auto"` means JSON.
    ///
    /// It is called with whole lines, one call at a time, as a rule by the thread that logs. A writer that fails loses the
    /// lines that it was given, one that panics is never called again, and what it logs itself goes nowhere.
    pub fn console_writer(mut self, writer: impl Write + Send + 'static) -> Self {
        self.writer = Some(Box::new(writer));
        self
    }

    /// Whether warnings are errors, except while telemetry is disabled. The default is `false`.
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Every effective value and where it came from, and all that is wrong. Nothing is built or started.
    #[must_use]
    pub fn explain(self) -> Explanation {
        let (loaded, problems) = self.sources.read();
        Explanation::new(&loaded, problems)
    }

    /// Builds the tools without changing any global state of the process.
    ///
    /// # Errors
    ///
    /// When the configuration has problems (all are listed, each with its key), a port is taken, or the system refuses a
    /// thread.
    pub fn build(self) -> Result<ObservabilityTools, Error> {
        self.build_with(None, otlp::inspect, |_| Ok(()))
    }

    /// Builds with `memory` in the place of all exporters, if there is one, and if `check` is content with what was loaded.
    fn build_with(
        self,
        memory: Option<Arc<Memory>>,
        inspect: impl FnOnce(&Config) -> Inspection,
        check: impl FnOnce(&Loaded) -> Result<(), Error>,
    ) -> Result<ObservabilityTools, Error> {
        let loaded = self.sources.load(inspect)?;
        if self.strict && !loaded.warnings.is_empty() && !loaded.config().disabled {
            return Err(Error::configuration(loaded.warnings));
        }
        check(&loaded)?;
        let pipeline =
            pipeline::build(&loaded.settings, self.writer, memory).map_err(|error| loaded.locate(error))?;
        Ok(ObservabilityTools::new(pipeline, loaded))
    }

    /// A builder that knows only what it is told: no file is looked for, no variable read.
    pub(crate) fn isolated() -> Self {
        let mut builder = Self::default().env_vars::<String, String>([]);
        builder.sources.only_named_file = true;
        builder
    }

    /// As [`build`](Self::build), with `memory` in the place of all exporters.
    pub(crate) fn build_in_memory(self, memory: Arc<Memory>) -> Result<ObservabilityTools, Error> {
        // Files of TLS need not be there, since nothing is sent anywhere.
        self.build_with(Some(memory), |_| Inspection::default(), |_| Ok(()))
    }

    /// Builds the tools and makes them those of the process: the global tracer and meter providers, the propagator, the
    /// logger of [`logger`](crate::logger), a `tracing` subscriber and the bridge from `log`. All of them or none. Then one line on
    /// standard error says where telemetry goes, unless `diagnostics.level` is above `info`.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build), and when one of the globals is set already, by an earlier call or by somebody else.
    pub fn install(self) -> Result<ObservabilityTools, Error> {
        let tools = install::install(|| self.build_with(None, otlp::inspect, install::check))?;
        for warning in tools.warnings() {
            tools.diagnostics().warn(format_args!("warning: {warning}"));
        }
        tools.diagnostics().info(startup_summary(&tools));
        Ok(tools)
    }
}

fn dotted(key: String, value: &dyn fmt::Display, location: &'static Location<'static>) -> CodeValue {
    CodeValue { key: CodeKey::Dotted(key), value: CodeValueKind::Text(value.to_string()), location }
}
