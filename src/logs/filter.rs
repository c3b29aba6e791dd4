//! The filter that all sources of log records share.

use std::sync::{
    Arc, Mutex, PoisonError, RwLock,
    atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering},
};

use super::{
    level::{self, to_log},
    level_cache,
    min_severities::MinSeverities,
};
use crate::config::{ExporterName, LevelFilter, LogFilter, LogScopeRule, Logs};

/// The filters of `logs.level` and `logs.levels`.
///
/// A record is enabled if at least one exporter gets it.
#[derive(Debug, Clone)]
pub(crate) struct ReloadableFilter(Arc<FilterState>);

#[derive(Debug)]
struct FilterState {
    rules: RwLock<FilterRules>,
    min_severities: Mutex<MinSeverities>,
    /// The most detailed level if it is the same for all targets, otherwise [`MIXED`].
    uniform_level: AtomicU8,
    /// Changes after each change of the levels, for the [`level_cache`].
    version: AtomicU64,
    /// True if the maximum level of the `log` crate follows this filter.
    syncs_log_crate: AtomicBool,
    /// Held during a change, so that concurrent changes leave a consistent state.
    changing: Mutex<()>,
}

/// The filters for the exporters that are used.
#[derive(Debug, Clone)]
pub(crate) struct FilterRules {
    /// `logs.level`.
    general: LogFilter,
    /// True if an exporter has no filter of its own.
    uses_general: bool,
    /// `logs.levels`, for the exporters that are used.
    overrides: Vec<(ExporterName, LogFilter)>,
    /// `logs.scopes`, which limit both.
    scopes: Vec<LogScopeRule>,
}

/// The value of `uniform_level` if targets have different levels.
const MIXED: u8 = u8::MAX;

impl FilterRules {
    /// Creates the rules for the exporters that are used. Without any, they disable all records.
    pub(crate) fn new(logs: &Logs, exporters: &[ExporterName]) -> Self {
        let override_of = |exporter: &ExporterName| logs.levels.get(exporter.as_str());
        Self {
            general: logs.level.clone(),
            uses_general: exporters.iter().any(|exporter| override_of(exporter).is_none()),
            overrides: exporters
                .iter()
                .filter_map(|exporter| Some((exporter.clone(), override_of(exporter)?.clone())))
                .collect(),
            scopes: logs.scopes.clone(),
        }
    }

    /// Returns the filters of `logs.levels`, for the exporters that are used.
    pub(super) fn overrides(&self) -> &[(ExporterName, LogFilter)] {
        &self.overrides
    }

    fn has_targets(&self) -> bool {
        let general = self.uses_general && !self.general.targets.is_empty();
        general || self.overrides.iter().any(|(_, filter)| !filter.targets.is_empty())
    }

    fn most_detailed_of(&self, level: impl Fn(&LogFilter) -> LevelFilter) -> LevelFilter {
        let general = if self.uses_general { level(&self.general) } else { LevelFilter::Off };
        self.overrides.iter().map(|(_, filter)| level(filter)).fold(general, Ord::max)
    }

    fn level_of(&self, target: &str) -> LevelFilter {
        let level = self.most_detailed_of(|filter| filter.level_of(target));
        let rule = LogScopeRule::find(&self.scopes, target);
        rule.map_or(level, |rule| level.min(rule.most_detailed()))
    }
}

impl ReloadableFilter {
    pub(crate) fn new(rules: FilterRules) -> Self {
        let filter = Self(Arc::new(FilterState {
            rules: RwLock::new(rules),
            min_severities: Mutex::default(),
            uniform_level: AtomicU8::new(MIXED),
            version: AtomicU64::new(level_cache::next_version()),
            syncs_log_crate: AtomicBool::new(false),
            changing: Mutex::default(),
        }));
        filter.update_uniform_level();
        filter
    }

    /// Replaces `logs.level`.
    pub(crate) fn set(&self, level: LogFilter) {
        self.change(|rules| rules.general = level);
    }

    /// Replaces all rules. With `keeps_level`, `logs.level` stays as the program may have set it.
    pub(super) fn set_rules(&self, new: FilterRules, keeps_level: bool) {
        self.change(|rules| {
            let previous = std::mem::replace(rules, new);
            if keeps_level {
                rules.general = previous.general;
            }
        });
    }

