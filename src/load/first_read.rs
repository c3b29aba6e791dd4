//! The decisions of the first read of the sources.

use std::path::{Path, PathBuf};

use super::layer::Layer;
use crate::error::Origin;

/// The values that stay when the sources are read again.
pub(super) struct FirstRead {
    pub(super) file: Option<KnownFile>,
    pub(super) profile: (Option<String>, Origin),
    /// The attributes that the detectors have found.
    pub(super) detected: Vec<Layer>,
}

/// The file that was found.
pub(super) struct KnownFile {
    path: PathBuf,
    absolute: PathBuf,
}

impl KnownFile {
    pub(super) fn new(path: PathBuf) -> Option<Self> {
        Some(Self { absolute: std::path::absolute(&path).ok()?, path })
    }

    /// Returns the path. The program may have changed its directory.
    pub(super) fn path(&self) -> &Path {
        let is_same = std::path::absolute(&self.path).is_ok_and(|now| now == self.absolute);
        if is_same { &self.path } else { &self.absolute }
    }
}
