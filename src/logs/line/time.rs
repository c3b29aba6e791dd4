//! Timestamps as RFC 3339 in UTC with microseconds.

use std::{
    cell::Cell,
    time::{Duration, SystemTime},
};

use super::digits;

/// Date and time of a second: `2026-11-23T19:59:17`.
type Second = [u8; 19];

thread_local! {
    /// The second that was written last; mostly it is the same again.
    static LAST: Cell<(u64, Second)> = const { Cell::new((0, *b"1970-01-01T00:00:00")) };
}

/// Appends a time. What no calendar reaches is the epoch.
pub(crate) fn time(out: &mut String, time: Option<SystemTime>) {
    let since_epoch =
        time.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok()).unwrap_or(Duration::ZERO);
    let seconds = since_epoch.as_secs();
    let (last, mut text) = LAST.get();
    if last != seconds {
        match of_second(seconds) {
            Some(new) => text = new,
            None => return self::time(out, None),
        }
        LAST.set((seconds, text));
    }
    let mut whole = *b"0000-00-00T00:00:00.000000Z";
    whole[..text.len()].copy_from_slice(&text);
    digits(&mut whole[20..26], since_epoch.subsec_micros());
    // All of it is ASCII.
    out.push_str(std::str::from_utf8(&whole).unwrap_or_default());
}

fn of_second(seconds: u64) -> Option<Second> {
    let timestamp = jiff::Timestamp::from_second(i64::try_from(seconds).ok()?).ok()?;
    let time = jiff::tz::TimeZone::UTC.to_datetime(timestamp);
    let mut text = *b"0000-00-00T00:00:00";
    digits(&mut text[..4], u32::from(time.year().unsigned_abs()));
    let rest = [time.month(), time.day(), time.hour(), time.minute(), time.second()];
    for (part, value) in text[5..].chunks_mut(3).zip(rest) {
        digits(&mut part[..2], u32::from(value.unsigned_abs()));
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(micros: u64) -> String {
        let mut out = String::new();
        time(&mut out, Some(SystemTime::UNIX_EPOCH + Duration::from_micros(micros)));
        out
    }

    #[test]
    fn agrees_with_the_calendar() {
        let mut micros = 1;
        for step in 1..2_000_u64 {
            let expected = jiff::Timestamp::from_microsecond(i64::try_from(micros).unwrap()).unwrap();
            assert_eq!(of(micros), format!("{expected:.6}"));
            micros += step * step * 86_399_999_999 % 31_556_952_000_001;
        }
    }

    #[test]
    fn what_no_calendar_reaches_is_the_epoch() {
        assert_eq!(of(u64::MAX), "1970-01-01T00:00:00.000000Z");
        let mut out = String::new();
        time(&mut out, SystemTime::UNIX_EPOCH.checked_sub(Duration::from_secs(1)));
        time(&mut out, None);
        assert_eq!(out, "1970-01-01T00:00:00.000000Z".repeat(2));
    }
}
