//! The parts that a configuration describes, before they take effect.

use super::{
    builder::PipelineBuilder,
    fixed::Fixed,
    logs::{self, LogParts},
    metrics::LiveMetrics,
    propagators::Formats,
    traces::{self, TraceParts},
};
use crate::{
    config::{Config, ExporterName, Signal},
    error::Error,
    logs::ReloadableFilter,
};

/// The parts of all signals, except what the builder holds.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) traces: TraceParts,
    pub(super) logs: LogParts,
    pub(super) formats: Formats,
}

impl Prepared {
    /// Prepares the parts. Only this can fail. `running` is the configuration that is replaced.
    pub(super) fn new(
        config: &Config,
        running: Option<&Config>,
        filter: &ReloadableFilter,
        live: &LiveMetrics,
        builder: &mut PipelineBuilder<'_>,
    ) -> Result<Self, Error> {
        let Config {
            // Resolved into the exporters of each signal.
            disabled: _,
            // Was applied when the file was read.
            profile: _,
            // Read by the tools.
            reload: _,
            propagators,
            // Read by `PipelineBuilder`, as are the tables of exporters.
            shutdown_timeout: _,
            otlp: _,
            exporters: _,
            console: _,
            file: _,
            otlp_file: _,
            prometheus: _,
            redact: _,
            // The parts that stay.
            service: _,
            resource: _,
            diagnostics: _,
            // Resolved into those of each signal.
            attribute_limits: _,
            traces,
            metrics,
            logs,
        } = config;
        let fixed = builder.fixed;
        let exporters = |signal| exporters(config, fixed, signal);
        let traces = traces::prepare(traces, exporters(Signal::Traces), running, builder)?;
        let rules = logs::rules(logs, exporters(Signal::Logs), fixed);
        let logs = logs::prepare(logs, exporters(Signal::Logs), rules, filter, builder)?;
        live.prepare(metrics, exporters(Signal::Metrics), builder)?;
        let formats = Formats::new(propagators, |name| builder.kept.custom.propagator(name));
        Ok(Self { traces, logs, formats })
    }
}

/// Returns the exporters of a signal. Memory replaces all of them.
pub(super) fn exporters<'c>(config: &'c Config, fixed: &Fixed, signal: Signal) -> &'c [ExporterName] {
    if config.disabled || fixed.memory.is_some() { &[] } else { config.exporters(signal) }
}
