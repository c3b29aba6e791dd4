//! Filters of log records: a level, and other levels for some targets.

use std::fmt;

use super::{
    ConfigValue, ParseError,
    level_filter::LevelFilter,
    log_directive::{Directive, directives},
    string_value,
};

/// A level, or a list such as `"info,hyper=warn,my_crate=debug"`. The longest matching target
/// decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogFilter {
    /// The level of targets that no directive names.
    pub(crate) default: LevelFilter,
    /// Targets and their levels. A target matches all targets that start with it, as in `RUST_LOG`.
    /// Its `_` also matches a `-`, which only names of loggers contain.
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
        let named = self.targets.iter().filter(|(prefix, _)| is_prefix(prefix, target));
        // Of equal targets the last one counts.
        named.max_by_key(|(prefix, _)| prefix.len()).map_or(self.default, |(_, level)| *level)
    }

    /// Returns the most verbose level that passes for any target.
    pub(crate) fn most_detailed(&self) -> LevelFilter {
        self.targets.iter().map(|(_, level)| *level).fold(self.default, Ord::max)
    }
}

fn is_prefix(prefix: &str, target: &str) -> bool {
    let is_same = |(prefix, target): (u8, u8)| prefix == target || (prefix == b'_' && target == b'-');
    prefix.len() <= target.len() && prefix.bytes().zip(target.bytes()).all(is_same)
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
        let mut errors = Vec::new();
        for directive in directives(text) {
            match Directive::parse(directive) {
                Ok(Directive::Default(level)) => default = Some(level),
                Ok(Directive::Target(target, level)) => targets.push((target, level)),
                Err(error) => errors.push(error),
            }
        }
        if !errors.is_empty() {
            return Err(ParseError::joined(errors));
        }
        if default.is_none() && targets.is_empty() {
            return Err(ParseError::new("must not be empty"));
        }
        // A list of targets only leaves the level of all others at its default.
        Ok(Self { default: default.unwrap_or(Self::default().default), targets })
    }
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

    #[test]
    fn text_that_cannot_be_a_target_is_refused_with_a_proposal() {
        for (text, help) in [
            ("warn;hyper=error", "separate directives by commas: `warn,hyper=error`"),
            ("warn hyper = info", "separate directives by commas: `warn,hyper=info`"),
            ("hyper=info|warn", "separate directives by commas: `hyper=info,warn`"),
            ("my-app=debug", "did you mean `my_app`?"),
            ("my-app::a-b=debug", "did you mean `my_app::a_b`?"),
            ("error,*=debug", "write only the level, for all targets"),
            ("hyper=", "write `hyper=trace` for all levels"),
            ("hyper=warning", "did you mean \"warn\"?"),
            ("hyper=2", "did you mean \"warn\"?"),
            ("hyper=debug/x", "did you mean \"debug\"?"),
            ("warning", "did you mean \"warn\"?"),
            ("verbose", "did you mean \"trace\"?"),
        ] {
            assert_eq!(LogFilter::parse_str(text).unwrap_err().help.as_deref(), Some(help), "{text}");
        }
        for text in ["http://x=info", "a:b=info", "a=b=info", "\"a\"=info", "2=info", "a@b=info"] {
            assert!(LogFilter::parse_str(text).is_err(), "{text}");
        }
        for text in ["my_app::db=info", "my_app::=info", "audit.http=info", "größe=info", "2fa=info"] {
            assert!(LogFilter::parse_str(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn all_bad_directives_are_named() {
        let error = LogFilter::parse_str("info,a=loud,b-c=debug").unwrap_err();
        assert!(error.message.contains("\"loud\"") && error.message.contains("\"b-c\""), "{error:?}");
        assert!(error.help.unwrap().ends_with("did you mean `b_c`?"));
    }

    #[test]
    fn underscore_of_a_target_matches_a_hyphen() {
        let filter = LogFilter::parse_str("warn,my_module=debug").unwrap();
        assert_eq!(filter.level_of("my-module"), LevelFilter::Debug);
        assert_eq!(filter.level_of("my_module::db"), LevelFilter::Debug);
        assert_eq!(filter.level_of("my"), LevelFilter::Warn);
    }
}
