//! Several batches in flight beside random failures: each item has one outcome.

use std::{thread, time::Duration};

use autotelemetry::{Signal, prelude::*};
use test_support::{
    builder,
    mock_collector::{MockCollector, Occurrences, Reply},
    random::Random,
};

const THREADS: i64 = 4;
const ITEMS: i64 = 500;
const TOTAL: u64 = 2000;

#[test]
fn accounts_of_concurrent_exports_add_up() {
    for seed in 1..=8 {
        let mut random = Random::new(seed);
        let mock = MockCollector::start_counting();
        mock.set_delay(Duration::from_millis(5));
        // Some runs have only failures that are retried.
        let failures: &[u16] = if seed % 2 == 0 { &[503] } else { &[503, 400, 429] };
        mock.reply_next((0..300).map(|_| {
            if random.one_in(4) { Reply::Http(*random.pick(failures), &[]) } else { Reply::Accepted(vec![]) }
        }));
        let settings = [
            ("traces.exporters", "otlp"),
            ("logs.exporters", "none"),
            ("metrics.exporters", "none"),
            ("otlp.retry.initial_backoff", "10ms"),
            ("traces.batch.max_export_batch_size", "7"),
            ("traces.batch.schedule_delay", "10ms"),
            ("traces.batch.max_concurrent_exports", ["1", "2", "8", "64"][random.below(4)]),
            ("shutdown_timeout", "20s"),
            ("diagnostics.level", "off"),
        ];
        let tools = builder().service_name("x").set("otlp.endpoint", mock.url());
        let tools = settings.iter().fold(tools, |tools, (key, value)| tools.set(*key, value));
        let tools = tools.build().unwrap();
        let queued = || tools.stats().exporter(Signal::Traces, "otlp").unwrap().queued();
        thread::scope(|scope| {
            for first in 0..THREADS {
                let tools = &tools;
                scope.spawn(move || {
                    for number in 0..ITEMS {
                        let number = KeyValue::new("n", first * ITEMS + number);
                        tools.tracer("x").start_as_current_span("work").set_attributes([number]);
                    }
                    // The error is that of a refused batch.
                    let _ = tools.force_flush();
                });
            }
        });
        assert_eq!(queued(), 0, "seed {seed}: the last flush has awaited all batches");
        let is_complete = tools.shutdown().is_ok();
        let stats = tools.stats().exporter(Signal::Traces, "otlp").unwrap().clone();
        let counts = (stats.emitted(), stats.exported() + stats.failed(), stats.dropped());
        assert_eq!(counts, (TOTAL, TOTAL, 0), "seed {seed}: {stats:?}");
        assert!(is_complete, "seed {seed}: the flushes have reported all losses");
        assert_eq!(stats.failed() > 0, failures.len() > 1, "seed {seed}: {stats:?}");
        let (arrived, _) = Occurrences::distinct_and_repeated(&mock.occurrences().spans);
        assert_eq!(arrived, TOTAL, "seed {seed}");
    }
}
