//! `[otlp_file]`: telemetry as lines of OTLP.

use serde::{Deserialize, Serialize};

use super::{
    file::{FilePrefix, Rotation},
    value::{byte_size::ByteSize, number::Count, string::NonEmptyString, string_enum},
};

/// The exporter `otlp_file`: all signals as lines of OTLP in JSON.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct OtlpFile {
    /// `stdout`: standard output; `files`: one file per signal in `directory`, the default if
    /// `directory` is set.
    #[cfg_attr(feature = "schema", schemars(extend("default" = "stdout")))]
    pub(crate) output: Option<OtlpOutput>,

    /// The directory of the files, created if it does not exist. A relative path starts at the
    /// working directory. Default: `telemetry` if `output` is `files`.
    pub(crate) directory: Option<NonEmptyString>,

    /// The prefix of the file names: `PREFIX-traces.2026-11-23.jsonl`, or `PREFIX-traces.jsonl`
    /// without rotation; `-metrics` and `-logs` for the other signals. Default: the name of the
    /// service.
    pub(crate) prefix: Option<FilePrefix>,

    /// The rotation interval in UTC: `minutely`, `hourly`, `daily`, `weekly` (on Monday) or
    /// `never`. With `max_size`, a file also rotates when it is full.
    pub(crate) rotation: Rotation,

    /// The number of files to keep for each signal, including the current one. Older files are
    /// removed; 0 keeps all.
    pub(crate) max_files: Count,

    /// The size of one file, at least `"64kB"`. A full file gets a number:
    /// `PREFIX-traces.2026-11-23.000001.jsonl` is the first one of that day. Lines are never split.
    /// Default: an eighth of `max_total_size`, or no limit.
    pub(crate) max_size: Option<ByteSize>,

    /// The size of all files of a signal together, including the current one. The oldest files are
    /// removed. Default: no limit.
    pub(crate) max_total_size: Option<ByteSize>,
}

impl Default for OtlpFile {
    fn default() -> Self {
        Self {
            output: None,
            directory: None,
            prefix: None,
            rotation: Rotation::Daily,
            max_files: Count::new(7),
            max_size: None,
            max_total_size: None,
        }
    }
}

string_enum! {
    /// The output of lines of OTLP.
    pub(crate) enum OtlpOutput {
        /// Standard output.
        Stdout = "stdout",
        /// One file per signal.
        Files = "files",
    }
}
