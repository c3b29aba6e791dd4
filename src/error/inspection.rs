//! The result of reading the files that a configuration names.

use super::problem::Problem;

/// Problems of files that a configuration names. Each has a key and no origin yet.
#[derive(Debug, Default)]
pub(crate) struct Inspection {
    pub(crate) errors: Vec<Problem>,
    pub(crate) warnings: Vec<Problem>,
}
