//! The content of certificates and keys, which may change while the names of their files stay.

use std::{
    collections::hash_map::DefaultHasher,
    fs::File,
    hash::{Hash as _, Hasher as _},
    io::Read as _,
    path::Path,
};

use crate::config::{Config, Signal, TlsFiles};

/// The part of a file that is read. Larger files are refused.
const MAX_BYTES: u64 = 4 * 1024 * 1024 + 1;

/// Returns a hash of the content of all files.
pub(crate) fn tls_content(files: &TlsFiles) -> u64 {
    let TlsFiles { ca_file, cert_file, key_file } = files;
    let mut hasher = DefaultHasher::new();
    for path in [ca_file, cert_file, key_file].into_iter().flatten() {
        content(path.as_path()).hash(&mut hasher);
    }
    hasher.finish()
}

/// Returns a hash of the content of the files of all destinations.
pub(crate) fn tls_content_of_all(config: &Config) -> u64 {
    let mut hasher = DefaultHasher::new();
    for signal in Signal::ALL {
        for name in config.exporters(signal) {
            if let Some(settings) = config.otlp_settings(name, signal) {
                tls_content(&settings.tls.files).hash(&mut hasher);
            }
        }
    }
    hasher.finish()
}

/// Returns `None` for anything but a file that can be read. To open a pipe would block.
fn content(path: &Path) -> Option<Vec<u8>> {
    if !path.metadata().ok()?.is_file() {
        return None;
    }
    let mut content = Vec::new();
    File::open(path).ok()?.take(MAX_BYTES).read_to_end(&mut content).ok()?;
    Some(content)
}
