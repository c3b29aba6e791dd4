//! Conversions between levels and severities.

use opentelemetry::logs::Severity;
use tracing_subscriber::filter::LevelFilter as TracingLevelFilter;

use crate::config::LevelFilter;

/// A minimum that no severity number reaches.
pub(super) const NEVER: u8 = u8::MAX;

/// Returns the severity number of the least severe records that a level allows.
///
/// The numbers are those that the OpenTelemetry data model assigns to the levels of `tracing` and
/// `log`.
pub(super) fn min_severity(level: LevelFilter) -> u8 {
    match level {
        LevelFilter::Off => NEVER,
        LevelFilter::Error => Severity::Error as u8,
        LevelFilter::Warn => Severity::Warn as u8,
        LevelFilter::Info => Severity::Info as u8,
        LevelFilter::Debug => Severity::Debug as u8,
        LevelFilter::Trace => Severity::Trace as u8,
    }
}

/// Returns the severity of a record of this level.
pub(super) fn severity(level: LevelFilter) -> Severity {
    match level {
        LevelFilter::Off | LevelFilter::Trace => Severity::Trace,
        LevelFilter::Debug => Severity::Debug,
        LevelFilter::Info => Severity::Info,
        LevelFilter::Warn => Severity::Warn,
        LevelFilter::Error => Severity::Error,
    }
}

pub(super) fn from_tracing(level: tracing::Level) -> LevelFilter {
    match level {
        tracing::Level::TRACE => LevelFilter::Trace,
        tracing::Level::DEBUG => LevelFilter::Debug,
        tracing::Level::INFO => LevelFilter::Info,
        tracing::Level::WARN => LevelFilter::Warn,
        tracing::Level::ERROR => LevelFilter::Error,
    }
}

pub(super) fn to_tracing(level: LevelFilter) -> TracingLevelFilter {
    match level {
        LevelFilter::Off => TracingLevelFilter::OFF,
        LevelFilter::Error => TracingLevelFilter::ERROR,
        LevelFilter::Warn => TracingLevelFilter::WARN,
        LevelFilter::Info => TracingLevelFilter::INFO,
        LevelFilter::Debug => TracingLevelFilter::DEBUG,
        LevelFilter::Trace => TracingLevelFilter::TRACE,
    }
}

pub(super) fn from_log(level: log::Level) -> LevelFilter {
    match level {
        log::Level::Trace => LevelFilter::Trace,
        log::Level::Debug => LevelFilter::Debug,
        log::Level::Info => LevelFilter::Info,
        log::Level::Warn => LevelFilter::Warn,
        log::Level::Error => LevelFilter::Error,
    }
}

pub(super) fn to_log(level: LevelFilter) -> log::LevelFilter {
    match level {
        LevelFilter::Off => log::LevelFilter::Off,
        LevelFilter::Error => log::LevelFilter::Error,
        LevelFilter::Warn => log::LevelFilter::Warn,
        LevelFilter::Info => log::LevelFilter::Info,
        LevelFilter::Debug => log::LevelFilter::Debug,
        LevelFilter::Trace => log::LevelFilter::Trace,
    }
}
