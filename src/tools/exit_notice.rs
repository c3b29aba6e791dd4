//! The notice about telemetry that the end of the process loses.
//!
//! Tools in a `static` are never dropped, nor are leaked ones or those of a program that calls
//! `std::process::exit`.

#[cfg(not(target_os = "linux"))]
use std::thread;
use std::{
    cell::RefCell,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::{
    config::Signal,
    diagnostics::{DiagnosticLog, item_count::ItemCount},
    pipeline::SharedOutputs,
};

thread_local! {
    /// Dropped when the main thread ends, which is the end of the process.
    static AT_EXIT: RefCell<NoticesAtExit> = const { RefCell::new(NoticesAtExit(Vec::new())) };
}

/// Reports what is queued when the main thread ends, unless the tools are shut down before.
#[derive(Debug)]
pub(super) struct ExitNotice {
    outputs: SharedOutputs,
    diagnostics: DiagnosticLog,
    process_id: u32,
    is_shut_down: AtomicBool,
}

struct NoticesAtExit(Vec<Weak<ExitNotice>>);

impl ExitNotice {
    /// Creates the notice. It has an effect only if the caller is the main thread.
    pub(super) fn register(outputs: SharedOutputs, diagnostics: DiagnosticLog) -> Arc<Self> {
        let notice = Arc::new(Self {
            outputs,
            diagnostics,
            process_id: std::process::id(),
            is_shut_down: AtomicBool::new(false),
        });
        if is_main_thread() {
            // An error means that the thread ends.
            let _ = AT_EXIT.try_with(|notices| {
                let notices = &mut notices.borrow_mut().0;
                notices.retain(|other| other.strong_count() > 0);
                notices.push(Arc::downgrade(&notice));
            });
        }
        notice
    }

    /// Cancels the notice.
    pub(super) fn cancel(&self) {
        self.is_shut_down.store(true, Ordering::Release);
    }

    fn report(&self) {
        if self.is_shut_down.load(Ordering::Acquire) || self.process_id != std::process::id() {
            return;
        }
        let outputs = self.outputs.get();
        let queued = outputs.recorders.iter().map(|recorder| (recorder, recorder.queued()));
        let mut left: Vec<_> = queued
            .filter(|(_, queued)| *queued > 0)
            .map(|(recorder, queued)| {
                format!("{} for {}", ItemCount(queued, recorder.signal()), recorder.destination())
            })
            .collect();
        // Metrics are pushed, so that those since the last push are lost too.
        if outputs.recorders.iter().any(|recorder| recorder.signal() == Signal::Metrics) {
            left.push("the metrics since the last push".to_owned());
        }
        if !left.is_empty() {
            self.diagnostics.error(format_args!(
                "the process ends without shutdown; still queued: {}; call shutdown() before the end",
                left.join("; ")
            ));
        }
    }
}

/// Returns whether the process ends with this thread.
fn is_main_thread() -> bool {
    // A program may also give this name to another thread.
    #[cfg(target_os = "linux")]
    return rustix::thread::gettid() == rustix::process::getpid();
    #[cfg(not(target_os = "linux"))]
    return thread::current().name() == Some("main");
}

impl Drop for NoticesAtExit {
    fn drop(&mut self) {
        self.0.iter().filter_map(Weak::upgrade).for_each(|notice| notice.report());
    }
}
