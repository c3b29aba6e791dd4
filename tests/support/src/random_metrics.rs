//! Random metrics for the Prometheus page.

use std::collections::BTreeMap;

use autotelemetry::{
    ObservabilityTools,
    opentelemetry::{
        Array, InstrumentationScope, Value,
        metrics::{Meter, MeterProvider as _},
    },
    prelude::*,
};

use crate::{builder, page::Samples, random::Random};

/// Keys that Prometheus reserves, that are not legal, or that become equal.
const KEYS: &[&str] = &[
    "a",
    "a.b",
    "a_b",
    "a/b",
    "a__b",
    "http.method",
    "aws:region",
    "5xx",
    "",
    "_",
    "__",
    "__name__",
    "__address__",
    "le",
    "quantile",
    "job",
    "instance",
    "exported_job",
    "exported_le",
    "otel_scope_name",
    "otel.scope.version",
    "otel_scope_schema_url",
    "name",
    "version",
    "schema_url",
    "service.name",
    "größe",
    "страна",
    "город",
    "\0",
    "\n",
    "a b",
    "a\"b",
    "a\\b",
    "a{b}=,",
    "#",
    "🦀",
];

const TEXTS: &[&str] = &[
    "",
    "x",
    "y",
    "200",
    "true",
    "1",
    "a\"b",
    "a\\b",
    "\\",
    "\\n",
    "a\nb",
    "\r",
    "\t",
    "\0",
    "a\0b",
    "\u{1}\u{1f}\u{7f}\u{85}\u{a0}\u{2028}\u{feff}",
    "größe",
    "🦀",
    "{le=\"5\"}",
    "# TYPE x counter",
    " ",
    ";",
    "+Inf",
];

const UNITS: &[&str] =
    &["", "s", "ms", "By", "1", "{order}", "{order}/s", "By/s", "m/s", "%", "requests", "/", "a b", "k.x"];

/// Tools whose metrics are random, and the sums of their counters and histograms.
#[derive(Debug)]
pub struct Recorded {
    pub tools: ObservabilityTools,
    /// The sum of the values of each instrument, by a part of its name that no other one has.
    sums: BTreeMap<String, u64>,
}

/// Records metrics in new tools, which serve them on a free port.
pub fn record(random: &mut Random) -> Recorded {
    let strategies = [
        "underscore_escaping_with_suffixes",
        "underscore_escaping_without_suffixes",
        "no_utf8_escaping_with_suffixes",
        "no_translation",
    ];
    let mut builder = builder()
        .service_name(*random.pick(&["checkout", "\"", "a\nb", "ß"]))
        .prometheus_port(0)
        .set("prometheus.host", "127.0.0.1")
        .set("diagnostics.level", "off")
        .set("prometheus.translation_strategy", *random.pick(&strategies))
        .set("prometheus.scope_info", !random.one_in(4))
        .set("prometheus.target_info", !random.one_in(4));
    for _ in 0..random.below(6) {
        let key = *random.pick(KEYS);
        // The file has keys of its own for the service.
        if !key.is_empty() && !key.starts_with("service.") {
            builder = builder.resource_attribute(key, *random.pick(TEXTS));
        }
    }
    if random.one_in(3) {
        builder = builder.set("prometheus.namespace", *random.pick(&["acme", "a_", "_", "a:b", "__x"]));
    }
    if random.one_in(3) {
        builder =
            builder.set("prometheus.resource_labels", *random.pick(&["*", "a*", "?", "le,service.name"]));
    }
    let tools = builder.build().unwrap();
    let mut sums = BTreeMap::new();
    for _ in 0..=random.below(3) {
        let meter = meter(&tools, random);
        for _ in 0..random.below(5) {
            instrument(&meter, random, &mut sums);
        }
    }
    Recorded { tools, sums }
}

fn meter(tools: &ObservabilityTools, random: &mut Random) -> Meter {
    let mut scope = InstrumentationScope::builder(*random.pick(&["shop", "", "a\"b", "third"]));
    if random.one_in(2) {
        scope = scope.with_version(*random.pick(TEXTS));
    }
    if random.one_in(3) {
        scope = scope.with_schema_url(*random.pick(TEXTS));
    }
    if random.one_in(3) {
        scope = scope.with_attributes(attributes(random));
    }
    tools.meter_provider().meter_with_scope(scope.build())
}

