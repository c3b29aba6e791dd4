//! Timestamps as RFC 3339 in UTC with microseconds.

use std::{
    cell::RefCell,
    time::{Duration, SystemTime},
};

thread_local! {
    /// The second that was formatted last, and its text. Consecutive records often share a second.
    static LAST: RefCell<(i64, String)> = const { RefCell::new((0, String::new())) };
}

/// Appends a timestamp. A missing time is written as the epoch, and a time beyond the years of
/// RFC 3339 with the first or last second of these.
#[inline]
pub(super) fn push_timestamp(out: &mut String, time: Option<SystemTime>) {
    let (second, micros) = match time.map(|time| time.duration_since(SystemTime::UNIX_EPOCH)) {
        None => (0, 0),
        Some(Ok(since_epoch)) => {
            (i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX), since_epoch.subsec_micros())
        }
        Some(Err(error)) => before_epoch(error.duration()),
    };
    let from_cache = LAST.try_with(|last| {
        let (last_second, text) = &mut *last.borrow_mut();
        if *last_second != second || text.is_empty() {
            *text = format_second(second);
            *last_second = second;
        }
        out.push_str(text);
    });
    if from_cache.is_err() {
        // The thread-local is no longer available while the thread ends.
        out.push_str(&format_second(second));
    }
    // The seventh digit from the right keeps the zeros before the others.
    out.push_str(&itoa::Buffer::new().format(1_000_000 + micros)[1..]);
    out.push('Z');
}

/// The first second of the year 0.
const FIRST_SECOND: i64 = -62_167_219_200;
/// The last second of jiff, at the end of the year 9999.
const LAST_SECOND: i64 = 253_402_207_200;

/// Returns the second, and the microseconds since then, of a time before the epoch.
#[cold]
fn before_epoch(until_epoch: Duration) -> (i64, u32) {
    let micros = i64::try_from(until_epoch.as_micros()).map_or(i64::MIN, i64::wrapping_neg);
    let rest = u32::try_from(micros.rem_euclid(1_000_000)).unwrap_or_default();
    (micros.div_euclid(1_000_000), rest)
}

/// Returns a timestamp as a string.
pub(crate) fn format_timestamp(time: Option<SystemTime>) -> String {
    let mut out = String::new();
    push_timestamp(&mut out, time);
    out
}

/// Returns date and time of a second: `2026-11-23T19:59:17.`
fn format_second(second: i64) -> String {
    let second = second.clamp(FIRST_SECOND, LAST_SECOND);
    let mut text = jiff::Timestamp::from_second(second).unwrap_or_default().to_string();
    text.pop();
    text.push('.');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formatted(micros: u64) -> String {
        format_timestamp(Some(SystemTime::UNIX_EPOCH + Duration::from_micros(micros)))
    }

    #[test]
    fn timestamp_of_any_time_agrees_with_jiff() {
        let mut micros = 1;
        for step in 1..2_000_u64 {
            let expected = jiff::Timestamp::from_microsecond(i64::try_from(micros).unwrap()).unwrap();
            assert_eq!(formatted(micros), format!("{expected:.6}"));
            micros += step * step * 86_399_999_999 % 31_556_952_000_001;
        }
    }

    #[test]
    fn timestamp_before_the_epoch_agrees_with_jiff() {
        for micros in [1_u64, 999_999, 1_000_000, 86_400_000_001, 62_167_219_200_000_000] {
            let time = SystemTime::UNIX_EPOCH - Duration::from_micros(micros);
            let expected = jiff::Timestamp::from_microsecond(-i64::try_from(micros).unwrap()).unwrap();
            assert_eq!(format_timestamp(Some(time)), format!("{expected:.6}"));
        }
    }

    #[test]
    fn timestamp_out_of_range_is_the_first_or_last() {
        assert_eq!(formatted(u64::MAX / 4), "9999-12-30T22:00:00.387903Z");
        let long_before = SystemTime::UNIX_EPOCH.checked_sub(Duration::from_secs(1 << 40));
        assert_eq!(format_timestamp(long_before), "0000-01-01T00:00:00.000000Z");
        assert_eq!(format_timestamp(None), "1970-01-01T00:00:00.000000Z");
    }
}
