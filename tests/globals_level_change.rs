//! A level that changes under load takes effect within one event on each thread.
//!
//! One test, because the globals of a process can be set once.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
};

use autotelemetry::prelude::*;
use test_support::{builder, line_buffer::LineBuffer};

const THREADS: usize = 4;
const PHASES: u64 = 40;
/// The minimum of unambiguous events of each thread in a phase.
const EVENTS: u64 = 50;

#[test]
fn level_change_applies_at_once_in_all_threads() {
    let lines = LineBuffer::default();
    let tools = builder().service_name("x").json_logs(true).console_writer(lines.clone()).install().unwrap();
    // Debug is enabled in odd phases. A change is announced before and after.
    let phase = AtomicU64::new(0);
    let changing = AtomicBool::new(false);
    let written: Vec<AtomicU64> = (0..THREADS).map(|_| AtomicU64::new(0)).collect();
    let certain = thread::scope(|scope| {
        let threads: Vec<_> = written
            .iter()
            .map(|written| {
                let (tools, phase, changing) = (&tools, &phase, &changing);
                scope.spawn(move || {
                    let logger = tools.logger("load");
                    // The events of each phase that began and ended within it.
                    let mut certain: HashMap<u64, u64> = HashMap::new();
                    loop {
                        let before = phase.load(Ordering::SeqCst);
                        if before > PHASES {
                            return certain;
                        }
                        let is_steady = !changing.load(Ordering::SeqCst);
                        let at = i64::try_from(before).unwrap();
                        logger.debug(
                            "event",
                            &[KeyValue::new("phase", at), KeyValue::new("steady", is_steady)],
                        );
                        tracing::debug!(target: "load", phase = at, steady = is_steady, "event");
                        log::debug!(target: "load", phase = at, steady = is_steady; "event");
                        if is_steady
                            && !changing.load(Ordering::SeqCst)
                            && phase.load(Ordering::SeqCst) == before
                        {
                            *certain.entry(before).or_default() += 3;
                            written.fetch_add(1, Ordering::SeqCst);
                        }
                    }
                })
            })
            .collect();
        for next in 1..=PHASES + 1 {
            let enough: Vec<_> =
                written.iter().map(|written| written.load(Ordering::SeqCst) + EVENTS).collect();
            while written
                .iter()
                .zip(&enough)
                .any(|(written, enough)| written.load(Ordering::SeqCst) < *enough)
            {
                thread::yield_now();
            }
            changing.store(true, Ordering::SeqCst);
            tools.set_log_level(if next % 2 == 1 { "debug" } else { "info,load=info,other=trace" }).unwrap();
            phase.store(next, Ordering::SeqCst);
            changing.store(false, Ordering::SeqCst);
        }
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    tools.shutdown().unwrap();

    let mut seen: HashMap<u64, u64> = HashMap::new();
    // Events during a change may follow either level.
    for line in lines.json().iter().filter(|line| line["attributes"]["steady"] == true) {
        *seen.entry(line["attributes"]["phase"].as_u64().unwrap()).or_default() += 1;
    }
    for phase in 0..=PHASES {
        let certain: u64 = certain.iter().filter_map(|certain| certain.get(&phase)).sum();
        let seen = seen.get(&phase).copied().unwrap_or_default();
        assert!(certain >= 3 * EVENTS * THREADS as u64);
        if phase % 2 == 1 {
            assert!(seen >= certain, "phase {phase}: {seen} of {certain} that had to be written");
        } else {
            // Events overtaken by a change may be seen: at most one per source and thread.
            assert!(seen <= 3 * THREADS as u64, "phase {phase}: {seen} were written and should not");
        }
    }
}
