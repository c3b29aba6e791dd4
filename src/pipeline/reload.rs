//! Replaces what is behind the providers.

use std::sync::{Arc, PoisonError};

use super::{
    Parts, Pipeline,
    builder::PipelineBuilder,
    logs,
    prepared::{self, Prepared},
    retirement::retire,
};
use crate::{
    config::{Config, Settings, Signal},
    error::Error,
};

impl Pipeline {
    /// Makes `settings` take effect in place of `running`, or changes nothing.
    ///
    /// # Errors
    ///
    /// Returns an error if an exporter cannot be built, or if the shutdown has begun. Problems have
    /// keys, but no origin.
    pub(crate) fn reload(&self, settings: &Settings, running: &Config) -> Result<(), Error> {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let Parts { kept, running: running_parts } = &mut *parts;
        let config = &*settings.config;
        let mut builder = PipelineBuilder::new(settings, &self.fixed, kept, running_parts);
        let filter = &self.loggers.filter;
        let prepared = Prepared::new(config, Some(running), filter, &self.metrics, &mut builder);
        let Prepared { traces, logs, formats } = match prepared {
            Ok(prepared) => prepared,
            Err(error) => {
                let created = builder.abandon();
                running_parts.keep(created);
                return Err(error);
            }
        };
        let is_closing = self.is_closing.lock().unwrap_or_else(PoisonError::into_inner);
        if *is_closing {
            let created = builder.abandon();
            running_parts.keep(created);
            return Err(Error::shut_down());
        }
        // Nothing below can fail.
        let timeout = builder.shutdown_timeout();
        let (next, outputs) = builder.activate();
        let mut removed = None;
        self.outputs.change(|previous| {
            let mut rest = previous.removed_from(&outputs);
            if let Some(running) = &next.console {
                // The console waits for a reload that names it again.
                rest.line_writers.retain(|lines| !Arc::ptr_eq(lines, &running.console.lines()));
            }
            removed = Some(rest);
            // Until the removed ones are empty, a shutdown waits for them too.
            outputs.with_rest_of(previous)
        });
        self.traces.set(traces);
        let keeps_level = config.logs.level == running.logs.level;
        logs::set(&self.loggers, &self.records, logs, keeps_level);
        self.propagator.set(formats);
        self.fixed.diagnostics.set_level(config.diagnostics);
        drop(is_closing);
        let previous = std::mem::replace(running_parts, next);
        #[cfg(feature = "prometheus")]
        if let Some(page) = &previous.page {
            page.replace_by(running_parts.page.as_ref());
        }
        drop(previous);
        retire(removed.unwrap_or_default(), &self.outputs, timeout);
        Ok(())
    }

    /// Refuses reloads from now on. Waits for one that takes effect, but not for one that is being
    /// prepared.
    pub(crate) fn begin_closing(&self) {
        *self.is_closing.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }

    /// Counts a reload in the metrics about the pipeline. `reload` may have failed before it
    /// reached the pipeline.
    pub(crate) fn count_reload(&self, is_applied: bool) {
        let Some(self_metrics) = &self.fixed.self_metrics else { return };
        if is_applied {
            self_metrics.reloads().apply();
        } else {
            self_metrics.reloads().refuse();
        }
    }

    /// Returns whether the metrics can have the exporters of `config` without a restart.
    pub(crate) fn can_serve_metrics(&self, config: &Config) -> bool {
        prepared::exporters(config, &self.fixed, Signal::Metrics).is_empty() || self.metrics.can_serve(config)
    }
}
