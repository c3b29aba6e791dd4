//! The values of all sources, before they are merged.

use std::path::PathBuf;
#[cfg(feature = "report")]
use std::sync::Arc;

#[cfg(feature = "report")]
use super::file_text::FileText;
use super::layer::Layer;
use crate::error::{Origin, Problem};

/// The layers of all sources, the weakest first, with their problems.
pub(super) struct Gathered {
    pub(super) layers: Vec<Layer>,
    pub(super) problems: Vec<Problem>,
    /// Problems of profiles that are not selected.
    pub(super) of_other_profiles: Vec<Problem>,
    /// The file that was read.
    pub(super) file: Option<PathBuf>,
    /// Its text, without errors in its syntax.
    #[cfg(feature = "report")]
    pub(super) text: Option<Arc<FileText>>,
    /// The version of the schema of a declarative file.
    pub(super) file_format: Option<String>,
    /// The file, or a part of it, could not be read.
    pub(super) is_incomplete: bool,
    pub(super) profile: Option<String>,
    pub(super) profile_origin: Origin,
    /// The Prometheus exporter is enabled in code.
    pub(super) prometheus: bool,
}
