//! Names of metrics.

use super::{
    escape::{push_metric_name, without_zeros},
    escaping::NameKind,
    kind::MetricKind,
    page_format::Escaping,
    unit::UnitWords,
};
use crate::config::{MetricPrefix, TranslationStrategy};

/// Translates the names of instruments.
#[derive(Debug)]
pub(super) struct MetricNamer {
    prefix: String,
    has_suffixes: bool,
    /// Names keep all characters, unless the client requests otherwise.
    pub(super) is_utf8: bool,
}

impl MetricNamer {
    pub(super) fn new(prefix: Option<&MetricPrefix>, strategy: TranslationStrategy) -> Self {
        use TranslationStrategy::{
            NoTranslation, NoUtf8EscapingWithSuffixes, UnderscoreEscapingWithSuffixes,
            UnderscoreEscapingWithoutSuffixes,
        };
        let (has_suffixes, is_utf8) = match strategy {
            UnderscoreEscapingWithSuffixes => (true, false),
            UnderscoreEscapingWithoutSuffixes => (false, false),
            NoUtf8EscapingWithSuffixes => (true, true),
            NoTranslation => (false, true),
        };
        Self {
            prefix: prefix.map(|prefix| prefix.as_str().to_owned()).unwrap_or_default(),
            has_suffixes,
            is_utf8,
        }
    }

    /// Returns a name that Prometheus accepts.
    pub(super) fn name(&self, instrument: &str, unit: &str, kind: MetricKind, escaping: Escaping) -> String {
        let name = self.translated(instrument, unit, kind);
        if !self.is_utf8 && escaping != Escaping::Dots {
            // Such a name needs no escaping.
            return name;
        }
        escaping.escape(&name, NameKind::Metric).into_owned()
    }

    /// Returns the name of the translation strategy. A suffix that the name already has is not
    /// repeated.
    fn translated(&self, instrument: &str, unit: &str, kind: MetricKind) -> String {
        let mut name = String::with_capacity(self.prefix.len() + instrument.len() + 24);
        self.push_word(&mut name, &self.prefix);
        self.push_word(&mut name, instrument);
        if self.has_suffixes {
            self.set_suffixes(&mut name, unit, kind);
        }
        if name.is_empty() || !self.is_utf8 && name.starts_with(|c: char| c.is_ascii_digit()) {
            name.insert(0, '_');
        }
        name
    }

    fn set_suffixes(&self, name: &mut String, unit: &str, kind: MetricKind) {
        let is_counter = kind == MetricKind::Counter;
        let UnitWords { main, per } = UnitWords::of(unit, kind);
        // From the end to the beginning: `time_total` in seconds becomes `time_seconds_total`.
        if is_counter {
            self.remove_last_word(name, "total");
        }
        let with_unit = name.clone();
        let has_unit = [self.remove_last_word(name, &per), self.remove_last_word(name, &main)];
        if has_unit == [!per.is_empty(), !main.is_empty()] && has_unit.contains(&true) && self.is_utf8 {
            // `sent.bytes` keeps its dot.
            *name = with_unit;
            return self.push_word(name, if is_counter { "total" } else { "" });
        }
        if is_counter && has_unit.contains(&true) {
            self.remove_last_word(name, "total");
        }
        self.push_word(name, &main);
        self.push_word(name, &per);
        self.push_word(name, if is_counter { "total" } else { "" });
    }

    /// Appends a word, behind a `_` if it is not the first one.
    fn push_word(&self, name: &mut String, word: &str) {
        if !name.is_empty() && !name.ends_with('_') && !word.is_empty() {
            name.push('_');
        }
        if self.is_utf8 {
            name.push_str(&without_zeros(word));
        } else {
            push_metric_name(name, word);
        }
    }

