//! The names of log files, which contain the start of their period.

use std::time::SystemTime;

use jiff::{
    Timestamp, ToSpan as _,
    civil::{Date, DateTime},
    tz::TimeZone,
};

use crate::config::Rotation;

/// Names files `PREFIX.DATE.log`, or `PREFIX.log` if they do not rotate by time.
#[derive(Debug)]
pub(super) struct FileNaming {
    pub(super) prefix: String,
    /// The end of all names, such as `.log`.
    pub(super) suffix: &'static str,
    pub(super) rotation: Rotation,
    /// True if full files get a number.
    pub(super) has_numbers: bool,
}

/// The place of a file in the order of time: its date, and its number among those of that date. The
/// file without a number is the last one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FileAge<'n> {
    date: &'n str,
    number: u32,
}

/// The number of a file that is not full.
const NO_NUMBER: u32 = u32::MAX;

/// The largest number of a file. Longer ones are dates that other programs have added.
const MAX_NUMBER: u32 = 9_999_999;

impl FileNaming {
    /// Returns the name of the file that is current at `now`, and the end of its period.
    pub(super) fn at(&self, now: SystemTime) -> (String, Option<SystemTime>) {
        let Self { prefix, suffix, .. } = self;
        let now = Timestamp::try_from(now).unwrap_or(Timestamp::UNIX_EPOCH);
        match self.period(TimeZone::UTC.to_datetime(now)) {
            None => (format!("{prefix}{suffix}"), None),
            Some((start, end)) => {
                let date = start.strftime(self.date_format());
                let end = end.and_then(|end| TimeZone::UTC.to_timestamp(end).ok());
                let end = end.and_then(|end| SystemTime::try_from(end).ok());
                (format!("{prefix}.{date}{suffix}"), end)
            }
        }
    }

    /// Returns the age of a rotated file with this prefix and rotation, `None` for other names.
    pub(super) fn age<'n>(&self, name: &'n str) -> Option<FileAge<'n>> {
        let rest = name.strip_prefix(&self.prefix)?.strip_prefix('.')?.strip_suffix(self.suffix)?;
        let (date, number) = match rest.rsplit_once('.') {
            Some((date, number)) => (date, parse_number(number)?),
            None if self.rotation == Rotation::Never => ("", parse_number(rest)?),
            None => (rest, NO_NUMBER),
        };
        let is_own = match self.rotation {
            Rotation::Never => date.is_empty() && self.has_numbers,
            _ => self.is_period_start(date),
        };
        is_own.then_some(FileAge { date, number })
    }

    /// Returns the name for a full file that is called `name`, behind the `others`.
    pub(super) fn numbered<'n>(&self, name: &str, others: impl Iterator<Item = &'n str>) -> Option<String> {
        let stem = name.strip_suffix(self.suffix)?;
        let date = stem.strip_prefix(&self.prefix)?.trim_start_matches('.');
        let ages = others.filter_map(|other| self.age(other));
        let last = ages.filter(|age| age.date == date && age.number != NO_NUMBER).map(|age| age.number).max();
        let number = last.unwrap_or(0) + 1;
        (number <= MAX_NUMBER).then(|| format!("{stem}.{number:06}{}", self.suffix))
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

/// Returns the number of a full file. It has at least six digits.
fn parse_number(text: &str) -> Option<u32> {
    let number = text.parse().ok().filter(|number| (1..=MAX_NUMBER).contains(number))?;
    (format!("{number:06}") == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naming(rotation: Rotation) -> FileNaming {
        FileNaming { prefix: "shop".to_owned(), suffix: ".log", rotation, has_numbers: true }
    }

    #[test]
    fn name_contains_start_of_period() {
        let now = SystemTime::try_from("2026-11-25T23:59:30Z".parse::<Timestamp>().unwrap()).unwrap();
        for (rotation, name, end) in [
            (Rotation::Minutely, "shop.2026-11-25-23-59.log", Some("2026-11-26T00:00:00Z")),
            (Rotation::Hourly, "shop.2026-11-25-23.log", Some("2026-11-26T00:00:00Z")),
            (Rotation::Daily, "shop.2026-11-25.log", Some("2026-11-26T00:00:00Z")),
            // The 25th is a Wednesday.
            (Rotation::Weekly, "shop.2026-11-23.log", Some("2026-11-30T00:00:00Z")),
            (Rotation::Never, "shop.log", None),
        ] {
            let end = end.map(|end| SystemTime::try_from(end.parse::<Timestamp>().unwrap()).unwrap());
            assert_eq!(naming(rotation).at(now), (name.to_owned(), end), "{rotation}");
        }
    }

    #[test]
    fn name_of_another_service_or_rotation_has_no_age() {
        for rotation in [Rotation::Minutely, Rotation::Hourly, Rotation::Daily, Rotation::Weekly] {
            let naming = naming(rotation);
            assert!(naming.age(&naming.at(SystemTime::now()).0).is_some(), "{rotation}");
        }
        let daily = naming(Rotation::Daily);
        for name in [
            "shop.log",
            "shop.000001.log",
            "shop-api.2026-11-25.log",
            "shop.2026-11-25.log.gz",
            "shop.2026-11-25.1.log",
            "shop.2026-11-25.000000.log",
            "shop.2026-11-25.00000001.log",
            "shop.2026-11-25.000001.jsonl",
            "shop.old.log",
            "shop.2026-13-01.log",
        ] {
            assert_eq!(daily.age(name), None, "{name}");
        }
        assert_eq!(naming(Rotation::Hourly).age("shop.2026-11-25.log"), None);
        let never = naming(Rotation::Never);
        // The last one is a name that logrotate creates.
        for name in ["shop.log", "shop.1.log", "shop.2026-11-25.000001.log", "shop.20261125.log"] {
            assert_eq!(never.age(name), None, "{name}");
        }
        assert!(never.age("shop.000001.log").is_some());
        assert_eq!(FileNaming { has_numbers: false, ..never }.age("shop.000001.log"), None);
    }

    #[test]
    fn full_file_gets_the_next_number_of_its_period() {
        let daily = naming(Rotation::Daily);
        let mut names = vec!["shop.2026-11-24.000007.log".to_owned()];
        for number in ["000001", "000002"] {
            let next = daily.numbered("shop.2026-11-25.log", names.iter().map(String::as_str)).unwrap();
            assert_eq!(next, format!("shop.2026-11-25.{number}.log"));
            names.push(next);
        }
        names.push("shop.2026-11-25.log".to_owned());
        assert!(names.is_sorted_by_key(|name| daily.age(name)), "{names:?}");
        let never = naming(Rotation::Never);
        let others = ["shop.000009.log", "shop.log"];
        assert_eq!(never.numbered("shop.log", others.into_iter()).unwrap(), "shop.000010.log");
        assert_eq!(never.numbered("shop.log", ["shop.9999999.log"].into_iter()), None);
    }
}
