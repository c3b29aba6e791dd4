//! The format of lines.

use opentelemetry::InstrumentationScope;
use opentelemetry_sdk::logs::SdkLogRecord;

use super::{json, palette::Palette, text};

/// The format of lines, with any automatic choice resolved.
#[derive(Debug, Clone, Copy)]
pub(crate) enum LineFormat {
    Json,
    Text(Palette),
}

impl LineFormat {
    /// Appends the line of a record.
    #[inline]
    pub(crate) fn push_record(self, out: &mut String, record: &SdkLogRecord, scope: &InstrumentationScope) {
        match self {
            Self::Json => json::push_record(out, record, scope),
            Self::Text(palette) => text::push_record(out, record, scope, palette),
        }
    }
}
