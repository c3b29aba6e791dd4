//! The decisions of the first time that the sources are read.

use std::path::{Path, PathBuf};

use super::layer::Layer;
use crate::error::Origin;

/// The values that stay when the sources are read again.
pub(super) struct FirstRead {
    /// The file, and its absolute path.
    pub(super) file: Option<(PathBuf, PathBuf)>,
    pub(super) profile: (Option<String>, Origin),
    /// The attributes that the detectors have found.
    pub(super) detected: Vec<Layer>,
}

impl FirstRead {
    /// Returns the path of the file. The program may have changed its directory.
    pub(super) fn path(&self) -> Option<&Path> {
        let (path, absolute) = self.file.as_ref()?;
        let is_same = std::path::absolute(path).is_ok_and(|now| now == *absolute);
        Some(if is_same { path } else { absolute })
    }
}
