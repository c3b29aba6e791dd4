//! The error of an unusable TLS file.

use std::{fmt, path::Path};

/// The reason why a TLS file cannot be used. Never contains a part of the file.
#[derive(Debug)]
pub(in crate::export::otlp::transport) struct TlsFileError {
    pub(in crate::export::otlp::transport) message: String,
    pub(super) help: Option<String>,
}

impl TlsFileError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    pub(super) fn of(path: &Path, reason: impl fmt::Display) -> Self {
        Self::new(format!("cannot use {}: {reason}", path.display()))
    }

    pub(super) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
