//! Decides which records are wanted, for all three ways in, and which of them each exporter gets.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError, RwLock, Weak,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
};

use opentelemetry::{InstrumentationScope, logs::Severity};
use opentelemetry_sdk::logs::SdkLogRecord;
use tracing_subscriber::filter::LevelFilter as TracingLevel;

use super::record::target;
use crate::config::{ExporterName, LevelFilter, LogFilter, Logs};

/// The filter of `logs.level`, which can change while the program runs, and those of `logs.levels`, which cannot.
///
/// A record is wanted when one of the exporters wants it.
#[derive(Debug, Clone)]
pub(crate) struct Filter(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// `logs.level`; `None` when every exporter has a filter of its own, or there is none.
    general: Option<RwLock<LogFilter>>,
    /// `logs.levels`, of the exporters that are used.
    own: Vec<(ExporterName, LogFilter)>,
    loggers: Mutex<Loggers>,
    /// The most detailed level of all targets when none is treated in another way, else [`MIXED`].
    uniform_level: AtomicU8,
    /// Whether the maximum of the `log` crate follows this filter.
    leads_log: AtomicBool,
    /// Held while the level changes: of two changes all must follow the same one.
    changing: Mutex<()>,
}

/// The least severity number of each name that a logger was made for, to be changed in place.
#[derive(Debug, Default)]
struct Loggers {
    by_name: HashMap<String, Weak<AtomicU8>>,
    /// Names whose loggers are gone are swept out when so many are there.
    sweep_at: usize,
}

/// What passes on the way to an exporter.
#[derive(Debug)]
pub(crate) enum RecordFilter {
    /// All that is wanted at all, of records that were judged before.
    Open,
    /// All that is wanted at all.
    Any(Filter),
    /// What `logs.level` lets through, although others want more.
    General(Filter),
    /// What its own filter lets through.
    Own(LogFilter),
}

/// Larger than every severity number.
const NEVER: u8 = u8::MAX;

/// No level.
const MIXED: u8 = u8::MAX;

impl Filter {
    /// The filter for the exporters that are used; without any it lets nothing through.
    pub(crate) fn new(logs: &Logs, exporters: &[ExporterName]) -> Self {
        let own = |exporter: &ExporterName| logs.levels.get(exporter.as_str());
        let general = exporters.iter().any(|exporter| own(exporter).is_none());
        let filter = Self(Arc::new(Shared {
            general: general.then(|| RwLock::new(logs.level.clone())),
            own: exporters
                .iter()
                .filter_map(|exporter| Some((exporter.clone(), own(exporter)?.clone())))
                .collect(),
            loggers: Mutex::default(),
            uniform_level: AtomicU8::new(MIXED),
            leads_log: AtomicBool::new(false),
            changing: Mutex::default(),
        }));
        filter.note_uniform();
        filter
    }

    /// Lets nothing through.
    pub(crate) fn off() -> Self {
        Self::new(&Logs::default(), &[])
    }

    /// Replaces `logs.level`.
    pub(crate) fn set(&self, level: LogFilter) {
        let Some(general) = &self.0.general else { return };
        let _changing = self.0.changing.lock().unwrap_or_else(PoisonError::into_inner);
        *general.write().unwrap_or_else(PoisonError::into_inner) = level;
        self.note_uniform();
        let loggers = self.0.loggers.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, min_severity) in &loggers.by_name {
            if let Some(min_severity) = min_severity.upgrade() {
                min_severity.store(self.min_severity(name), Ordering::Relaxed);
            }
        }
        drop(loggers);
        if self.0.leads_log.load(Ordering::SeqCst) {
            log::set_max_level(self.max_log_level());
        }
        // `tracing` remembers for each callsite what the filter said.
        tracing::callsite::rebuild_interest_cache();
    }

    /// Makes the maximum level of the `log` crate follow this filter.
    pub(crate) fn sync_log_crate(&self) {
        self.0.leads_log.store(true, Ordering::SeqCst);
        log::set_max_level(self.max_log_level());
    }

    /// What `exporter` gets.
    pub(crate) fn record_filter(&self, exporter: &ExporterName) -> RecordFilter {
        match self.0.own.iter().find(|(other, _)| other == exporter) {
            Some((_, filter)) => RecordFilter::Own(filter.clone()),
            None if self.0.own.is_empty() => RecordFilter::Open,
            None => RecordFilter::General(self.clone()),
        }
    }

    pub(crate) fn enabled(&self, target: &str, level: LevelFilter) -> bool {
        match self.0.uniform_level.load(Ordering::Relaxed) {
            MIXED => level <= self.level_of(target),
            uniform_level => level as u8 <= uniform_level,
        }
    }

    fn note_uniform(&self) {
        let has_targets = |filter: &LogFilter| !filter.targets.is_empty();
        let is_mixed = self.general(has_targets) == Some(true)
            || self.0.own.iter().any(|(_, filter)| has_targets(filter));
        let uniform_level = if is_mixed { MIXED } else { self.most_detailed() as u8 };
        self.0.uniform_level.store(uniform_level, Ordering::Relaxed);
    }

    /// The most detailed level that records of `target` may have.
    fn level_of(&self, target: &str) -> LevelFilter {
        self.most_detailed_of(|filter| filter.level_of(target))
    }

    /// The most detailed level that any target lets through.
    pub(crate) fn most_detailed(&self) -> LevelFilter {
        self.most_detailed_of(LogFilter::most_detailed)
    }

    fn most_detailed_of(&self, level: impl Fn(&LogFilter) -> LevelFilter) -> LevelFilter {
        let general = self.general(&level).unwrap_or(LevelFilter::Off);
        self.0.own.iter().map(|(_, filter)| level(filter)).fold(general, Ord::max)
    }

    fn general<T>(&self, ask: impl FnOnce(&LogFilter) -> T) -> Option<T> {
        let general = self.0.general.as_ref()?;
        Some(ask(&general.read().unwrap_or_else(PoisonError::into_inner)))
    }

    /// The least severity number that records of `target` may have.
    fn min_severity(&self, target: &str) -> u8 {
        least_severity(self.level_of(target))
    }

    /// As [`min_severity`](Self::least), kept up to date.
    pub(crate) fn track(&self, target: &str) -> Arc<AtomicU8> {
        let mut loggers = self.0.loggers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(min_severity) = loggers.by_name.get(target).and_then(Weak::upgrade) {
            return min_severity;
        }
        if loggers.by_name.len() >= loggers.sweep_at {
            loggers.by_name.retain(|_, min_severity| min_severity.strong_count() > 0);
            loggers.sweep_at = (loggers.by_name.len() * 2).max(64);
        }
        // Under the lock, so that no change of the level comes between.
        let min_severity = Arc::new(AtomicU8::new(self.min_severity(target)));
        loggers.by_name.insert(target.to_owned(), Arc::downgrade(&min_severity));
        min_severity
    }

    fn max_log_level(&self) -> log::LevelFilter {
        match self.most_detailed() {
            LevelFilter::Off => log::LevelFilter::Off,
            LevelFilter::Error => log::LevelFilter::Error,
            LevelFilter::Warn => log::LevelFilter::Warn,
            LevelFilter::Info => log::LevelFilter::Info,
            LevelFilter::Debug => log::LevelFilter::Debug,
            LevelFilter::Trace => log::LevelFilter::Trace,
        }
    }
}

