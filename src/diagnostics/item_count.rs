//! Counts of telemetry items in messages.

use std::fmt;

use crate::config::Signal;

/// A number of spans, data points or log records: `1,240 spans`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ItemCount(pub(crate) u64, pub(crate) Signal);

impl fmt::Display for ItemCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(items, signal) = *self;
        let noun = match signal {
            Signal::Traces => "span",
            Signal::Metrics => "data point",
            Signal::Logs => "log record",
        };
        write!(f, "{} {noun}{}", Thousands(items), if items == 1 { "" } else { "s" })
    }
}

/// A number with a comma between groups of three digits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Thousands(pub(crate) u64);

impl fmt::Display for Thousands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (index, digit) in digits.char_indices() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

/// Numbers of items per signal: `1,240 spans and 33 log records`. Empty if there are none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ItemCounts([u64; 3]);

impl ItemCounts {
    pub(crate) fn add(&mut self, signal: Signal, items: u64) {
        self.0[signal as usize] += items;
    }

    pub(crate) fn append(&mut self, other: Self) {
        for signal in Signal::ALL {
            self.add(signal, other.0[signal as usize]);
        }
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == [0; 3]
    }
}

impl fmt::Display for ItemCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = Signal::ALL.map(|signal| ItemCount(self.0[signal as usize], signal));
        let parts: Vec<_> =
            parts.into_iter().filter(|part| part.0 > 0).map(|part| part.to_string()).collect();
        match parts.split_last() {
            Some((last, [])) => f.write_str(last),
            Some((last, others)) => write!(f, "{} and {last}", others.join(", ")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn count_has_grouped_digits_and_matching_noun() {
        assert_eq!(ItemCount(1, Signal::Traces).to_string(), "1 span");
        assert_eq!(ItemCount(1_234_567, Signal::Logs).to_string(), "1,234,567 log records");
        let mut all = ItemCounts::default();
        all.add(Signal::Traces, 1240);
        assert_eq!(all.to_string(), "1,240 spans");
        all.add(Signal::Logs, 33);
        assert_eq!(all.to_string(), "1,240 spans and 33 log records");
        all.add(Signal::Metrics, 2);
        assert_eq!(all.to_string(), "1,240 spans, 2 data points and 33 log records");
    }
}
