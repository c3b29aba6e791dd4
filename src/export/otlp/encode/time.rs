//! Times on the wire.

use std::time::SystemTime;

/// The first time on the wire. Zero means that the time is unknown.
const FIRST_NANOS: u64 = 1;

/// Returns the nanoseconds since 1970, limited to the range of the wire, which ends in the year
/// 2554.
#[inline]
pub(super) fn unix_nanos(time: SystemTime) -> u64 {
    let since_epoch = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let nanos = since_epoch.as_secs().checked_mul(1_000_000_000);
    let nanos = nanos.and_then(|nanos| nanos.checked_add(since_epoch.subsec_nanos().into()));
    nanos.unwrap_or(u64::MAX).max(FIRST_NANOS)
}

/// The times of all data points of a metric.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// Zero if it is unknown.
    pub(super) start: u64,
    pub(super) end: u64,
}

impl Times {
    /// A metric whose start is after its end, because the clock was set back, starts at its end.
    pub(super) fn new(start: Option<SystemTime>, end: SystemTime) -> Self {
        Self { start: start.map_or(0, |start| unix_nanos(start.min(end))), end: unix_nanos(end) }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn times_saturate_at_the_range_of_the_wire() {
        let epoch = SystemTime::UNIX_EPOCH;
        assert_eq!(unix_nanos(epoch - Duration::from_secs(9)), 1);
        assert_eq!(unix_nanos(epoch), 1);
        assert_eq!(unix_nanos(epoch + Duration::new(2, 7)), 2_000_000_007);
        assert_eq!(unix_nanos(epoch + Duration::from_nanos(u64::MAX)), u64::MAX);
        assert_eq!(unix_nanos(epoch + Duration::from_secs(1 << 40)), u64::MAX);
    }
}
