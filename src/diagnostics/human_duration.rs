//! Durations in messages.

use std::{fmt, time::Duration};

/// A rounded duration: `0.2s`, `45s`, `3m 10s`, `2h 5m`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HumanDuration(pub(crate) Duration);

impl fmt::Display for HumanDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secs = self.0.as_secs();
        match secs {
            0..10 => write!(f, "{:.1}s", self.0.as_secs_f64()),
            10..60 => write!(f, "{secs}s"),
            60..3600 => write!(f, "{}m {}s", secs / 60, secs % 60),
            _ => write!(f, "{}h {}m", secs / 3600, secs / 60 % 60),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duration_has_at_most_two_units() {
        let text = |millis| HumanDuration(Duration::from_millis(millis)).to_string();
        assert_eq!(
            [text(200), text(45_900), text(190_000), text(7_500_000)],
            ["0.2s", "45s", "3m 10s", "2h 5m"]
        );
    }
}
