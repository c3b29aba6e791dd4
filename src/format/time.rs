//! Timestamps as RFC 3339 in UTC with microseconds.

use std::{
    cell::RefCell,
    time::{Duration, SystemTime},
};

thread_local! {
    /// The second that was formatted last, and its text. Consecutive records often share a second.
    static LAST: RefCell<(u64, String)> = const { RefCell::new((0, String::new())) };
}

/// Appends a timestamp. A missing or unrepresentable time is written as the epoch.
#[inline]
pub(super) fn push_timestamp(out: &mut String, time: Option<SystemTime>) {
    let since_epoch =
        time.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok()).unwrap_or(Duration::ZERO);
    let second = since_epoch.as_secs();
    let representable = LAST.try_with(|last| {
        let (last_second, text) = &mut *last.borrow_mut();
        if *last_second != second || text.is_empty() {
            *text = format_second(second)?;
            *last_second = second;
        }
        out.push_str(text);
        Some(())
    });
    // The thread-local is no longer available while the thread ends.
    let representable = representable.unwrap_or_else(|_| {
        out.push_str(&format_second(second)?);
        Some(())
    });
    if representable.is_none() {
        return push_timestamp(out, None);
    }
    let micros = since_epoch.subsec_micros();
    for pair in [micros / 10_000, micros / 100 % 100, micros % 100] {
        out.push_str(DIGIT_PAIRS[pair as usize]);
    }
    out.push('Z');
}

/// Returns a timestamp as a string.
pub(crate) fn format_timestamp(time: Option<SystemTime>) -> String {
    let mut out = String::new();
    push_timestamp(&mut out, time);
    out
}

/// The numbers below 100 with two digits each.
const DIGIT_PAIRS: [&str; 100] = {
    const DIGITS: &str = "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849\
                          5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";
    let mut pairs = [""; 100];
    let mut number = 0;
    while number < 100 {
        let (_, from) = DIGITS.split_at(2 * number);
        (pairs[number], _) = from.split_at(2);
        number += 1;
    }
    pairs
};

/// Returns date and time of a second: `2026-11-23T19:59:17.`
fn format_second(second: u64) -> Option<String> {
    let timestamp = jiff::Timestamp::from_second(i64::try_from(second).ok()?).ok()?;
    let mut text = timestamp.to_string();
    text.pop();
    text.push('.');
    Some(text)
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
    fn timestamp_out_of_range_is_the_epoch() {
        assert_eq!(formatted(u64::MAX / 4), "1970-01-01T00:00:00.000000Z");
        let before_epoch = SystemTime::UNIX_EPOCH.checked_sub(Duration::from_secs(1));
        assert_eq!(format_timestamp(before_epoch), "1970-01-01T00:00:00.000000Z");
        assert_eq!(format_timestamp(None), "1970-01-01T00:00:00.000000Z");
    }
}
