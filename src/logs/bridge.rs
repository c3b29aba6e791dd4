//! The bridge from the `log` crate.

use std::time::SystemTime;

use opentelemetry::logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _};
use opentelemetry_sdk::logs::SdkLogger;

use super::{
    Filter, LoggerFactory,
    filter::{from_log, is_internal, severity},
};

/// Turns `log` records into records of the pipeline, with their own target and level.
#[derive(Debug)]
pub(crate) struct LogBridge {
    logger: SdkLogger,
    filter: Filter,
}

impl LogBridge {
    pub(crate) fn new(factory: &LoggerFactory) -> Self {
        Self { logger: factory.provider.logger(""), filter: factory.filter.clone() }
    }

    /// The most detailed level that may be wanted, for `log::set_max_level`.
    pub(crate) fn max_level(&self) -> log::LevelFilter {
        use tracing_subscriber::filter::LevelFilter as L;
        match self.filter.most_detailed() {
            L::OFF => log::LevelFilter::Off,
            L::ERROR => log::LevelFilter::Error,
            L::WARN => log::LevelFilter::Warn,
            L::INFO => log::LevelFilter::Info,
            L::DEBUG => log::LevelFilter::Debug,
            L::TRACE => log::LevelFilter::Trace,
        }
    }
}

impl log::Log for LogBridge {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        !is_internal(metadata.target()) && self.filter.enabled(metadata.target(), from_log(metadata.level()))
    }

    fn log(&self, record: &log::Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let severity = severity(from_log(record.level()));
        let mut out = self.logger.create_log_record();
        out.set_timestamp(SystemTime::now());
        out.set_severity_number(severity);
        out.set_severity_text(severity.name());
        out.set_target(record.target().to_owned());
        out.set_body(match record.args().as_str() {
            Some(text) => AnyValue::from(text),
            None => AnyValue::from(record.args().to_string()),
        });
        self.logger.emit(out);
    }

    fn flush(&self) {}
}
