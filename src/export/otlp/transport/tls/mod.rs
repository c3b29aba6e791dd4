//! TLS: files, client configuration and errors.

mod certificate;
pub(super) mod config;
pub(super) mod error;
mod file_error;
mod files;
pub(in crate::export::otlp) mod inspection;
mod pem;
