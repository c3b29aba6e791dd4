//! Shutdown with a real Collector that runs, is paused, or is restarted.
//!
//! The table of the documentation: `cargo test --test collector shutdown -- --nocapture`
#![cfg(unix)]

use std::sync::Mutex;
use test_support::{
    collector::Collector,
    mock_collector::{MockCollector, Occurrences},
    require,
    shutdown::{LIMIT, Outcome, PROTOCOLS, Row, Runtime, drop_tools, print, row, shut_down},
};

#[test]
fn shutdown_with_a_collector_keeps_the_deadline() {
    require!(Collector);
    let mut rows = vec![up()];
    rows.push(stopped());
    rows.push(killed());
    print(&rows);
}

fn up() -> Row {
    let mock = MockCollector::start_counting();
    let collector = Collector::forwarding_to(&mock);
    let all_arrived = |outcome: &Outcome| {
        assert_eq!(
            (outcome.spans.exported(), outcome.logs.exported()),
            (1500, 1500),
            "{:?} {:?}",
            outcome.spans,
            outcome.logs
        );
    };
    let row = row("is up", |protocol| collector.url(protocol), || (), all_arrived);
    // Each shutdown delivered each item once.
    let numbers = mock.occurrences();
    let times = u8::try_from(PROTOCOLS.len() * (Runtime::ALL.len() + 1)).unwrap();
    assert_eq!((numbers.spans, numbers.logs), (vec![times; 1500], vec![times; 1500]));
    row
}

/// Pauses the Collector during the export: the system still accepts connections and bytes.
fn stopped() -> Row {
    let mock = MockCollector::start_counting();
    let collector = std::sync::Arc::new(Collector::forwarding_to(&mock));
    let took = PROTOCOLS.map(|protocol| {
        let durations = Runtime::ALL.map(|runtime| {
            collector.signal("CONT");
            let (other, numbers) = (std::sync::Arc::clone(&collector), mock.occurrences());
            let outcome =
                shut_down(&collector.url(protocol), protocol, runtime, move || other.signal("STOP"));
            collector.signal("CONT");
            // Exported items have arrived.
            let arrived = Numbered::since(&mock, &numbers);
            assert!(arrived.spans >= outcome.spans.exported() && arrived.logs >= outcome.logs.exported());
            outcome.took
        });
        collector.signal("STOP");
        let dropped = drop_tools(&collector.url(protocol), protocol, Runtime::CurrentThread);
        durations.into_iter().chain([dropped]).max().unwrap()
    });
    Row("is stopped in mid-stream", took)
}

/// Kills and restarts the Collector during the export.
fn killed() -> Row {
    let mock = MockCollector::start_counting();
    let collector = std::sync::Arc::new(Mutex::new(Collector::forwarding_to(&mock)));
    let took = PROTOCOLS.map(|protocol| {
        let durations = Runtime::ALL.map(|runtime| {
            let (other, numbers) = (std::sync::Arc::clone(&collector), mock.occurrences());
            let url = collector.lock().unwrap().url(protocol);
            let outcome = shut_down(&url, protocol, runtime, move || {
                let mut collector = other.lock().unwrap();
                collector.kill();
                collector.restart();
            });
            let arrived = Numbered::since(&mock, &numbers);
            assert!(arrived.spans >= outcome.spans.exported() && arrived.logs >= outcome.logs.exported());
            // On a busy machine, the restart may take longer than the deadline.
            let is_complete = (outcome.spans.exported(), outcome.logs.exported()) == (1500, 1500);
            assert!(is_complete || outcome.took >= LIMIT, "{:?}: something was lost early", outcome.took);
            outcome.took
        });
        let collector = collector.lock().unwrap();
        let dropped = drop_tools(&collector.url(protocol), protocol, Runtime::CurrentThread);
        durations.into_iter().chain([dropped]).max().unwrap()
    });
    Row("is killed and started again", took)
}

/// The number of arrivals.
struct Numbered {
    spans: u64,
    logs: u64,
}

impl Numbered {
    fn since(mock: &MockCollector, before: &Occurrences) -> Self {
        let sum = |counts: &[u8]| counts.iter().map(|count| u64::from(*count)).sum::<u64>();
        let now = mock.occurrences();
        Self { spans: sum(&now.spans) - sum(&before.spans), logs: sum(&now.logs) - sum(&before.logs) }
    }
}
