//! The TLS files of an exporter.

use std::path::Path;

use super::super::{fault::Fault, node::Node, writer::Writer};
use crate::config::value::ParseError;

/// Writes the keys of TLS below `table`. Without encryption, the files have no effect.
pub(super) fn write(table: &str, tls: &Node, is_encrypted: bool, w: &mut Writer) {
    w.copy(&format!("{table}.tls.insecure"), tls, "insecure");
    for name in ["ca_file", "cert_file", "key_file"] {
        let Some(file) = tls.some(name) else { continue };
        let path = file.text().unwrap_or_default();
        if !Path::new(path).is_absolute() {
            let error = ParseError::new("is not an absolute path");
            w.faults.push(Fault::at(file, error.with_help("begin it with the root directory")));
        } else if is_encrypted {
            w.set(&format!("{table}.tls.{name}"), path, file);
        } else {
            let warning = ParseError::new("has no effect: the endpoint uses http://, without encryption");
            w.warn(file, warning.with_help("use https:// in `endpoint`, or remove this key"));
        }
    }
    if is_encrypted {
        match (tls.some("cert_file"), tls.some("key_file")) {
            (Some(cert), None) => w.error(cert, "a certificate requires its private key", "set `key_file`"),
            (None, Some(key)) => w.error(key, "a private key requires its certificate", "set `cert_file`"),
            _ => {}
        }
    }
}
