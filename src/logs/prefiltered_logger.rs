//! Emits records that their call site has filtered.
//!
//! All records pass the same processor. It filters those of other bridges, but not those of this
//! library: these are filtered before they are created, mostly by one comparison or by the callsite
//! cache of `tracing`. A second check would take a lock.

use std::cell::Cell;

use opentelemetry::logs::Logger as _;
use opentelemetry_sdk::logs::{SdkLogRecord, SdkLogger};

thread_local! {
    /// `true` if the next record that the processor receives on this thread is filtered.
    static IS_PREFILTERED: Cell<bool> = const { Cell::new(false) };
}

/// A logger for records that have passed the filter.
#[derive(Debug, Clone)]
pub(crate) struct PrefilteredLogger(pub(super) SdkLogger);

impl PrefilteredLogger {
    #[inline]
    pub(super) fn create_log_record(&self) -> SdkLogRecord {
        self.0.create_log_record()
    }

    #[inline]
    pub(super) fn emit(&self, record: SdkLogRecord) {
        IS_PREFILTERED.set(true);
        self.0.emit(record);
        // While telemetry is suppressed, the record does not reach the processor.
        IS_PREFILTERED.set(false);
    }
}

/// Returns `true` if the record that the processor has just received is filtered.
///
/// Call it once for each record. Records that are created during its processing have their own
/// mark.
#[inline]
pub(crate) fn take_prefiltered() -> bool {
    IS_PREFILTERED.take()
}

#[cfg(test)]
mod tests {
    use opentelemetry::{Context, logs::LoggerProvider as _};
    use opentelemetry_sdk::logs::SdkLoggerProvider;

    use super::*;

    #[test]
    fn record_that_is_suppressed_leaves_no_mark() {
        let logger = PrefilteredLogger(SdkLoggerProvider::builder().build().logger("test"));
        let _suppressed = Context::enter_telemetry_suppressed_scope();
        logger.emit(logger.create_log_record());
        assert!(!take_prefiltered());
    }
}