    fn change(&self, change: impl FnOnce(&mut FilterRules)) {
        let _changing = self.0.changing.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut self.0.rules.write().unwrap_or_else(PoisonError::into_inner));
        self.0.version.store(level_cache::next_version(), Ordering::Release);
        self.update_uniform_level();
        let min_severities = self.0.min_severities.lock().unwrap_or_else(PoisonError::into_inner);
        min_severities.update(|name| self.min_severity(name));
        drop(min_severities);
        if self.0.syncs_log_crate.load(Ordering::SeqCst) {
            log::set_max_level(to_log(self.most_detailed()));
        }
        // `tracing` caches the filter's answer for each callsite.
        tracing::callsite::rebuild_interest_cache();
    }

    fn read<T>(&self, read: impl FnOnce(&FilterRules) -> T) -> T {
        read(&self.0.rules.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes the maximum level of the `log` crate follow this filter.
    pub(crate) fn sync_log_crate(&self) {
        self.0.syncs_log_crate.store(true, Ordering::SeqCst);
        log::set_max_level(to_log(self.most_detailed()));
    }

    /// Returns whether an exporter gets records of this target and level.
    pub(super) fn enabled(&self, target: &str, level: LevelFilter) -> bool {
        match self.0.uniform_level.load(Ordering::Relaxed) {
            MIXED => level <= self.level_of(target),
            uniform_level => level as u8 <= uniform_level,
        }
    }

    fn update_uniform_level(&self) {
        let is_mixed = self.read(|rules| !rules.scopes.is_empty() || rules.has_targets());
        let uniform_level = if is_mixed { MIXED } else { self.most_detailed() as u8 };
        self.0.uniform_level.store(uniform_level, Ordering::Relaxed);
    }

    /// Returns the most detailed level that is enabled for `target`.
    fn level_of(&self, target: &str) -> LevelFilter {
        // Read first: a level that is found later is at least as new as the version.
        let version = self.0.version.load(Ordering::Acquire);
        level_cache::level_of(target, version, || self.read(|rules| rules.level_of(target)))
    }

    /// Returns the most detailed level that is enabled for any target.
    pub(super) fn most_detailed(&self) -> LevelFilter {
        self.read(|rules| rules.most_detailed_of(LogFilter::most_detailed))
    }

    /// Applies `read` to the filter of `logs.level`, if an exporter uses it.
    pub(super) fn general<T>(&self, read: impl FnOnce(&LogFilter) -> T) -> Option<T> {
        self.read(|rules| rules.uses_general.then(|| read(&rules.general)))
    }

    /// Returns the lowest severity number that is enabled for `target`.
    pub(super) fn min_severity(&self, target: &str) -> u8 {
        level::min_severity(self.level_of(target))
    }

    /// Returns the [`min_severity`](Self::min_severity) of `target`, updated at each change.
    pub(super) fn track(&self, target: &str) -> Arc<AtomicU8> {
        let mut min_severities = self.0.min_severities.lock().unwrap_or_else(PoisonError::into_inner);
        // The minimum is determined under the lock, so that a concurrent change does not miss it.
        min_severities.track(target, || self.min_severity(target))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn level_of_a_target_follows_each_change() {
        let levels =
            |default, of_cart| LogFilter { default, targets: vec![("shop::cart".to_owned(), of_cart)] };
        let (before, after) =
            (levels(LevelFilter::Info, LevelFilter::Debug), levels(LevelFilter::Warn, LevelFilter::Trace));
        let logs = Logs { level: before.clone(), ..Logs::default() };
        let filter = |logs| ReloadableFilter::new(FilterRules::new(logs, &[ExporterName::Console]));
        let (filter, other) = (filter(&logs), filter(&Logs::default()));
        let long = "shop::cart::a_module_with_a_name_that_is_too_long_to_be_kept";
        for target in ["shop::cart", "shop::carts", "shop", "", long] {
            // The text may be at the address of another one later.
            let target = target.to_owned();
            let is_cart = target.starts_with("shop::cart");
            for _ in 0..2 {
                filter.set(before.clone());
                assert_eq!(filter.enabled(&target, LevelFilter::Debug), is_cart, "{target}");
                assert!(!other.enabled(&target, LevelFilter::Debug), "{target}");
                filter.set(after.clone());
                assert_eq!(filter.enabled(&target, LevelFilter::Trace), is_cart, "{target}");
                assert_eq!(filter.enabled(&target, LevelFilter::Info), is_cart, "{target}");
            }
        }
    }
}
