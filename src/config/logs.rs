//! `[logs]`

use serde::{Deserialize, Serialize};

use super::{
    batch::LogBatch,
    level::LevelFilter,
    signal::{ExporterRef, Selection},
};

/// Which log records are kept and where they go.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Logs {
    /// Any of `console`, `otlp` and the names of `[exporters]`; `[]` exports nothing. Default: `console`, and `otlp` as
    /// well once an OTLP endpoint is set.
    pub exporters: Option<Selection<ExporterRef>>,

    /// The least severe level that is kept: `off`, `error`, `warn`, `info`, `debug` or `trace`; or a list with other
    /// levels for some targets, for example `info,hyper=warn,my_crate=debug`.
    pub level: LevelFilter,

    /// How log records are gathered before they are sent by OTLP. The console is written at once.
    pub batch: LogBatch,
}
