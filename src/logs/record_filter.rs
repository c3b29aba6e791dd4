//! The filter in front of one exporter.

use opentelemetry::{InstrumentationScope, logs::Severity};
use opentelemetry_sdk::logs::SdkLogRecord;

use super::{
    filter::{FilterRules, ReloadableFilter},
    level::{NEVER, min_severity},
};
use crate::{
    config::{ExporterName, LogFilter},
    format::target,
};

/// Decides which records an exporter receives.
#[derive(Debug)]
pub(crate) enum RecordFilter {
    /// All records. They have passed the filter of their source.
    Open,
    /// All records that the filter enables.
    Any(ReloadableFilter),
    /// The records that `logs.level` enables, although other exporters get more.
    General(ReloadableFilter),
    /// The records that the exporter's own filter in `logs.levels` enables.
    Override(LogFilter),
}

impl RecordFilter {
    /// Creates the filter in front of `exporter` under these rules. `general` will follow them.
    pub(crate) fn for_exporter(
        rules: &FilterRules,
        exporter: &ExporterName,
        general: &ReloadableFilter,
    ) -> Self {
        match rules.overrides().iter().find(|(other, _)| other == exporter) {
            Some((_, filter)) => Self::Override(filter.clone()),
            None if rules.overrides().is_empty() => Self::Open,
            None => Self::General(general.clone()),
        }
    }

    /// Returns whether the exporter gets `record`.
    #[inline]
    pub(crate) fn matches(&self, record: &SdkLogRecord, scope: &InstrumentationScope) -> bool {
        matches!(self, Self::Open) || self.enables(target(record, scope), record.severity_number())
    }

    /// Returns whether the exporter gets a record with this target and severity.
    pub(crate) fn enables(&self, target: &str, severity: Option<Severity>) -> bool {
        let min_severity_of = |filter: &LogFilter| min_severity(filter.level_of(target));
        let min_severity = match self {
            Self::Open => return true,
            Self::Any(filter) => filter.min_severity(target),
            Self::General(filter) => filter.general(min_severity_of).unwrap_or(NEVER),
            Self::Override(filter) => min_severity_of(filter),
        };
        // A record without a severity passes if any severity does.
        severity.map_or(min_severity < NEVER, |severity| severity as u8 >= min_severity)
    }
}
