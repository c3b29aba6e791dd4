//! The Prometheus page, compared with that of `opentelemetry-prometheus`.
#![cfg(feature = "prometheus")]

use autotelemetry::{opentelemetry::metrics::Meter, prelude::*};
use opentelemetry_sdk::metrics::SdkMeterProvider;
use prometheus::{Registry, TextEncoder};
use test_support::{
    builder,
    http::request,
    page::{Samples, samples},
    random::Random,
};

const NAMES: &[&str] = &["orders", "order.duration", "http.server.open_requests", "a.b.c", "Cache_Hits"];

/// Units whose words the other exporter writes in the same way.
const UNITS: &[&str] = &["", "s", "ms", "By", "MiBy", "{order}", "m/s", "%", "Cel"];

const KEYS: &[&str] = &["payment", "http.method", "url.path", "a_b", "error"];

/// Records the same values in the same order for the same seed.
///
/// The names are those that both exporters can translate: there, a suffix may be doubled, and
/// other characters may stay.
fn record(meter: impl Fn(&'static str) -> Meter, random: &mut Random) {
    for (number, name) in NAMES.iter().enumerate() {
        let meter = meter(random.pick::<&str>(&["shop", "stock"]));
        let name = format!("{name}.x{number}");
        let unit = *random.pick(UNITS);
        let kind = random.below(6);
        for _ in 0..random.below(6) {
            let attributes: Vec<_> = KEYS
                .iter()
                .filter(|_| random.one_in(2))
                .map(|key| KeyValue::new(*key, "x\"y\\z\n"))
                .collect();
            let number = random.number() % 10_000;
            let float = f64::from(u16::try_from(number).unwrap()) / 8.0;
            match kind {
                0 => meter.u64_counter(name.clone()).with_unit(unit).build().add(number, &attributes),
                1 => meter.f64_counter(name.clone()).with_unit(unit).build().add(float, &attributes),
                2 => meter.f64_up_down_counter(name.clone()).with_unit(unit).build().add(-float, &attributes),
                3 => meter.f64_gauge(name.clone()).with_unit(unit).build().record(float, &attributes),
                4 => meter.u64_gauge(name.clone()).with_unit(unit).build().record(number, &attributes),
                _ => meter.f64_histogram(name.clone()).with_unit(unit).build().record(float, &attributes),
            }
        }
    }
}

/// Returns the samples without those of the resource, which has another version of the SDK.
fn without_target_info(mut samples: Samples) -> Samples {
    samples.retain(|(name, _), _| name != "target_info");
    samples
}

#[test]
fn page_equals_that_of_the_published_exporter() {
    for seed in 1..=100 {
        let tools = builder().service_name("shop").prometheus_port(0).build().unwrap();
        record(|name| tools.meter(name), &mut Random::new(seed));
        let (_, page) = request(tools.prometheus_address().unwrap(), "GET /metrics");

        let registry = Registry::new();
        let exporter = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            .scope_info_enabled(true)
            .build()
            .unwrap();
        let provider = SdkMeterProvider::builder().with_reader(exporter).build();
        record(
            |name| autotelemetry::opentelemetry::metrics::MeterProvider::meter(&provider, name),
            &mut Random::new(seed),
        );
        let published = TextEncoder::new().encode_to_string(&registry.gather()).unwrap();

        assert_eq!(
            without_target_info(samples(&page)),
            without_target_info(samples(&published)),
            "{seed}\n{page}\n{published}"
        );
    }
}
