//! Shutdown with a real Collector that runs, is paused, or is restarted.
//!
//! The table of the documentation: `cargo test --test collector shutdown -- --nocapture`
#![cfg(unix)]

use std::sync::Mutex;
use test_support::{
    collector::Collector,
    mock_collector::{MockCollector, Occurrences},
    require,
    shutdown::{End, PROTOCOLS, Row, Runtime, end, end_by_drop, print, row},
};

#[test]
fn with_a_collector() {
    require!(Collector);
    let mut rows = vec![up()];
    rows.push(stopped());
    rows.push(killed());
    print(&rows);
}

fn up() -> Row {
    let mock = MockCollector::start_counting();
    let collector = Collector::forwarding_to(&mock);
    let all_arrived = |end: &End| {
        assert_eq!((end.spans.exported, end.logs.exported), (1500, 1500), "{:?} {:?}", end.spans, end.logs);
    };
    let row = row("is up", |protocol| collector.url(protocol), || (), all_arrived);
    // As often as there were ends.
    let numbers = mock.occurrences();
    let times = u8::try_from(PROTOCOLS.len() * (Runtime::ALL.len() + 1)).unwrap();
    assert_eq!((numbers.spans, numbers.logs), (vec![times; 1500], vec![times; 1500]));
    row
}

/// Stopped in mid-stream: the system goes on to accept connections and bytes.
fn stopped() -> Row {
    let mock = MockCollector::start_counting();
    let collector = std::sync::Arc::new(Collector::forwarding_to(&mock));
    let took = PROTOCOLS.map(|protocol| {
        let ends = Runtime::ALL.map(|runtime| {
            collector.signal("CONT");
            let (other, numbers) = (std::sync::Arc::clone(&collector), mock.occurrences());
            let end = end(&collector.url(protocol), protocol, runtime, move || other.signal("STOP"));
            collector.signal("CONT");
            // What was counted as arrived did.
            let arrived = Numbered::since(&mock, &numbers);
            assert!(arrived.spans >= end.spans.exported && arrived.logs >= end.logs.exported);
            end.took
        });
        collector.signal("STOP");
        let dropped = end_by_drop(&collector.url(protocol), protocol, Runtime::CurrentThread);
        ends.into_iter().chain([dropped]).max().unwrap()
    });
    Row("is stopped in mid-stream", took)
}

/// Killed in mid-stream and started again.
fn killed() -> Row {
    let mock = MockCollector::start_counting();
    let collector = std::sync::Arc::new(Mutex::new(Collector::forwarding_to(&mock)));
    let took = PROTOCOLS.map(|protocol| {
        let ends = Runtime::ALL.map(|runtime| {
            let (other, numbers) = (std::sync::Arc::clone(&collector), mock.occurrences());
            let url = collector.lock().unwrap().url(protocol);
            let end = end(&url, protocol, runtime, move || {
                let mut collector = other.lock().unwrap();
                collector.kill();
                collector.restart();
            });
            let arrived = Numbered::since(&mock, &numbers);
            assert!(arrived.spans >= end.spans.exported && arrived.logs >= end.logs.exported);
            assert_eq!((end.spans.exported, end.logs.exported), (1500, 1500), "there is time enough");
            end.took
        });
        let collector = collector.lock().unwrap();
        let dropped = end_by_drop(&collector.url(protocol), protocol, Runtime::CurrentThread);
        ends.into_iter().chain([dropped]).max().unwrap()
    });
    Row("is killed and started again", took)
}

/// How many items came at least.
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
