//! `[file]`: log records as lines in files.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    signal::Signal,
    value::{
        ConfigValue, ParseError, byte_size::ByteSize, number::Count, string::NonEmptyString, string_enum,
        string_value,
    },
};

/// The exporter `file`: log records as lines in rotated files. Add `"file"` to `logs.exporters` to
/// use it.
///
/// A file that was moved or removed, for example by logrotate, is recreated within a second.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct File {
    /// The directory of the files, created if it does not exist. A relative path starts at the
    /// working directory.
    pub(crate) directory: NonEmptyString,

    /// The prefix of the file names: `PREFIX.2026-11-23.log`, or `PREFIX.log` without rotation.
    /// Default: the name of the service.
    pub(crate) prefix: Option<FilePrefix>,

    /// The rotation interval in UTC: `minutely`, `hourly`, `daily`, `weekly` (on Monday) or
    /// `never`. With `max_size`, a file also rotates when it is full.
    pub(crate) rotation: Rotation,

    /// The number of files to keep, including the current one. Older files are removed; 0 keeps
    /// all.
    pub(crate) max_files: Count,

    /// The size of one file, at least `"64kB"`. A full file gets a number:
    /// `PREFIX.2026-11-23.000001.log` is the first one of that day. Lines are never split. Default:
    /// an eighth of `max_total_size`, or no limit.
    pub(crate) max_size: Option<ByteSize>,

    /// The size of all files together, including the current one. The oldest files are removed.
    /// Default: no limit.
    pub(crate) max_total_size: Option<ByteSize>,

    /// `json`: one object per line; `text`: for people.
    pub(crate) format: FileFormat,
}

impl Default for File {
    fn default() -> Self {
        Self {
            directory: NonEmptyString::from_static("logs"),
            prefix: None,
            rotation: Rotation::Daily,
            max_files: Count::new(7),
            max_size: None,
            max_total_size: None,
            format: FileFormat::Json,
        }
    }
}

string_enum! {
    /// The rotation interval of log files.
    pub(crate) enum Rotation {
        /// At each full minute.
        Minutely = "minutely",
        /// At each full hour.
        Hourly = "hourly",
        /// At midnight UTC.
        Daily = "daily",
        /// On Monday at midnight UTC.
        Weekly = "weekly",
        /// No rotation by time.
        Never = "never",
    }
    refused {
        "size" => "set `max_size`; with the rotation \"never\", only the size counts",
    }
}

string_enum! {
    /// The format of log records in a file.
    pub(crate) enum FileFormat {
        /// One JSON object per line.
        Json = "json",
        /// Text for people.
        Text = "text",
    }
}

/// The first part of the name of a log file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FilePrefix(String);

impl FilePrefix {
    /// Converts any name, such as that of a service.
    pub(crate) fn of(name: &str) -> Self {
        let name: String = name.chars().map(|c| if is_forbidden(c) { '_' } else { c }).collect();
        Self(if name.starts_with('.') { format!("_{name}") } else { name })
    }

    /// Returns the prefix of the files of one signal.
    #[must_use]
    pub(crate) fn with_signal(&self, signal: Signal) -> Self {
        Self(format!("{self}-{signal}"))
    }

    /// Returns the prefix.
    #[must_use]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_forbidden(c: char) -> bool {
    c == '/' || c == '\\' || c.is_control()
}

impl fmt::Display for FilePrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ConfigValue for FilePrefix {
    const EXPECTED: &'static str = "a file name prefix in quotes";
    const PATTERN: Option<&'static str> = Some(r"^[^./\\\x00-\x1f\x7f][^/\\\x00-\x1f\x7f]*$");

    fn parse_str(text: &str) -> Result<Self, ParseError> {
        if text.is_empty() {
            return Err(ParseError::new("must not be empty"));
        }
        if text.starts_with('.') || text.contains(is_forbidden) {
            return Err(ParseError::new(format!("{text:?} is not a file name prefix"))
                .with_help("set the directory in the key `directory`"));
        }
        Ok(Self(text.to_owned()))
    }
}

string_value!(FilePrefix);
