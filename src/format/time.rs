//! Timestamps as RFC 3339 in UTC with microseconds.

use std::{
    cell::RefCell,
    time::{Duration, SystemTime},
};

thread_local! {
    /// The second that was written last, and its text; mostly it is the same again.
    static LAST: RefCell<(u64, String)> = const { RefCell::new((0, String::new())) };
}

/// Appends a time. What no calendar reaches is the epoch.
#[inline]
pub(crate) fn time(out: &mut String, time: Option<SystemTime>) {
    let since_epoch =
        time.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok()).unwrap_or(Duration::ZERO);
    let second = since_epoch.as_secs();
    let known = LAST.try_with(|last| {
        let (last_second, text) = &mut *last.borrow_mut();
        if *last_second != second || text.is_empty() {
            *text = text_of(second)?;
            *last_second = second;
        }
        out.push_str(text);
        Some(())
    });
    // An error means that the thread ends, and with it what it remembered.
    let known = known.unwrap_or_else(|_| {
        out.push_str(&text_of(second)?);
        Some(())
    });
    if known.is_none() {
        return self::time(out, None);
    }
    let micros = since_epoch.subsec_micros();
    for two in [micros / 10_000, micros / 100 % 100, micros % 100] {
        out.push_str(PAIRS[two as usize]);
    }
    out.push('Z');
}

/// The numbers below a hundred, with two digits each.
const PAIRS: [&str; 100] = {
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

/// Date and time of a second: `2026-11-23T19:59:17.`
fn text_of(second: u64) -> Option<String> {
    let timestamp = jiff::Timestamp::from_second(i64::try_from(second).ok()?).ok()?;
    let mut text = timestamp.to_string();
    text.pop();
    text.push('.');
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
        assert_eq!(of(u64::MAX / 4), "1970-01-01T00:00:00.000000Z");
        let mut out = String::new();
        time(&mut out, SystemTime::UNIX_EPOCH.checked_sub(Duration::from_secs(1)));
        time(&mut out, None);
        assert_eq!(out, "1970-01-01T00:00:00.000000Z".repeat(2));
    }
}
