//! The settings that decide whether an exporter can stay.

use crate::{
    config::{OtlpLines, OtlpSettings, Timeout},
    export::otlp::tls_content,
};

/// Equal for exporters that behave equally.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ExporterKey {
    /// The content of files with certificates and keys may change while their names stay.
    Otlp {
        settings: Box<OtlpSettings>,
        timeout: Timeout,
        tls_files: u64,
    },
    Lines {
        output: OtlpLines,
        timeout: Timeout,
    },
    /// The console and exporters of the program, which follow changes themselves.
    Other,
}

impl ExporterKey {
    pub(super) fn otlp(settings: &OtlpSettings, timeout: Timeout) -> Self {
        Self::Otlp {
            settings: Box::new(settings.clone()),
            timeout,
            tls_files: tls_content(&settings.tls.files),
        }
    }
}
