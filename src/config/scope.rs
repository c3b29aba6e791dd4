//! `[[traces.scopes]]`, `[[metrics.scopes]]` and `[[logs.scopes]]`: rules for single scopes.

use serde::{Deserialize, Serialize};

use super::value::{level_filter::LevelFilter, pattern::Pattern};

/// A rule for some scopes. The first rule with a matching name applies.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ScopeRule {
    /// The name of the scope: of a tracer or meter, or the target of a span of `tracing`. `*` and
    /// `?` are wildcards.
    pub(crate) name: Pattern,

    /// `false` disables the scope.
    #[serde(default = "enabled")]
    pub(crate) enabled: bool,
}

/// A rule for the records of some scopes. The first rule with a matching name applies.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct LogScopeRule {
    /// The name of the scope: of a logger, or the target of an event of `tracing` or `log`. `*` and
    /// `?` are wildcards.
    pub(crate) name: Pattern,

    /// `false` disables the scope.
    #[serde(default = "enabled")]
    pub(crate) enabled: bool,

    /// The least severe level to keep, in addition to `logs.level`: `off`, `error`, `warn`, `info`,
    /// `debug` or `trace`. Default: no further limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) minimum_severity: Option<LevelFilter>,

    /// `true` drops the records of traces that are not sampled. Records outside of traces are kept.
    #[serde(default)]
    pub(crate) trace_based: bool,
}

const fn enabled() -> bool {
    true
}

/// Returns whether a scope is enabled.
pub(crate) fn is_enabled(rules: &[ScopeRule], name: &str) -> bool {
    rules.iter().find(|rule| rule.name.matches(name)).is_none_or(|rule| rule.enabled)
}

impl LogScopeRule {
    /// Returns the rule for a scope.
    #[must_use]
    pub(crate) fn find<'r>(rules: &'r [Self], name: &str) -> Option<&'r Self> {
        rules.iter().find(|rule| rule.name.matches(name))
    }

    /// Returns the most detailed level that the rule keeps.
    #[must_use]
    pub(crate) fn most_detailed(&self) -> LevelFilter {
        match self.minimum_severity {
            _ if !self.enabled => LevelFilter::Off,
            Some(level) => level,
            None => LevelFilter::Trace,
        }
    }
}
