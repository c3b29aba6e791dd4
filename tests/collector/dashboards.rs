//! The dashboard of telemetry and the alerts, with a real Prometheus that scrapes a program whose
//! exports fail.
#![cfg(feature = "prometheus")]

use std::{
    collections::BTreeMap,
    fs,
    sync::mpsc::{Receiver, TryRecvError, channel},
    thread,
    time::{Duration, Instant},
};

use autotelemetry::{ObservabilityTools, prelude::*};
use test_support::{
    TIMEOUT, builder,
    dashboard::{self, Dashboard},
    mock_collector::{MockCollector, Reply},
    port::RefusingAddress,
    prometheus::Prometheus,
    require,
};

#[test]
fn dashboards_can_be_imported() {
    let dashboards = ["service.json", "telemetry.json"].map(Dashboard::read);
    dashboards.iter().for_each(Dashboard::check);
    assert_ne!(dashboards[0].uid(), dashboards[1].uid());
}

/// Returns a file with one destination that does not exist and one that rejects everything. The
/// queue of the first is nearly full after a few spans.
fn failing(absent: &RefusingAddress, rejecting: &MockCollector) -> String {
    format!(
        "service.name = \"shop\"\n\
         [otlp]\nendpoint = \"{}\"\nprotocol = \"http/protobuf\"\n\
         [traces]\nexporters = [\"otlp\"]\nbatch = {{ max_queue_size = 10, max_export_batch_size = 1, schedule_delay = \"20ms\" }}\n\
         [exporters.rejecting]\nendpoint = \"{}\"\n\
         [logs]\nexporters = [\"rejecting\"]\nbatch.schedule_delay = \"20ms\"\n\
         [metrics]\nexporters = [\"prometheus\", \"rejecting\"]\ninterval = \"100ms\"\ncardinality_limit = 2\n\
         [prometheus]\nport = 0\n\
         [diagnostics]\nmetrics = true\nlevel = \"off\"\n",
        absent.url(),
        rejecting.url()
    )
}

/// Emits items of all signals until `stopped` has no sender.
fn emit(tools: &ObservabilityTools, stopped: &Receiver<()>) {
    let (tracer, logger) = (tools.tracer("shop"), tools.logger("shop"));
    let orders = tools.meter("shop").u64_counter("orders").build();
    for order in 0.. {
        if stopped.try_recv() != Err(TryRecvError::Empty) {
            return;
        }
        tracer.start("order").end();
        logger.info("order received", &[]);
        // More customers than the limit of series.
        orders.add(1, &[KeyValue::new("customer", order % 5)]);
        // Rates need items between two scrapes.
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn each_query_and_each_alert_has_data() {
    require!(Prometheus);
    let (absent, rejecting) = (RefusingAddress::reserve(), MockCollector::start());
    rejecting.reply_always(Some(Reply::Http(400, &[])));
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("autotelemetry.toml");
    let text = failing(&absent, &rejecting);
    fs::write(&file, &text).unwrap();
    let tools = builder().config_file(&file).build().unwrap();
    let address = tools.prometheus_address().unwrap().to_string();
    let prometheus = Prometheus::scrape_with_rules("shop", &address, &dashboard::path("alerts.yaml"));

    fs::write(&file, format!("{text}speed = 1\n")).unwrap();
    tools.reload().unwrap_err();
    let (stop, stopped) = channel();
    let emitting = &tools;
    thread::scope(|scope| {
        let stop = stop;
        scope.spawn(move || emit(emitting, &stopped));
        wait_for_alerts(&prometheus);
        Dashboard::read("telemetry.json").wait_for_data(&prometheus);
        drop(stop);
    });

    // The configuration of the file is in force again.
    thread::sleep(Duration::from_millis(1100));
    fs::write(&file, &text).unwrap();
    tools.reload().unwrap();
    wait_until(&prometheus, |states| states["ReloadIsRefused"] == "inactive");
}

/// Waits until each rule has found something.
fn wait_for_alerts(prometheus: &Prometheus) {
    wait_until(prometheus, |states| states.len() == 8 && states.values().all(|state| state != "inactive"));
}

/// Waits until `enough` accepts the states of the alerts: `inactive`, `pending` or `firing`.
fn wait_until(prometheus: &Prometheus, enough: impl Fn(&BTreeMap<String, String>) -> bool) {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let rules = prometheus.rules();
        for rule in &rules {
            assert_ne!(rule["health"], "err", "{rule}");
        }
        let text = |rule: &serde_json::Value, name: &str| rule[name].as_str().unwrap().to_owned();
        let states: BTreeMap<_, _> =
            rules.iter().map(|rule| (text(rule, "name"), text(rule, "state"))).collect();
        if enough(&states) {
            return;
        }
        assert!(Instant::now() < deadline, "{states:?}");
        thread::sleep(Duration::from_millis(100));
    }
}