fn attributes(random: &mut Random) -> Vec<KeyValue> {
    (0..random.below(5)).map(|_| KeyValue::new(*random.pick(KEYS), value(random))).collect()
}

fn value(random: &mut Random) -> Value {
    match random.below(8) {
        0 => random.one_in(2).into(),
        1 => i64::try_from(random.below(3)).unwrap().into(),
        2 => (*random.pick(&[1.0, 0.5, f64::NAN, f64::INFINITY, -0.0, 1e300])).into(),
        3 => Value::Array(Array::String(vec![(*random.pick(TEXTS)).into(), "b".into()])),
        _ => (*random.pick(TEXTS)).into(),
    }
}

/// Records values of a new instrument. Its name is either unique, or one that clashes with others.
fn instrument(meter: &Meter, random: &mut Random, sums: &mut BTreeMap<String, u64>) {
    let unit = *random.pick(UNITS);
    let is_unique = !random.one_in(3);
    let part = format!("n{}x", sums.len());
    let name = if is_unique {
        let before = *random.pick(&["", "a.", "http/", "x_"]);
        let after =
            *random.pick(&["", "_total", ".seconds", "_bytes_per_second", "_", "-.-", "_ratio", "_count"]);
        // A name begins with a letter.
        format!("{before}{part}{after}")
    } else {
        (*random.pick(&["clash", "clash_total", "clash.count", "clash_sum", "target_info"])).to_owned()
    };
    let description = *random.pick(TEXTS);
    let kind = random.below(6);
    for _ in 0..=random.below(4) {
        let attributes = attributes(random);
        let value = random.number() % 1_000;
        let float = f64::from(u16::try_from(value).unwrap());
        match kind {
            0 => meter
                .u64_counter(name.clone())
                .with_unit(unit)
                .with_description(description)
                .build()
                .add(value, &attributes),
            1 => meter.f64_counter(name.clone()).with_unit(unit).build().add(float, &attributes),
            2 => meter
                .i64_up_down_counter(name.clone())
                .with_unit(unit)
                .build()
                .add(i64::try_from(value).unwrap(), &attributes),
            3 => meter
                .f64_histogram(name.clone())
                .with_unit(unit)
                .with_boundaries(vec![-1.0, 0.0, 0.5, 100.0, 1e21])
                .build()
                .record(float, &attributes),
            4 => meter.u64_gauge(name.clone()).with_unit(unit).build().record(value, &attributes),
            _ => meter.f64_gauge(name.clone()).with_unit(unit).build().record(
                *random.pick(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 1e-300, 1e300]),
                &attributes,
            ),
        }
        if is_unique && kind < 4 {
            *sums.entry(part.clone()).or_default() += value;
        }
    }
    if is_unique && kind >= 4 {
        // Reserves the number of the name.
        sums.insert(part, 0);
    }
}

impl Recorded {
    /// Asserts that a page, or what Prometheus read of it, has all values of counters and
    /// histograms.
    pub fn check(&self, page: &Samples, context: impl std::fmt::Debug) {
        for (part, expected) in self.sums.iter().filter(|(_, sum)| **sum > 0) {
            let samples = page.iter().filter(|((name, _), _)| name.contains(part.as_str()));
            let values = samples.filter(|((name, _), _)| {
                let is_histogram = page.keys().any(|(other, labels)| {
                    other.contains(part.as_str()) && labels.contains_key("le") && other.ends_with("_bucket")
                });
                !is_histogram || (name.ends_with("_sum"))
            });
            let sum: f64 = values.map(|(_, value)| value).sum();
            #[expect(clippy::cast_precision_loss, reason = "the sums are small")]
            let expected = *expected as f64;
            assert!((sum - expected).abs() < 1e-9, "{context:?}: {part} is {sum}, not {expected}: {page:#?}");
        }
    }
}
