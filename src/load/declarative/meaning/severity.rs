//! Severities of log records.

use crate::config::LevelFilter;

/// Returns the level of a severity such as `warn2`. Levels have no steps, and `fatal` is `error`.
pub(super) fn level(severity: &str) -> LevelFilter {
    match severity.trim_end_matches(|c: char| c.is_ascii_digit()) {
        "trace" => LevelFilter::Trace,
        "debug" => LevelFilter::Debug,
        "warn" => LevelFilter::Warn,
        "error" | "fatal" => LevelFilter::Error,
        _ => LevelFilter::Info,
    }
}