impl RecordFilter {
    /// Whether `record` passes.
    pub(crate) fn matches(&self, record: &SdkLogRecord, scope: &InstrumentationScope) -> bool {
        let target = target(record, scope);
        let min_severity = |filter: &LogFilter| least_severity(filter.level_of(target));
        let min_severity = match self {
            Self::Open => return true,
            Self::Any(filter) => filter.min_severity(target),
            Self::General(filter) => filter.general(min_severity).unwrap_or(NEVER),
            Self::Own(filter) => min_severity(filter),
        };
        // A record without a severity passes wherever anything does.
        record.severity_number().map_or(min_severity < NEVER, |severity| severity as u8 >= min_severity)
    }
}

/// The number of the least severe severity of a level, as the OpenTelemetry data model maps the levels of `tracing` and
/// `log`.
fn least_severity(level: LevelFilter) -> u8 {
    match level {
        LevelFilter::Off => NEVER,
        LevelFilter::Error => Severity::Error as u8,
        LevelFilter::Warn => Severity::Warn as u8,
        LevelFilter::Info => Severity::Info as u8,
        LevelFilter::Debug => Severity::Debug as u8,
        LevelFilter::Trace => Severity::Trace as u8,
    }
}

/// The severity of a record of this level.
pub(crate) fn severity(level: LevelFilter) -> Severity {
    match level {
        LevelFilter::Off | LevelFilter::Trace => Severity::Trace,
        LevelFilter::Debug => Severity::Debug,
        LevelFilter::Info => Severity::Info,
        LevelFilter::Warn => Severity::Warn,
        LevelFilter::Error => Severity::Error,
    }
}

pub(crate) fn from_tracing(level: tracing::Level) -> LevelFilter {
    match level {
        tracing::Level::TRACE => LevelFilter::Trace,
        tracing::Level::DEBUG => LevelFilter::Debug,
        tracing::Level::INFO => LevelFilter::Info,
        tracing::Level::WARN => LevelFilter::Warn,
        tracing::Level::ERROR => LevelFilter::Error,
    }
}

pub(crate) fn to_tracing(level: LevelFilter) -> TracingLevel {
    match level {
        LevelFilter::Off => TracingLevel::OFF,
        LevelFilter::Error => TracingLevel::ERROR,
        LevelFilter::Warn => TracingLevel::WARN,
        LevelFilter::Info => TracingLevel::INFO,
        LevelFilter::Debug => TracingLevel::DEBUG,
        LevelFilter::Trace => TracingLevel::TRACE,
    }
}

pub(crate) fn from_log(level: log::Level) -> LevelFilter {
    match level {
        log::Level::Trace => LevelFilter::Trace,
        log::Level::Debug => LevelFilter::Debug,
        log::Level::Info => LevelFilter::Info,
        log::Level::Warn => LevelFilter::Warn,
        log::Level::Error => LevelFilter::Error,
    }
}

/// Whether `target` is that of an OpenTelemetry crate. What these say is said while they hold locks, and about the
/// pipeline itself, so it must never enter it.
pub(crate) fn is_internal(target: &str) -> bool {
    // Nearly every target is refused by its first letter, without a call.
    target.as_bytes().first() == Some(&b'o') && target.starts_with("opentelemetry")
}
