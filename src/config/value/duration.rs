//! Durations: integers with a unit, `"500ms"`, `"10s"`, `"1m 30s"`.

use std::{fmt, time::Duration};

use serde::{Deserializer, Serialize, Serializer};

use super::{ConfigValue, ParseError, deserialize, has_schema, string_value};

const PATTERN: &str = r"^\s*([0-9]+(ms|s|m|h)\s*)+$";
pub(crate) const HELP: &str = "write a number with a unit, for example \"5s\" (ms, s, m or h)";

/// A duration. Each key of this type declares its minimum with [`at_least`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Interval(Duration);

impl Interval {
    pub(crate) const fn from_millis(millis: u64) -> Self {
        Self(Duration::from_millis(millis))
    }

    /// Returns the duration.
    #[must_use]
    pub(crate) const fn get(self) -> Duration {
        self.0
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format(self.0))
    }
}

impl Serialize for Interval {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

has_schema!(Interval, super::schema::text::<AtLeast<0>>());

/// Deserializes an [`Interval`], or an optional one, of at least `MIN_MS` milliseconds.
pub(crate) fn at_least<'de, const MIN_MS: u64, D: Deserializer<'de>, T: From<Interval>>(
    deserializer: D,
) -> Result<T, D::Error> {
    deserialize(deserializer).map(|interval: AtLeast<MIN_MS>| interval.0.into())
}

struct AtLeast<const MIN_MS: u64>(Interval);

impl<const MIN_MS: u64> ConfigValue for AtLeast<MIN_MS> {
    const EXPECTED: &'static str = "a duration such as \"5s\"";
    const PATTERN: Option<&'static str> = Some(PATTERN);

    fn parse_str(text: &str) -> Result<Self, ParseError> {
        let duration = parse(text)?;
        if duration < Duration::from_millis(MIN_MS) {
            let least = format(Duration::from_millis(MIN_MS));
            return Err(ParseError::new(format!("{text:?} is shorter than the minimum of \"{least}\"")));
        }
        Ok(Self(Interval(duration)))
    }
}

/// A time limit; `"0s"` means no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timeout(Duration);

impl Timeout {
    pub(crate) const fn from_secs(secs: u64) -> Self {
        Self(Duration::from_secs(secs))
    }

    /// Returns the limit, or `None` without one.
    #[must_use]
    pub(crate) fn limit(self) -> Option<Duration> {
        (!self.0.is_zero()).then_some(self.0)
    }

    /// Returns the stricter of two limits.
    pub(crate) fn min(self, other: Self) -> Self {
        match (self.limit(), other.limit()) {
            (Some(a), Some(b)) => Self(a.min(b)),
            (None, _) => other,
            (_, None) => self,
        }
    }
}

impl fmt::Display for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format(self.0))
    }
}

impl ConfigValue for Timeout {
    const EXPECTED: &'static str = "a duration such as \"10s\"";
    const PATTERN: Option<&'static str> = Some(PATTERN);

    fn parse_str(text: &str) -> Result<Self, ParseError> {
        parse(text).map(Self)
    }
}

string_value!(Timeout);

fn parse(text: &str) -> Result<Duration, ParseError> {
    let refused = || ParseError::new(format!("{text:?} is not a duration")).with_help(HELP);
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(refused());
    }
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let unit_end =
            rest[digits..].find(|c: char| !c.is_ascii_alphabetic()).map_or(rest.len(), |at| digits + at);
        let factor = match &rest[digits..unit_end] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => return Err(refused()),
        };
        let millis = rest[..digits].parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
        let part = Duration::from_millis(millis.ok_or_else(refused)?);
        total = total.checked_add(part).ok_or_else(refused)?;
        rest = rest[unit_end..].trim_start();
    }
    // Longer durations have no use, and could overflow when they are added to an `Instant`.
    if total > Duration::from_secs(365 * 24 * 3600) {
        return Err(ParseError::new(format!("{text:?} is longer than a year")));
    }
    Ok(total)
}

/// Serializes a duration in the notation of the file.
pub(crate) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format(*duration))
}

/// Formats a duration in the notation of the file: in seconds if exact, otherwise in milliseconds.
pub(crate) fn format(duration: Duration) -> String {
    let millis = duration.as_millis();
    if millis.is_multiple_of(1000) { format!("{}s", millis / 1000) } else { format!("{millis}ms") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(text: &str) -> Option<u128> {
        parse(text).ok().map(|duration| duration.as_millis())
    }

    #[test]
    fn numbers_with_units_are_durations() {
        assert_eq!(millis("500ms"), Some(500));
        assert_eq!(millis(" 10s "), Some(10_000));
        assert_eq!(millis("1m 30s"), Some(90_000));
        assert_eq!(millis("1h1m"), Some(3_660_000));
        assert_eq!(millis("0s"), Some(0));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "5", "5 s", "5 sec", "1.5s", "-1s", "s", "5s5", "99999999999999999999s", "10000h ms"]
        {
            assert_eq!(millis(text), None, "{text}");
        }
    }

    #[test]
    fn interval_below_its_minimum_is_refused() {
        let parse = |text| AtLeast::<10>::parse_str(text).map(|AtLeast(interval)| interval);
        assert_eq!(parse("10ms"), Ok(Interval::from_millis(10)));
        assert_eq!(parse("9ms").unwrap_err().message, "\"9ms\" is shorter than the minimum of \"10ms\"");
    }

    #[test]
    fn stricter_timeout_wins() {
        assert_eq!(Timeout::from_secs(0).min(Timeout::from_secs(3)), Timeout::from_secs(3));
        assert_eq!(Timeout::from_secs(3).min(Timeout::from_secs(0)), Timeout::from_secs(3));
        assert_eq!(Timeout::from_secs(5).min(Timeout::from_secs(3)), Timeout::from_secs(3));
    }
}
