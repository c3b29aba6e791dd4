//! The dashboard of the golden signals, with a real Prometheus that scrapes the service.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod service;

use std::{
    io,
    net::SocketAddr,
    sync::mpsc::{Receiver, TryRecvError, channel},
    thread,
    time::Duration,
};

use service::Service;
use test_support::{dashboard::Dashboard, http, prometheus::Prometheus, require};

#[test]
fn dashboard_can_be_imported() {
    Dashboard::read("service.json").check();
}

/// Sends requests until `stopped` has no sender.
fn send_requests(address: SocketAddr, stopped: &Receiver<()>) {
    while stopped.try_recv() == Err(TryRecvError::Empty) {
        for (path, status) in [("/api/data", 200), ("/api/data?fail=true", 500), ("/api/relay", 200)] {
            let (head, _) = http::request(address, &format!("GET {path}"));
            assert!(head.starts_with(&format!("http/1.1 {status} ")), "{path}: {head}");
        }
        // Rates need requests between two scrapes.
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn each_query_of_the_dashboard_has_data() {
    require!(Prometheus);
    let mut service = Service::start(None, &[("AUTOTEL_PROFILE", "prometheus-route")]);
    let mut stdout = service.stdout.take().unwrap();
    thread::spawn(move || io::copy(&mut stdout, &mut io::sink()));
    let address = service.url.strip_prefix("http://").unwrap().to_owned();
    let prometheus = Prometheus::scrape("web_service", &address);
    let (stop, stopped) = channel();
    let requests = thread::spawn(move || send_requests(address.parse().unwrap(), &stopped));

    Dashboard::read("service.json").wait_for_data(&prometheus);
    // A third of the requests for data fails, and none of the others.
    let ratio = |path: &str| {
        let increase = |metric: &str| format!("increase({metric}{{path=\"{path}\"}}[1m])");
        prometheus.number(&format!(
            "{} / {}",
            increase("http_failures_total"),
            increase("http_requests_total")
        ))
    };
    assert!((0.2..0.5).contains(&ratio("/api/data")));
    assert!(ratio("/api/relay").abs() < f64::EPSILON);

    drop(stop);
    requests.join().unwrap();
    let stderr = service.terminate();
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}
