//! Sizes in bytes: integers with a unit, `"32MiB"`, `"500kB"`.

use std::fmt;

use super::{ConfigValue, ParseError, string_value};

const PATTERN: &str = r"^\s*[0-9]+\s*(B|kB|MB|GB|KiB|MiB|GiB)\s*$";
const HELP: &str = "write a number with a unit, for example \"32MiB\" (B, kB, MB, GB, KiB, MiB or GiB)";

/// The units, from the largest one.
const UNITS: [(&str, u64); 7] = [
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("kB", 1_000),
    ("B", 1),
];

const MIN: u64 = 64_000;
const MAX: u64 = 1 << 40;

/// A size from 64 kB to 1 TiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ByteSize(u64);

impl ByteSize {
    pub(crate) const fn from_mib(mib: u64) -> Self {
        Self(mib << 20)
    }

    /// Returns the number of bytes in memory.
    #[must_use]
    pub(crate) fn get(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    /// Returns the number of bytes in files.
    #[must_use]
    pub(crate) fn bytes(self) -> u64 {
        self.0
    }

    /// Returns a part of the size, but at least the smallest size.
    #[must_use]
    pub(crate) fn divided_by(self, parts: u64) -> Self {
        Self((self.0 / parts).max(MIN))
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, unit) = UNITS.iter().find(|(_, unit)| self.0.is_multiple_of(*unit)).unwrap_or(&("B", 1));
        write!(f, "{}{name}", self.0 / unit)
    }
}

impl ConfigValue for ByteSize {
    const EXPECTED: &'static str = "a size such as \"32MiB\"";
    const PATTERN: Option<&'static str> = Some(PATTERN);

    fn parse_str(text: &str) -> Result<Self, ParseError> {
        let refused = || ParseError::new(format!("{text:?} is not a size")).with_help(HELP);
        let trimmed = text.trim();
        let digits = trimmed.find(|c: char| !c.is_ascii_digit()).ok_or_else(refused)?;
        let name = trimmed[digits..].trim_start();
        let (_, unit) = UNITS.iter().find(|(unit, _)| *unit == name).ok_or_else(refused)?;
        let number = trimmed[..digits].parse::<u64>().map_err(|_| refused())?;
        let size = Self(number.saturating_mul(*unit));
        if (MIN..=MAX).contains(&size.0) {
            return Ok(size);
        }
        Err(ParseError::new(format!("{text:?} is not between \"{}\" and \"{}\"", Self(MIN), Self(MAX))))
    }
}

string_value!(ByteSize);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_is_shown_in_its_largest_whole_unit() {
        for (text, bytes, shown) in [
            ("32MiB", 32 << 20, "32MiB"),
            (" 500 kB ", 500_000, "500kB"),
            ("65536B", 65_536, "64KiB"),
            ("2GB", 2_000_000_000, "2GB"),
            ("64kB", 64_000, "64kB"),
        ] {
            let size = ByteSize::parse_str(text).unwrap();
            assert_eq!((size.get(), size.to_string().as_str()), (bytes, shown), "{text}");
        }
        for refused in
            ["", "32", "MiB", "32 mb", "-1MiB", "1.5MiB", "63kB", "1025GiB", "99999999999999999999B"]
        {
            assert!(ByteSize::parse_str(refused).is_err(), "{refused}");
        }
    }
}
