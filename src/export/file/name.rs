//! The names of log files, which say when each was begun.

use std::time::SystemTime;

use jiff::{Timestamp, ToSpan as _, civil::DateTime, tz::TimeZone};

use crate::config::Rotation;

/// `PREFIX.DATE.log`, or `PREFIX.log` for files that never rotate.
#[derive(Debug)]
pub(crate) struct Naming {
    pub(crate) prefix: String,
    pub(crate) rotation: Rotation,
}

const SUFFIX: &str = ".log";

impl Naming {
    /// The name of the file that is written to at `now`, and when the next one is due.
    pub(crate) fn at(&self, now: SystemTime) -> (String, Option<SystemTime>) {
        let prefix = &self.prefix;
        let now = Timestamp::try_from(now).unwrap_or(Timestamp::UNIX_EPOCH);
        match self.period(TimeZone::UTC.to_datetime(now)) {
            None => (format!("{prefix}{SUFFIX}"), None),
            Some((begin, end)) => {
                let date = begin.strftime(self.date_format());
                let end = end.and_then(|end| TimeZone::UTC.to_timestamp(end).ok()).map(SystemTime::from);
                (format!("{prefix}.{date}{SUFFIX}"), end)
            }
        }
    }

    /// Whether a file of this name is one of ours.
    pub(crate) fn is_ours(&self, name: &str) -> bool {
        let date = || name.strip_prefix(&self.prefix)?.strip_prefix('.')?.strip_suffix(SUFFIX);
        self.rotation != Rotation::Never
            && date().is_some_and(|date| {
                DateTime::strptime(self.date_format(), date).is_ok() || self.is_date(date)
            })
    }

    /// Dates alone are no points in time.
    fn is_date(&self, date: &str) -> bool {
        jiff::civil::Date::strptime(self.date_format(), date).is_ok()
    }

    fn date_format(&self) -> &'static str {
        match self.rotation {
            Rotation::Minutely => "%Y-%m-%d-%H-%M",
            Rotation::Hourly => "%Y-%m-%d-%H",
            Rotation::Daily | Rotation::Weekly | Rotation::Never => "%Y-%m-%d",
        }
    }

    /// Begin and end of the period that `now` lies in.
    fn period(&self, now: DateTime) -> Option<(DateTime, Option<DateTime>)> {
        let midnight = now.date().at(0, 0, 0, 0);
        let (begin, length) = match self.rotation {
            Rotation::Minutely => (now.date().at(now.hour(), now.minute(), 0, 0), 1.minute()),
            Rotation::Hourly => (now.date().at(now.hour(), 0, 0, 0), 1.hour()),
            Rotation::Daily => (midnight, 1.day()),
            Rotation::Weekly => {
                let since_monday = i64::from(now.weekday().to_monday_zero_offset());
                (midnight.checked_sub(since_monday.days()).unwrap_or(midnight), 1.week())
            }
            Rotation::Never => return None,
        };
        Some((begin, begin.checked_add(length).ok()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naming(rotation: Rotation) -> Naming {
        Naming { prefix: "shop".to_owned(), rotation }
    }

    #[test]
    fn names_say_when_a_file_was_begun() {
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
    fn only_own_files_are_recognised() {
        for rotation in [Rotation::Minutely, Rotation::Hourly, Rotation::Daily, Rotation::Weekly] {
            let naming = naming(rotation);
            assert!(naming.is_ours(&naming.at(SystemTime::now()).0), "{rotation}");
        }
        let daily = naming(Rotation::Daily);
        for name in [
            "shop.log",
            "shop-api.2026-11-25.log",
            "shop.2026-11-25.log.gz",
            "shop.old.log",
            "shop.2026-13-01.log",
        ] {
            assert!(!daily.is_ours(name), "{name}");
        }
        assert!(!naming(Rotation::Hourly).is_ours("shop.2026-11-25.log"));
    }
}
