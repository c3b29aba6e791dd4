//! The long form of problems.

use std::fmt;

use annotate_snippets::{
    Annotation, AnnotationKind, Group, Level, Origin as Place, Renderer, Snippet,
    renderer::DEFAULT_TERM_WIDTH,
};

use super::{Error, Excerpt, Origin, Problem};
use crate::text::escape_controls;

/// The index of the line `:::` of a rendered problem: behind its title, its place and an empty
/// line.
const FILE_MARK: usize = 3;

/// The long form of problems, for people: each with the line of the file, a mark below the value,
/// and the help.
///
/// [`Error::report`] and [`Explanation::report`](crate::explain::Explanation::report) create it.
/// `Display` formats it as several lines. Problems of a file follow each other in the order of
/// their lines. Secrets are masked; see [`Excerpt`](super::Excerpt).
#[derive(Debug, Clone)]
pub struct Report<'a> {
    problems: Vec<(bool, &'a Problem)>,
    /// The error, for the line at the end.
    error: Option<&'a Error>,
    color: bool,
    width: usize,
}

impl<'a> Report<'a> {
    pub(crate) fn new(errors: &'a [Problem], warnings: &'a [Problem]) -> Self {
        let mut problems: Vec<_> = errors.iter().map(|problem| (true, problem)).collect();
        problems.extend(warnings.iter().map(|problem| (false, problem)));
        problems.sort_by_cached_key(|(_, problem)| group(problem));
        Self { problems, error: None, color: false, width: DEFAULT_TERM_WIDTH }
    }

    /// Uses the colors of a terminal. The default is `false`.
    #[must_use]
    pub fn color(mut self, color: bool) -> Self {
        self.color = color;
        self
    }

    /// Sets the number of columns of the terminal. Longer lines of the file are cut around the
    /// mark. The default is 140.
    #[must_use]
    pub fn width(mut self, columns: usize) -> Self {
        self.width = columns;
        self
    }

    /// Shows warnings as errors. The default is `false`.
    #[must_use]
    pub fn strict(mut self, strict: bool) -> Self {
        self.problems.iter_mut().for_each(|(is_error, _)| *is_error |= strict);
        self
    }
}

impl Error {
    /// Returns the long form of the error, for people: each problem with the line of the file.
    ///
    /// ```
    /// use autotelemetry::ObservabilityTools;
    ///
    /// if let Err(error) = ObservabilityTools::builder().build() {
    ///     eprintln!("{}", error.report());
    /// }
    /// ```
    #[must_use]
    pub fn report(&self) -> Report<'_> {
        Report { error: Some(self), ..Report::new(self.problems(), &[]) }
    }
}

/// Returns the place of a problem in the report: files first, then variables, then other problems.
fn group(problem: &Problem) -> (u8, String, u32, u32) {
    match problem.origin() {
        Some(Origin::File { path, line, column, .. }) => (0, path.display().to_string(), *line, *column),
        Some(Origin::Env(name)) => (1, name.clone(), 0, 0),
        Some(Origin::Default) | None => (3, String::new(), 0, 0),
        Some(_) => (2, String::new(), 0, 0),
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let renderer = if self.color { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.term_width(self.width);
        for (index, (is_error, problem)) in self.problems.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n\n" };
            let block = renderer.render(&[to_group(*is_error, problem)]);
            write!(f, "{separator}{}", without_file_mark(&block))?;
        }
        match (self.error, self.problems.len()) {
            (None, _) => Ok(()),
            (Some(error), 0) => write!(f, "{error}"),
            (Some(_), 1) => f.write_str("\n\ninvalid telemetry configuration: 1 problem"),
            (Some(_), count) => write!(f, "\n\ninvalid telemetry configuration: {count} problems"),
        }
    }
}

fn to_group(is_error: bool, problem: &Problem) -> Group<'static> {
    let level = if is_error { Level::ERROR } else { Level::WARNING };
    let message = escape_controls(problem.message());
    let key = problem.key().map(escape_controls);
    // The excerpt has the key beside its mark.
    let is_marked = problem.excerpt().is_some() || matches!(problem.origin(), Some(Origin::Env(_)));
    let title = match &key {
        Some(key) if !is_marked => format!("{key}: {message}"),
        _ => message,
    };
    let mut group = Group::with_title(level.primary_title(title));
    let wide = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    match problem.origin() {
        Some(Origin::File { path, line, column, .. }) => {
            let place = Place::path(escape_controls(&path.display().to_string()));
            group = group.element(place.line(wide(*line)).char_column(wide(*column)));
            group = group.elements(problem.excerpt().map(|it| snippet(it, key).line_start(wide(*line))));
        }
        Some(origin @ Origin::Env(_)) => {
            group = group.element(Place::path("environment"));
            let unset = || Excerpt::new(origin.to_string(), 0..origin.to_string().len(), None);
            let excerpt = problem.excerpt().cloned().unwrap_or_else(unset);
            group = group.element(snippet(&excerpt, key).line_numbering(false));
        }
        Some(Origin::Default) | None => {}
        Some(origin) => group = group.element(Place::path(escape_controls(&origin.to_string()))),
    }
    match problem.help() {
        Some(help) => group.element(Level::HELP.message(escape_controls(help))),
        None => group,
    }
}

/// Returns the text of an excerpt, with its mark and the key beside it.
fn snippet(excerpt: &Excerpt, key: Option<String>) -> Snippet<'static, Annotation<'static>> {
    let annotation = AnnotationKind::Primary.span(excerpt.span()).label(key);
    Snippet::source(excerpt.text().to_owned()).annotation(annotation)
}

/// Removes the line `:::` between the place of a problem and its excerpt. The renderer would count
/// the column in the excerpt, where hidden text is shorter, so the place is given by itself.
fn without_file_mark(rendered: &str) -> String {
    let is_mark = |index: usize, line: &str| index == FILE_MARK && line.contains(":::");
    let lines = rendered.lines().enumerate().filter(|(index, line)| !is_mark(*index, line));
    lines.map(|(_, line)| line).collect::<Vec<_>>().join("\n")
}
