//! Log records, written at once by the thread that logs.

use std::{cell::RefCell, sync::Arc, time::Duration};

use opentelemetry::InstrumentationScope;
use opentelemetry_sdk::{
    error::OTelSdkResult,
    logs::{LogProcessor, SdkLogRecord},
};

use super::Console;
use crate::logs::line::{json, text};

#[derive(Debug)]
pub(crate) struct ConsoleLogs(pub(crate) Arc<Console>);

thread_local! {
    /// Reused from line to line.
    static LINE: RefCell<String> = const { RefCell::new(String::new()) };
}

impl LogProcessor for ConsoleLogs {
    fn emit(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope) {
        let console = &self.0;
        if console.is_closed() {
            return;
        }
        // Gone when the thread ends, and busy when a `Display` that is being logged logs itself.
        let _ = LINE.try_with(|line| {
            let Ok(mut line) = line.try_borrow_mut() else { return };
            line.clear();
            if console.json {
                json::line(&mut line, record, scope);
            } else {
                text::line(&mut line, record, scope, console.palette);
            }
            console.write(&line);
        });
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}
