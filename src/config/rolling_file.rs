//! The effective settings of rolling files.

use super::{
    Config,
    file::{File, FilePrefix, Rotation},
    value::{byte_size::ByteSize, number::Count, string::NonEmptyString},
};

/// The effective settings of a rolling file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RollingFileSettings {
    pub(crate) directory: NonEmptyString,
    pub(crate) prefix: FilePrefix,
    pub(crate) rotation: Rotation,
    /// The number of files to keep; 0 keeps all.
    pub(crate) max_files: Count,
    pub(crate) max_size: Option<ByteSize>,
    pub(crate) max_total_size: Option<ByteSize>,
}

/// The number of full files for which `max_total_size` has room by default.
const FILES_IN_TOTAL: u64 = 8;

impl Config {
    /// Returns the settings of the log file.
    #[must_use]
    pub(crate) fn file_settings(&self) -> RollingFileSettings {
        let File { directory, prefix, rotation, max_files, max_size, max_total_size, format: _ } = &self.file;
        RollingFileSettings {
            directory: directory.clone(),
            prefix: self.prefix_or_service(prefix.as_ref()),
            rotation: *rotation,
            max_files: *max_files,
            max_size: size_of_one(*max_size, *max_total_size),
            max_total_size: *max_total_size,
        }
    }

    fn prefix_or_service(&self, prefix: Option<&FilePrefix>) -> FilePrefix {
        let service = || self.service.name.as_ref().map_or("service", NonEmptyString::as_str);
        prefix.cloned().unwrap_or_else(|| FilePrefix::of(service()))
    }
}

/// Returns the size of one file. Without it, the current file could exceed the limit of all files.
fn size_of_one(size: Option<ByteSize>, total: Option<ByteSize>) -> Option<ByteSize> {
    size.or_else(|| total.map(|total| total.divided_by(FILES_IN_TOTAL)))
}
