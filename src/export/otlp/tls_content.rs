//! The content of certificates and keys, which may change while the names of their files stay.

use std::{
    collections::hash_map::DefaultHasher,
    fs,
    hash::{Hash as _, Hasher as _},
};

use crate::config::TlsFiles;

/// Returns a hash of the content of all files.
pub(crate) fn tls_content(files: &TlsFiles) -> u64 {
    let TlsFiles { ca_file, cert_file, key_file } = files;
    let mut hasher = DefaultHasher::new();
    for path in [ca_file, cert_file, key_file].into_iter().flatten() {
        fs::read(path.as_path()).ok().hash(&mut hasher);
    }
    hasher.finish()
}
