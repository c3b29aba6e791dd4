//! Units of metrics as words.
//!
//! The words are those of the specification, `Prometheus and OpenMetrics Compatibility`. Other
//! units stay as they are, as in the Collector and in the OTLP receiver of Prometheus.

use std::borrow::Cow;

use super::{escape::push_metric_name, kind::MetricKind};

/// The words of a unit. Each can be empty: `By/s` is `bytes` and `per_second`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UnitWords {
    pub(super) main: Cow<'static, str>,
    pub(super) per: String,
}

impl UnitWords {
    pub(super) fn of(unit: &str, kind: MetricKind) -> Self {
        let unit = without_annotations(unit);
        if unit.trim() == "1" {
            // Counters often use `1` for a number of things, which is no ratio.
            let main = if kind == MetricKind::Gauge { "ratio" } else { "" };
            return Self { main: main.into(), per: String::new() };
        }
        let (main, per) = unit.split_once('/').unwrap_or((&unit, ""));
        let per = word(per.trim(), per_word);
        Self {
            main: word(main.trim(), main_word),
            per: if per.is_empty() { String::new() } else { format!("per_{per}") },
        }
    }

    /// Returns the words as the suffix of a name: `bytes_per_second`.
    pub(super) fn suffix(&self) -> String {
        let words = [&*self.main, &self.per].into_iter().filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join("_")
    }
}

/// Removes annotations: `{packet}/s` becomes `/s`.
fn without_annotations(unit: &str) -> Cow<'_, str> {
    if !unit.contains('{') {
        return unit.into();
    }
    let mut left = String::new();
    let mut rest = unit;
    while let Some((before, from)) = rest.split_once('{') {
        left.push_str(before);
        rest = from.split_once('}').map_or("", |(_, after)| after);
    }
    left.push_str(rest);
    left.into()
}

fn word(unit: &str, known: fn(&str) -> Option<&'static str>) -> Cow<'static, str> {
    known(unit).map_or_else(
        || {
            let mut word = String::new();
            push_metric_name(&mut word, unit);
            word.trim_matches('_').to_owned().into()
        },
        Cow::Borrowed,
    )
}

fn main_word(unit: &str) -> Option<&'static str> {
    Some(match unit {
        "1" => "",
        "d" => "days",
        "h" => "hours",
        "min" => "minutes",
        "s" => "seconds",
        "ms" => "milliseconds",
        "us" => "microseconds",
        "ns" => "nanoseconds",
        "By" | "B" => "bytes",
        "KiBy" => "kibibytes",
        "MiBy" => "mebibytes",
        "GiBy" => "gibibytes",
        "TiBy" => "tibibytes",
        "kBy" | "KBy" | "KB" => "kilobytes",
        "MBy" | "MB" => "megabytes",
        "GBy" | "GB" => "gigabytes",
        "TBy" | "TB" => "terabytes",
        "m" => "meters",
        "V" => "volts",
        "A" => "amperes",
        "J" => "joules",
        "W" => "watts",
        "g" => "grams",
        "Cel" => "celsius",
        "Hz" => "hertz",
        "%" => "percent",
        _ => return None,
    })
}

fn per_word(unit: &str) -> Option<&'static str> {
    Some(match unit {
        "s" => "second",
        "m" | "min" => "minute",
        "h" => "hour",
        "d" => "day",
        "w" => "week",
        "mo" => "month",
        "y" => "year",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(unit: &str, kind: MetricKind) -> String {
        UnitWords::of(unit, kind).suffix()
    }

    #[test]
    fn units_become_words() {
        for (unit, expected) in [
            ("s", "seconds"),
            ("kBy", "kilobytes"),
            ("TiBy", "tibibytes"),
            ("m/s", "meters_per_second"),
            ("By/s", "bytes_per_second"),
            ("{request}", ""),
            ("{request}/s", "per_second"),
            ("By{sent}", "bytes"),
            ("By/{request}", "bytes"),
            ("1/min", "per_minute"),
            ("{", ""),
            ("", ""),
            ("/", ""),
            ("requests", "requests"),
            ("[in_i]", "in_i"),
            ("%", "percent"),
            ("1", ""),
        ] {
            assert_eq!(words(unit, MetricKind::Counter), expected, "{unit}");
        }
        assert_eq!(words("1", MetricKind::Gauge), "ratio");
        assert_eq!(words("1", MetricKind::Histogram), "");
        assert_eq!(words("1", MetricKind::UpDownCounter), "");
    }
}