    /// Removes `word` from the end of `name`, with the character before it. Returns whether it was
    /// there.
    fn remove_last_word(&self, name: &mut String, word: &str) -> bool {
        if word.is_empty() {
            return false;
        }
        let Some(rest) = name.strip_suffix(word) else { return false };
        let is_delimiter = |c: char| c == '_' || self.is_utf8 && !c.is_alphanumeric();
        if !rest.is_empty() && !rest.ends_with(is_delimiter) {
            return false;
        }
        let rest = rest.strip_suffix(is_delimiter).unwrap_or(rest).len();
        name.truncate(rest);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::value::ConfigValue as _;

    use MetricKind::{Counter, Gauge, Histogram, UpDownCounter};
    use TranslationStrategy::{
        NoTranslation, NoUtf8EscapingWithSuffixes, UnderscoreEscapingWithSuffixes,
        UnderscoreEscapingWithoutSuffixes,
    };

    fn named(instrument: &str, unit: &str, kind: MetricKind) -> String {
        MetricNamer::new(None, UnderscoreEscapingWithSuffixes).name(
            instrument,
            unit,
            kind,
            Escaping::Underscores,
        )
    }

    #[test]
    fn suffixes_are_added_once() {
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
    fn names_with_all_characters_get_suffixes_once() {
        let namer = MetricNamer::new(None, NoUtf8EscapingWithSuffixes);
        for (instrument, unit, kind, expected) in [
            ("foo.bar", "By", Counter, "foo.bar_bytes_total"),
            ("requests.total", "", Counter, "requests_total"),
            ("sent.bytes", "By", Gauge, "sent.bytes"),
            ("sent.bytes", "By", Counter, "sent.bytes_total"),
            ("sent.bytes", "By/s", Gauge, "sent_bytes_per_second"),
            ("größe", "m", Gauge, "größe_meters"),
            ("5xx", "", Counter, "5xx_total"),
            ("", "", Gauge, "_"),
            ("a..b", "", Histogram, "a..b"),
        ] {
            assert_eq!(
                namer.name(instrument, unit, kind, Escaping::AllowUtf8),
                expected,
                "{instrument} {unit}"
            );
        }
    }

    #[test]
    fn any_text_becomes_a_legal_name() {
        for (instrument, expected) in
            [("", "_"), ("5xx", "_5xx"), ("größe", "gr_e"), ("размер", "_"), ("a:b", "a:b"), ("\0", "_")]
        {
            assert_eq!(named(instrument, "", Gauge), expected, "{instrument}");
        }
    }

    /// The table of the specification, and the other schemes of escaping.
    #[test]
    fn strategy_and_request_decide_the_name() {
        for (strategy, underscores, utf8, dots, values) in [
            (
                UnderscoreEscapingWithSuffixes,
                "foo_bar_bytes_total",
                "foo_bar_bytes_total",
                "foo__bar__bytes__total",
                "foo_bar_bytes_total",
            ),
            (UnderscoreEscapingWithoutSuffixes, "foo_bar", "foo_bar", "foo__bar", "foo_bar"),
            (
                NoUtf8EscapingWithSuffixes,
                "foo_bar_bytes_total",
                "foo.bar_bytes_total",
                "foo_dot_bar__bytes__total",
                "U__foo_2e_bar__bytes__total",
            ),
            (NoTranslation, "foo_bar", "foo.bar", "foo_dot_bar", "U__foo_2e_bar"),
        ] {
            let namer = MetricNamer::new(None, strategy);
            for (escaping, expected) in [
                (Escaping::Underscores, underscores),
                (Escaping::AllowUtf8, utf8),
                (Escaping::Dots, dots),
                (Escaping::Values, values),
            ] {
                assert_eq!(
                    namer.name("foo.bar", "By", Counter, escaping),
                    expected,
                    "{strategy} {escaping:?}"
                );
            }
        }
    }

    #[test]
    fn prefix_is_a_part_of_the_name() {
        for (prefix, strategy, expected) in [
            ("acme", UnderscoreEscapingWithSuffixes, "acme_foo_bar_bytes_total"),
            ("acme_", UnderscoreEscapingWithoutSuffixes, "acme_foo_bar"),
            ("acme", NoTranslation, "acme_foo.bar"),
        ] {
            let prefix = MetricPrefix::parse_str(prefix).unwrap();
            let namer = MetricNamer::new(Some(&prefix), strategy);
            assert_eq!(namer.name("foo.bar", "By", Counter, Escaping::AllowUtf8), expected);
        }
        let prefix = MetricPrefix::parse_str("acme_").unwrap();
        let namer = MetricNamer::new(Some(&prefix), UnderscoreEscapingWithSuffixes);
        assert_eq!(namer.name("5xx", "", Gauge, Escaping::Underscores), "acme_5xx");
    }
}
