//! Filters of log records: a level, and other levels for some targets.

use std::fmt;

use super::{ConfigValue, ParseError, string_enum, string_value};

string_enum! {
    /// The least severe level that passes; `off` passes nothing.
    #[derive(PartialOrd, Ord)]
    pub(crate) enum LevelFilter {
        /// No records.
        Off = "off",
        /// Failures.
        Error = "error",
        /// Unexpected conditions that are not failures.
        Warn = "warn",
        /// Events of interest in normal operation.
        Info = "info",
        /// Details for debugging.
        Debug = "debug",
        /// Everything.
        Trace = "trace",
    }
}

/// A level, or a list such as `"info,hyper=warn,my_crate=debug"`. The longest matching target
/// decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogFilter {
    /// The level of targets that no directive names.
    pub(crate) default: LevelFilter,
    /// Targets and their levels. A target matches all targets that start with it, as in `RUST_LOG`.
    pub(crate) targets: Vec<(String, LevelFilter)>,
}

impl Default for LogFilter {
    fn default() -> Self {
        Self { default: LevelFilter::Info, targets: Vec::new() }
    }
}

impl LogFilter {
    /// Returns the most verbose level that passes for records of `target`.
    pub(crate) fn level_of(&self, target: &str) -> LevelFilter {
        let named = self.targets.iter().filter(|(prefix, _)| target.starts_with(prefix.as_str()));
        // Of equal targets the last one counts.
        named.max_by_key(|(prefix, _)| prefix.len()).map_or(self.default, |(_, level)| *level)
    }

    /// Returns the most verbose level that passes for any target.
    pub(crate) fn most_detailed(&self) -> LevelFilter {
        self.targets.iter().map(|(_, level)| *level).fold(self.default, Ord::max)
    }
}

impl fmt::Display for LogFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.default)?;
        self.targets.iter().try_for_each(|(target, level)| write!(f, ",{target}={level}"))
    }
}

impl ConfigValue for LogFilter {
    const EXPECTED: &'static str = "a level or a filter list such as \"info,hyper=warn\"";

    fn parse_str(text: &str) -> Result<Self, ParseError> {
        let mut default = None;
        let mut targets = Vec::new();
        for directive in text.split(',').map(str::trim).filter(|directive| !directive.is_empty()) {
            if directive.contains(['[', '{']) {
                return Err(ParseError::new(format!(
                    "{directive:?} filters on spans or fields, which is not supported"
                ))
                .with_help("write `target=level`"));
            }
            match directive.split_once('=') {
                None => default = Some(level(directive)?),
                Some((target, text)) if !target.trim().is_empty() => {
                    targets.push((target.trim().to_owned(), level(text.trim())?));
                }
                Some(_) => return Err(ParseError::new(format!("{directive:?} has no target"))),
            }
        }
        if default.is_none() && targets.is_empty() {
            return Err(ParseError::new("must not be empty"));
        }
        // A list of targets only leaves the level of all others at its default.
        Ok(Self { default: default.unwrap_or(Self::default().default), targets })
    }
}

fn level(text: &str) -> Result<LevelFilter, ParseError> {
    // Case is ignored, but the error quotes the text as it was written.
    LevelFilter::parse_str(&text.to_ascii_lowercase()).or_else(|_| LevelFilter::parse_str(text)).map_err(
        |error| match error.help {
            Some(_) => error,
            None => error.with_help("write a level for all targets, or `target=level` for one"),
        },
    )
}

string_value!(LogFilter);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filter_reads_levels_and_targets() {
        let filter = LogFilter::parse_str(" warn, hyper=off ,my::app=TRACE").unwrap();
        assert_eq!(filter.default, LevelFilter::Warn);
        assert_eq!(
            filter.targets,
            [("hyper".into(), LevelFilter::Off), ("my::app".into(), LevelFilter::Trace)]
        );
        assert_eq!(LogFilter::parse_str("a=debug").unwrap().default, LevelFilter::Info);
    }

    #[test]
    fn longest_matching_target_decides() {
        let filter = LogFilter::parse_str("warn,hyper=off,hyper::client=debug,a=info,a=trace").unwrap();
        for (target, level) in [
            ("shop", LevelFilter::Warn),
            ("hyper", LevelFilter::Off),
            ("hyper_util", LevelFilter::Off),
            ("hyper::client::pool", LevelFilter::Debug),
            ("a::b", LevelFilter::Trace),
        ] {
            assert_eq!(filter.level_of(target), level, "{target}");
        }
        assert_eq!(filter.most_detailed(), LevelFilter::Trace);
    }

    #[test]
    fn unsupported_filter_is_refused() {
        for text in ["", ",", "infoo", "my_crate", "=info", "a[span]=info", "a=loud"] {
            assert!(LogFilter::parse_str(text).is_err(), "{text}");
        }
    }
}
