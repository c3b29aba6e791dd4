//! `[logs]`

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{batch::LogBatch, exporter_name::ExporterList, limits::LogLimits, value::log_filter::LogFilter};

/// Which log records are kept and where they go.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Logs {
    /// Any of `console`, `file`, `otlp` and the names of `[exporters]`; `[]` exports nothing. Default: `console`, and
    /// `otlp` as well once an OTLP endpoint is set.
    pub exporters: Option<ExporterList>,

    /// The least severe level that is kept: `off`, `error`, `warn`, `info`, `debug` or `trace`; or a list with other
    /// levels for some targets, for example `info,hyper=warn,my_crate=debug`.
    pub level: LogFilter,

    /// Other levels for some of the exporters, by their names: `otlp = "warn"`. Each is written like `logs.level` and takes
    /// its place.
    pub levels: BTreeMap<String, LogFilter>,

    /// Whether each record says where in the code it was made, in the attributes `code.file.path` and `code.line.number`.
    pub code_location: bool,

    /// How log records are gathered before they are sent by OTLP. Console and files do not wait for a batch.
    pub batch: LogBatch,

    /// How large a log record may become.
    pub limits: LogLimits,
}
