//! The lines and variables that problems are about, without secrets.
//!
//! Nothing is shown unless it is known to be no secret: keys, punctuation, and the values of keys
//! whose type is not secret. The loader has the types, so the excerpts are made here.

pub(in crate::load) mod shown;
mod toml;
mod variable;
pub(in crate::load) mod visibility;

use std::sync::OnceLock;

use self::shown::Shown;
#[cfg(feature = "declarative")]
use super::search::is_declarative;
use super::{environment::Environment, file_text::FileText};
use crate::{
    config::Redact,
    error::{Excerpt, Origin, Problem},
};

/// The maximum number of problems that get an excerpt.
const MAX_EXCERPTS: usize = 1000;

/// A file and the parts of it that may be shown.
pub(super) struct Excerpts<'a> {
    file: Option<&'a FileText>,
    /// The parts, and the offsets of all lines. Created for the first problem.
    shown: OnceLock<(Shown, Vec<usize>)>,
    /// Without it, all attributes of the resource are hidden.
    redact: Option<&'a Redact>,
}

impl<'a> Excerpts<'a> {
    pub(super) fn new(file: Option<&'a FileText>, redact: Option<&'a Redact>) -> Self {
        Self { file, shown: OnceLock::new(), redact }
    }

    /// Adds the excerpts of problems that have none.
    pub(super) fn add<'p>(
        &self,
        problems: impl IntoIterator<Item = &'p mut Problem>,
        environment: &Environment,
    ) {
        for problem in problems.into_iter().take(MAX_EXCERPTS) {
            if problem.excerpt().is_some() {
                continue;
            }
            let excerpt = match problem.origin() {
                Some(Origin::File { line, column, .. }) => self.line(*line, *column),
                Some(Origin::Env(name)) => variable::excerpt(name, environment, self.redact),
                _ => None,
            };
            problem.set_excerpt(excerpt);
        }
    }

    fn line(&self, line: u32, column: u32) -> Option<Excerpt> {
        let file = self.file?;
        let (shown, lines) = self.shown.get_or_init(|| {
            let lines = file.text().match_indices('\n').map(|(at, _)| at + 1);
            (self.shown(file), [0].into_iter().chain(lines).collect())
        });
        let from_one = |number: u32| usize::try_from(number).ok()?.checked_sub(1);
        let start = *lines.get(from_one(line)?)?;
        let rest = file.text()[start..].split('\n').next()?;
        let before = rest.char_indices().nth(from_one(column)?).map_or(rest.len(), |(at, _)| at);
        Some(shown.excerpt(file.text(), start + before))
    }

    fn shown(&self, file: &FileText) -> Shown {
        #[cfg(feature = "declarative")]
        if is_declarative(file.path()) {
            return super::declarative::shown(file.text());
        }
        toml::shown(file.text(), self.redact)
    }
}
