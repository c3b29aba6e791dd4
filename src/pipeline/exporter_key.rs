//! The settings that decide whether an exporter can stay.

use std::{
    collections::hash_map::DefaultHasher,
    fs,
    hash::{Hash as _, Hasher as _},
};

use crate::config::{OtlpLines, OtlpSettings, Timeout};

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
        Self::Otlp { settings: Box::new(settings.clone()), timeout, tls_files: tls_files(settings) }
    }
}

/// Returns a hash of the contents of the TLS files.
fn tls_files(settings: &OtlpSettings) -> u64 {
    let files = &settings.tls.files;
    let mut hasher = DefaultHasher::new();
    for path in [&files.ca_file, &files.cert_file, &files.key_file].into_iter().flatten() {
        fs::read(path.as_path()).ok().hash(&mut hasher);
    }
    hasher.finish()
}
