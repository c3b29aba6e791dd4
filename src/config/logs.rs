//! `[logs]`

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    batch::LogBatch,
    exporter_name::ExporterList,
    limits::LogLimits,
    scope::LogScopeRule,
    value::{log_filter::LogFilter, pattern::Pattern},
};

/// Filtering and export of log records.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Logs {
    /// Any of `console`, `file`, `otlp`, `otlp_file`, `otlp/stdout` and the names in `[exporters]`;
    /// `[]` exports nothing. Default: `console`, and also `otlp` if an OTLP endpoint is set.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["console"], ["console", "otlp"]])))]
    pub(crate) exporters: Option<ExporterList>,

    /// The least severe level to keep: `off`, `error`, `warn`, `info`, `debug` or `trace`. A list
    /// sets other levels for some targets, for example `info,hyper=warn,my_crate=debug`. A target
    /// is the path of a module or the name of a logger. Write `_` for a `-` in such a name.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["info", "info,hyper=warn"])))]
    pub(crate) level: LogFilter,

    /// Levels of single exporters by name: `otlp = "warn"`. Each replaces `logs.level` for its
    /// exporter and has the same syntax.
    pub(crate) levels: BTreeMap<String, LogFilter>,

    /// Records the source location in the attributes `code.file.path` and `code.line.number`.
    pub(crate) code_location: bool,

    /// Entries of baggage to copy to each log record, as attributes. `*` and `?` are wildcards:
    /// `["tenant.*"]`. Baggage comes from callers and may contain personal data, which then leaves
    /// the service with the records.
    pub(crate) baggage_attributes: Vec<Pattern>,

    /// Batching of log records for OTLP exporters. Console and files do not wait for a batch.
    pub(crate) batch: LogBatch,

    /// Limits for the size of a log record.
    pub(crate) limits: LogLimits,

    /// Rules for single loggers and targets, in addition to `level`.
    pub(crate) scopes: Vec<LogScopeRule>,
}
