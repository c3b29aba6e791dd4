//! The effective settings of exporters that write files.

use serde::Serialize;

use super::{
    Config,
    exporter_name::ExporterName,
    file::{File, FilePrefix, Rotation},
    otlp_file::{OtlpFile, OtlpOutput},
    signal::Signal,
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

/// The output of an exporter that writes lines of OTLP.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum OtlpLines {
    /// Standard output.
    Stdout,
    Files(RollingFileSettings),
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

    /// Returns the output of an exporter of OTLP lines; `None` for other exporters.
    #[must_use]
    pub(crate) fn otlp_lines(&self, exporter: &ExporterName, signal: Signal) -> Option<OtlpLines> {
        match exporter {
            ExporterName::OtlpStdout => Some(OtlpLines::Stdout),
            ExporterName::OtlpFile => Some(match self.otlp_file_settings() {
                None => OtlpLines::Stdout,
                Some(settings) => {
                    let prefix = settings.prefix.with_signal(signal);
                    OtlpLines::Files(RollingFileSettings { prefix, ..settings })
                }
            }),
            _ => None,
        }
    }

    /// Returns the settings of the files of `otlp_file`, with the prefix that all signals share.
    /// `None` if it writes to standard output.
    pub(super) fn otlp_file_settings(&self) -> Option<RollingFileSettings> {
        let OtlpFile { output, directory, prefix, rotation, max_files, max_size, max_total_size } =
            &self.otlp_file;
        if directory.is_none() && *output != Some(OtlpOutput::Files) || *output == Some(OtlpOutput::Stdout) {
            return None;
        }
        Some(RollingFileSettings {
            directory: directory.clone().unwrap_or_else(|| NonEmptyString::from_static("telemetry")),
            prefix: self.prefix_or_service(prefix.as_ref()),
            rotation: *rotation,
            max_files: *max_files,
            max_size: size_of_one(*max_size, *max_total_size),
            max_total_size: *max_total_size,
        })
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

/// The keys of `[file]` whose values derive from others.
#[derive(Debug, Serialize)]
pub(super) struct ResolvedFile {
    prefix: FilePrefix,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_size: Option<ByteSize>,
}

impl ResolvedFile {
    pub(super) fn new(settings: RollingFileSettings) -> Self {
        let RollingFileSettings { prefix, max_size, .. } = settings;
        Self { prefix, max_size }
    }
}

/// The keys of `[otlp_file]` whose values derive from others.
#[derive(Debug, Serialize)]
pub(super) struct ResolvedOtlpFile {
    output: OtlpOutput,
    #[serde(skip_serializing_if = "Option::is_none")]
    directory: Option<NonEmptyString>,
    #[serde(flatten)]
    file: Option<ResolvedFile>,
}

impl ResolvedOtlpFile {
    pub(super) fn new(settings: Option<RollingFileSettings>) -> Self {
        Self {
            output: if settings.is_some() { OtlpOutput::Files } else { OtlpOutput::Stdout },
            directory: settings.as_ref().map(|settings| settings.directory.clone()),
            file: settings.map(ResolvedFile::new),
        }
    }
}
