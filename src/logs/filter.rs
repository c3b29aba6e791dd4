//! Decides which records are wanted, for all three ways in.

use opentelemetry::logs::Severity;
use tracing_subscriber::filter::{LevelFilter as TracingLevel, Targets};

use crate::config::{Level, LevelFilter};

/// The filter of `logs.level`.
#[derive(Debug, Clone)]
pub(crate) struct Filter(Targets);

impl Filter {
    pub(crate) fn new(config: &LevelFilter) -> Self {
        let LevelFilter { default, targets } = config;
        let targets = targets.iter().map(|(target, level)| (target.clone(), to_tracing(*level)));
        Self(Targets::new().with_default(to_tracing(*default)).with_targets(targets))
    }

    /// Lets nothing through.
    pub(crate) fn off() -> Self {
        Self::new(&LevelFilter { default: Level::Off, targets: Vec::new() })
    }

    pub(crate) fn enabled(&self, target: &str, level: tracing::Level) -> bool {
        self.0.would_enable(target, &level)
    }

    /// The least severe severity that records of `target` may have; `None` when none is wanted.
    pub(crate) fn least(&self, target: &str) -> Option<Severity> {
        use tracing::Level as L;
        [
            (L::TRACE, Severity::Trace),
            (L::DEBUG, Severity::Debug),
            (L::INFO, Severity::Info),
            (L::WARN, Severity::Warn),
            (L::ERROR, Severity::Error),
        ]
        .into_iter()
        .find(|(level, _)| self.enabled(target, *level))
        .map(|(_, severity)| severity)
    }

    /// The most detailed level that any target lets through.
    pub(crate) fn most_detailed(&self) -> TracingLevel {
        let default = self.0.default_level().unwrap_or(TracingLevel::OFF);
        self.0.iter().map(|(_, level)| level).fold(default, Ord::max)
    }
}

fn to_tracing(level: Level) -> TracingLevel {
    match level {
        Level::Off => TracingLevel::OFF,
        Level::Error => TracingLevel::ERROR,
        Level::Warn => TracingLevel::WARN,
        Level::Info => TracingLevel::INFO,
        Level::Debug => TracingLevel::DEBUG,
        Level::Trace => TracingLevel::TRACE,
    }
}

/// Severity and its text, as the OpenTelemetry data model maps the levels of `tracing` and `log`.
pub(super) fn severity(level: tracing::Level) -> Severity {
    match level {
        tracing::Level::TRACE => Severity::Trace,
        tracing::Level::DEBUG => Severity::Debug,
        tracing::Level::INFO => Severity::Info,
        tracing::Level::WARN => Severity::Warn,
        tracing::Level::ERROR => Severity::Error,
    }
}

/// The level of `tracing` that stands for one of `log`.
pub(super) fn from_log(level: log::Level) -> tracing::Level {
    match level {
        log::Level::Trace => tracing::Level::TRACE,
        log::Level::Debug => tracing::Level::DEBUG,
        log::Level::Info => tracing::Level::INFO,
        log::Level::Warn => tracing::Level::WARN,
        log::Level::Error => tracing::Level::ERROR,
    }
}

/// Whether `target` is that of an OpenTelemetry crate. What these say is said while they hold locks, and about the
/// pipeline itself, so it must never enter it.
pub(super) fn is_internal(target: &str) -> bool {
    target.starts_with("opentelemetry")
}
