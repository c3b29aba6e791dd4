//! Applies a changed configuration to running tools.

use std::sync::Arc;

use super::live_tools::{LiveTools, Reloading};
use crate::{
    config::{Config, ExporterList, Signal},
    error::{Error, Problem},
    export::otlp,
    load::{Change, Loaded, changes},
};

/// The result of a reload.
///
/// See [`ObservabilityTools::reload`](crate::ObservabilityTools::reload).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reload {
    changed: Vec<Change>,
    needs_restart: Vec<Change>,
    warnings: Vec<Problem>,
}

impl Reload {
    /// Returns the values that took effect.
    #[must_use]
    pub fn changed(&self) -> &[Change] {
        &self.changed
    }

    /// Returns the values that differ from those in force and take effect after a restart only.
    #[must_use]
    pub fn needs_restart(&self) -> &[Change] {
        &self.needs_restart
    }

    /// Returns the warnings about the configuration.
    #[must_use]
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }
}

impl LiveTools {
    /// Reads the configuration again and applies it.
    pub(super) fn reload(&self) -> Result<Reload, Error> {
        let mut reloading = self.reloading();
        if self.is_shut_down() {
            return Err(Error::shut_down());
        }
        let result = self.apply(&mut reloading);
        self.pipeline.count_reload(result.is_ok());
        match &result {
            Ok((reload, has_new_certificates)) => {
                self.reload_log().apply();
                self.report(reload, *has_new_certificates);
            }
            Err(error) => self.reload_log().refuse(error.to_string()),
        }
        result.map(|(reload, _)| reload)
    }

    /// Also returns whether the content of certificates or keys has changed.
    fn apply(&self, reloading: &mut Reloading) -> Result<(Reload, bool), Error> {
        let Some(sources) = &mut reloading.sources else { return Ok((Reload::nothing(), false)) };
        let running = self.loaded();
        let mut loaded = sources.load(otlp::inspect)?;
        if reloading.strict && !loaded.warnings.is_empty() && !loaded.config().disabled {
            return Err(Error::configuration(loaded.warnings));
        }
        let mut changed = changes(&running, &loaded);
        self.hold(&mut loaded, &running, &mut changed);
        let (needs_restart, changed): (Vec<_>, Vec<_>) = changed.into_iter().partition(Change::needs_restart);
        let tls_files = otlp::tls_content_of_all(loaded.config());
        if !self.is_off() {
            let applied = self.pipeline.reload(&loaded.settings, running.config());
            applied.map_err(|error| loaded.locate(error))?;
        }
        let warnings = loaded.warnings.clone();
        self.set_loaded(Arc::new(loaded));
        let has_new_certificates = std::mem::replace(&mut reloading.tls_files, tls_files) != tls_files;
        Ok((Reload { changed, needs_restart, warnings }, has_new_certificates))
    }

    /// Keeps the running values that need a restart.
    fn hold(&self, loaded: &mut Loaded, running: &Arc<Loaded>, changed: &mut [Change]) {
        loaded.hold_restart_keys(running);
        let is_held = |key: &str| {
            matches!(key, "metrics.exporters" | "metrics.interval") || key.ends_with(".metrics.interval")
        };
        if self.is_off() && !loaded.config().disabled {
            loaded.config_mut().disabled = true;
            loaded.hold_origin("disabled", running);
            changed.iter_mut().for_each(Change::set_needs_restart);
        }
        if !self.pipeline.can_serve_metrics(loaded.config()) {
            hold_metrics(loaded.config_mut(), running.config());
            for change in changed.iter_mut().filter(|change| is_held(change.key())) {
                change.set_needs_restart();
                loaded.hold_origin(change.key(), running);
            }
        }
    }

    fn report(&self, reload: &Reload, has_new_certificates: bool) {
        let diagnostics = self.diagnostics();
        let Reload { changed, needs_restart, warnings } = reload;
        let texts = |changes: &[Change]| changes.iter().map(ToString::to_string).collect::<Vec<_>>();
        let mut all = texts(changed);
        // Other changes may be those of the names of files, or of exporters that have files.
        if has_new_certificates && changed.iter().all(Change::is_of_secret) {
            all.push("certificates or keys".to_owned());
        }
        if all.is_empty() {
            all.push("nothing has changed".to_owned());
        }
        diagnostics.info(format_args!("reloaded {}: {}", self.file_name(), all.join(", ")));
        if !needs_restart.is_empty() {
            diagnostics.warn(format_args!("needs a restart: {}", texts(needs_restart).join(", ")));
        }
        for warning in warnings {
            diagnostics.warn(format_args!("warning: {warning}"));
        }
    }
}

impl Reload {
    fn nothing() -> Self {
        Self { changed: Vec::new(), needs_restart: Vec::new(), warnings: Vec::new() }
    }
}

/// Keeps the exporters of metrics and their intervals, for which the reader was made.
fn hold_metrics(config: &mut Config, running: &Config) {
    config.metrics.exporters = Some(ExporterList::new(running.exporters(Signal::Metrics).to_vec()));
    config.metrics.interval = running.metrics.interval;
    config.otlp.metrics.interval = running.otlp.metrics.interval;
    for (name, exporter) in &mut config.exporters {
        let running = running.exporters.get(name);
        exporter.metrics.interval = running.and_then(|running| running.metrics.interval);
    }
}
