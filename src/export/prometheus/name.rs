//! Names of metrics.

use super::{escape::push_metric_name, kind::MetricKind, unit::UnitWords};
use crate::config::{MetricPrefix, TranslationStrategy};

/// Translates the names of instruments.
#[derive(Debug)]
pub(super) struct MetricNamer {
    prefix: String,
    has_suffixes: bool,
}

impl MetricNamer {
    pub(super) fn new(prefix: Option<&MetricPrefix>, strategy: TranslationStrategy) -> Self {
        Self {
            prefix: prefix.map(|prefix| prefix.as_str().to_owned()).unwrap_or_default(),
            has_suffixes: strategy == TranslationStrategy::UnderscoreEscapingWithSuffixes,
        }
    }

    /// Returns a name that Prometheus accepts. A suffix that the name already has is not repeated.
    pub(super) fn name(&self, instrument: &str, unit: &str, kind: MetricKind) -> String {
        let mut name = String::with_capacity(self.prefix.len() + instrument.len() + 24);
        push_word(&mut name, &self.prefix);
        push_word(&mut name, instrument);
        if self.has_suffixes {
            let is_counter = kind == MetricKind::Counter;
            let UnitWords { main, per } = UnitWords::of(unit, kind);
            // From the end to the beginning: `time_total` in seconds becomes `time_seconds_total`.
            if is_counter {
                remove_last_word(&mut name, "total");
            }
            let has_unit = [remove_last_word(&mut name, &per), remove_last_word(&mut name, &main)];
            if is_counter && has_unit.contains(&true) {
                remove_last_word(&mut name, "total");
            }
            push_word(&mut name, &main);
            push_word(&mut name, &per);
            push_word(&mut name, if is_counter { "total" } else { "" });
        }
        if !name.starts_with(|c: char| !c.is_ascii_digit()) {
            name.insert(0, '_');
        }
        name
    }
}

/// Appends a word, behind a `_` if it is not the first one.
fn push_word(name: &mut String, word: &str) {
    if !name.is_empty() && !name.ends_with('_') && !word.is_empty() {
        name.push('_');
    }
    push_metric_name(name, word);
}

/// Removes `word` from the end of `name`. Returns whether it was there.
fn remove_last_word(name: &mut String, word: &str) -> bool {
    if word.is_empty() {
        return false;
    }
    let Some(rest) = name.strip_suffix(word) else { return false };
    if !rest.is_empty() && !rest.ends_with('_') {
        return false;
    }
    let rest = rest.strip_suffix('_').unwrap_or(rest).len();
    name.truncate(rest);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::value::ConfigValue as _;

    fn named(instrument: &str, unit: &str, kind: MetricKind) -> String {
        let strategy = TranslationStrategy::UnderscoreEscapingWithSuffixes;
        MetricNamer::new(None, strategy).name(instrument, unit, kind)
    }

    #[test]
    fn suffixes_are_added_once() {
        use MetricKind::{Counter, Gauge, Histogram, UpDownCounter};
        for (instrument, unit, kind, expected) in [
            ("requests_total", "", Counter, "requests_total"),
            ("cpu.seconds", "s", Counter, "cpu_seconds_total"),
            ("time_total", "s", Counter, "time_seconds_total"),
            ("time.total.seconds", "s", Counter, "time_seconds_total"),
            ("time.seconds.total", "s", Counter, "time_seconds_total"),
            ("total", "", Counter, "total"),
            ("total", "s", Counter, "seconds_total"),
            ("seconds", "s", Gauge, "seconds"),
            ("nanoseconds", "s", Gauge, "nanoseconds_seconds"),
            ("total.time", "s", Gauge, "total_time_seconds"),
            ("x_total", "s", Gauge, "x_total_seconds"),
            ("net.bytes", "By/s", Gauge, "net_bytes_per_second"),
            ("net.bytes_per_second", "By/s", Gauge, "net_bytes_per_second"),
            ("net.per_second", "By/s", Gauge, "net_bytes_per_second"),
            ("hits", "1", Gauge, "hits_ratio"),
            ("hit.ratio", "1", Gauge, "hit_ratio"),
            ("hits", "1", Counter, "hits_total"),
            ("hits", "{hit}", Counter, "hits_total"),
            ("duration", "ms", Histogram, "duration_milliseconds"),
            ("open", "{order}", UpDownCounter, "open"),
            ("a..b//c--d", "", Gauge, "a_b_c_d"),
            ("a_", "s", Counter, "a_seconds_total"),
        ] {
            assert_eq!(named(instrument, unit, kind), expected, "{instrument} {unit}");
        }
    }

    #[test]
    fn any_text_becomes_a_legal_name() {
        for (instrument, expected) in
            [("", "_"), ("5xx", "_5xx"), ("größe", "gr_e"), ("размер", "_"), ("a:b", "a:b"), ("\0", "_")]
        {
            assert_eq!(named(instrument, "", MetricKind::Gauge), expected, "{instrument}");
        }
    }

    #[test]
    fn prefix_and_strategy_change_the_name() {
        let prefix = MetricPrefix::parse_str("acme").unwrap();
        for (strategy, expected) in [
            (TranslationStrategy::UnderscoreEscapingWithSuffixes, "acme_foo_bar_bytes_total"),
            (TranslationStrategy::UnderscoreEscapingWithoutSuffixes, "acme_foo_bar"),
        ] {
            let namer = MetricNamer::new(Some(&prefix), strategy);
            assert_eq!(namer.name("foo.bar", "By", MetricKind::Counter), expected);
        }
        let prefix = MetricPrefix::parse_str("acme_").unwrap();
        let strategy = TranslationStrategy::UnderscoreEscapingWithSuffixes;
        assert_eq!(MetricNamer::new(Some(&prefix), strategy).name("5xx", "", MetricKind::Gauge), "acme_5xx");
    }
}
