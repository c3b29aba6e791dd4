//! Random metrics on the Prometheus page, judged by `promtool` and a real Prometheus.
//!
//! Checks a few hundred pages; `PAGES=10000 cargo test --all-features --test collector
//! prometheus_page` checks more.
#![cfg(feature = "prometheus")]
#![allow(clippy::float_cmp, reason = "Prometheus stores values without a loss")]

use test_support::{
    http::request,
    page::{Samples, samples},
    process::count_of,
    prometheus::{Prometheus, assert_readable},
    random::Random,
    random_metrics::{Recorded, record},
    require,
};

/// The pages that one Prometheus scrapes.
const TARGETS: u64 = 100;

fn page(recorded: &Recorded) -> String {
    let (head, page) = request(recorded.tools.prometheus_address().unwrap(), "GET /metrics");
    assert!(head.starts_with("http/1.1 200"), "{head}");
    page
}

/// Returns the samples as Prometheus stores them: it adds the labels `job` and `instance`.
fn stored(page: Samples, job: &str, target: &str) -> Samples {
    let stored = page.into_iter().map(|((name, labels), value)| {
        let mut exported = labels.clone();
        for label in ["job", "instance"] {
            if let Some(value) = exported.remove(label) {
                // Prometheus renames a label, again and again until the name is free.
                let mut name = format!("exported_{label}");
                while labels.contains_key(&name) {
                    name = format!("exported_{name}");
                }
                exported.insert(name, value);
            }
        }
        exported.insert("job".to_owned(), job.to_owned());
        exported.insert("instance".to_owned(), target.to_owned());
        ((name, exported), value)
    });
    stored.collect()
}

#[test]
fn promtool_accepts_random_pages() {
    require!(Promtool);
    for seed in 1..=count_of("PAGES", 100) {
        assert_readable(&page(&record(&mut Random::new(seed))));
    }
}

#[test]
fn prometheus_accepts_random_pages() {
    require!(Prometheus);
    let pages = count_of("PAGES", 100);
    for first in (1..=pages).step_by(usize::try_from(TARGETS).unwrap()) {
        let last = pages.min(first + TARGETS - 1);
        let all: Vec<_> = (first..=last).map(|seed| record(&mut Random::new(seed))).collect();
        let target = |recorded: &Recorded| recorded.tools.prometheus_address().unwrap().to_string();
        let prometheus = Prometheus::scrape_all("random", &all.iter().map(target).collect::<Vec<_>>());
        for (seed, recorded) in (first..).zip(&all) {
            let target = target(recorded);
            let selector = format!("{{job=\"random\", instance=\"{target}\"}}");
            prometheus.wait(&format!("max_over_time(up{selector}[1m])"), "1");
            let found = prometheus.samples(&selector);
            recorded.check(&found, seed);
            let expected = stored(samples(&page(recorded)), "random", &target);
            for (series, value) in &expected {
                let is_equal =
                    found.get(series).is_some_and(|found| found == value || found.is_nan() && value.is_nan());
                assert!(is_equal, "{seed}: {series:?} is {:?}, not {value}: {found:#?}", found.get(series));
            }
        }
    }
}
