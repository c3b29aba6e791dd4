//! The names of log files, which contain the start of their period.

use std::time::SystemTime;

use jiff::{
    Timestamp, ToSpan as _,
    civil::{Date, DateTime},
    tz::TimeZone,
};

use crate::config::Rotation;

/// Names files `PREFIX.DATE.log`, or `PREFIX.log` if they never rotate.
#[derive(Debug)]
pub(super) struct FileNaming {
    pub(super) prefix: String,
    pub(super) rotation: Rotation,
}

const SUFFIX: &str = ".log";

impl FileNaming {
    /// Returns the name of the file that is current at `now`, and the end of its period.
    pub(super) fn at(&self, now: SystemTime) -> (String, Option<SystemTime>) {
        let prefix = &self.prefix;
        let now = Timestamp::try_from(now).unwrap_or(Timestamp::UNIX_EPOCH);
        match self.period(TimeZone::UTC.to_datetime(now)) {
            None => (format!("{prefix}{SUFFIX}"), None),
            Some((start, end)) => {
                let date = start.strftime(self.date_format());
                let end = end.and_then(|end| TimeZone::UTC.to_timestamp(end).ok()).map(SystemTime::from);
                (format!("{prefix}.{date}{SUFFIX}"), end)
            }
        }
    }

    /// Returns whether `name` is that of a rotated file with this prefix and rotation.
    pub(super) fn matches(&self, name: &str) -> bool {
        let date = || name.strip_prefix(&self.prefix)?.strip_prefix('.')?.strip_suffix(SUFFIX);
        self.rotation != Rotation::Never && date().is_some_and(|date| self.is_period_start(date))
    }

    fn is_period_start(&self, text: &str) -> bool {
        // A `DateTime` cannot be parsed from a date without a time.
        DateTime::strptime(self.date_format(), text).is_ok()
            || Date::strptime(self.date_format(), text).is_ok()
    }

    fn date_format(&self) -> &'static str {
        match self.rotation {
            Rotation::Minutely => "%Y-%m-%d-%H-%M",
            Rotation::Hourly => "%Y-%m-%d-%H",
            Rotation::Daily | Rotation::Weekly | Rotation::Never => "%Y-%m-%d",
        }
    }

    /// Returns the start and the end of the period that contains `now`.
    fn period(&self, now: DateTime) -> Option<(DateTime, Option<DateTime>)> {
        let midnight = now.date().at(0, 0, 0, 0);
        let (start, length) = match self.rotation {
            Rotation::Minutely => (now.date().at(now.hour(), now.minute(), 0, 0), 1.minute()),
            Rotation::Hourly => (now.date().at(now.hour(), 0, 0, 0), 1.hour()),
            Rotation::Daily => (midnight, 1.day()),
            Rotation::Weekly => {
                let since_monday = i64::from(now.weekday().to_monday_zero_offset());
                (midnight.checked_sub(since_monday.days()).unwrap_or(midnight), 1.week())
            }
            Rotation::Never => return None,
        };
        Some((start, start.checked_add(length).ok()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naming(rotation: Rotation) -> FileNaming {
        FileNaming { prefix: "shop".to_owned(), rotation }
    }

    #[test]
    fn name_contains_start_of_period() {
        let now = SystemTime::from("2026-11-25T23:59:30Z".parse::<Timestamp>().unwrap());
        for (rotation, name, end) in [
            (Rotation::Minutely, "shop.2026-11-25-23-59.log", Some("2026-11-26T00:00:00Z")),
            (Rotation::Hourly, "shop.2026-11-25-23.log", Some("2026-11-26T00:00:00Z")),
            (Rotation::Daily, "shop.2026-11-25.log", Some("2026-11-26T00:00:00Z")),
            // The 25th is a Wednesday.
            (Rotation::Weekly, "shop.2026-11-23.log", Some("2026-11-30T00:00:00Z")),
            (Rotation::Never, "shop.log", None),
        ] {
            let end = end.map(|end| SystemTime::from(end.parse::<Timestamp>().unwrap()));
            assert_eq!(naming(rotation).at(now), (name.to_owned(), end), "{rotation}");
        }
    }

    #[test]
    fn name_of_another_service_or_rotation_does_not_match() {
        for rotation in [Rotation::Minutely, Rotation::Hourly, Rotation::Daily, Rotation::Weekly] {
            let naming = naming(rotation);
            assert!(naming.matches(&naming.at(SystemTime::now()).0), "{rotation}");
        }
        let daily = naming(Rotation::Daily);
        for name in [
            "shop.log",
            "shop-api.2026-11-25.log",
            "shop.2026-11-25.log.gz",
            "shop.old.log",
            "shop.2026-13-01.log",
        ] {
            assert!(!daily.matches(name), "{name}");
        }
        assert!(!naming(Rotation::Hourly).matches("shop.2026-11-25.log"));
    }
}
