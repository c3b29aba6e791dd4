//! Syntax errors of a file, and the rest of the file without them.
//!
//! An expression with a syntax error is removed, so that the problems of all other expressions are
//! found too. No line changes its number.

use std::{collections::HashMap, ops::Range, sync::Arc};

use toml::de::{DeTable, Error};

use super::{
    file_text::FileText,
    outline::{Expression, Outline},
};
use crate::{
    config::key_path::KeyPath,
    error::{Origin, Problem},
};

/// The maximum number of passes. Each removes all errors of one kind.
const MAX_PASSES: usize = 10;

/// The maximum number of syntax errors to report. A file with more is probably not TOML.
const MAX_PROBLEMS: usize = 100;

/// A text that was freed of syntax errors.
pub(super) struct Repaired {
    pub(super) text: Arc<FileText>,
    /// Keys are missing in the text, and their names are not known.
    pub(super) is_incomplete: bool,
}

/// Removes the expressions with syntax errors, and adds their problems. Returns `None` if the rest
/// cannot be read either.
pub(super) fn repair(mut text: Arc<FileText>, problems: &mut Vec<Problem>) -> Option<Repaired> {
    let mut is_incomplete = false;
    for _ in 0..MAX_PASSES {
        let (_, errors) = DeTable::parse_recoverable(text.text());
        let outline = Outline::new(text.text());
        let mut errors: Vec<_> = errors.iter().map(|error| (offset(error), error)).collect();
        errors.sort_by_key(|(offset, _)| *offset);
        // Conflicts may follow from errors in the grammar.
        let (conflicts, errors): (Vec<_>, Vec<_>) =
            errors.into_iter().partition(|(_, error)| is_conflict(error));
        if errors.is_empty() {
            report_conflicts(&text, &outline, &conflicts, problems);
            return Some(Repaired { text, is_incomplete });
        }
        let mut pass = Pass { text: &text, outline: &outline, edits: Vec::new(), is_incomplete: false };
        let mut rest = errors.as_slice();
        while let Some((first, _)) = rest.first().filter(|_| problems.len() <= MAX_PROBLEMS) {
            let index = outline.expression_at(*first);
            let count = rest.partition_point(|(offset, _)| outline.expression_at(*offset) == index);
            let (of_expression, others) = rest.split_at(count);
            pass.expression(index, of_expression, problems);
            rest = others;
        }
        if problems.len() > MAX_PROBLEMS {
            problems.truncate(MAX_PROBLEMS);
            problems.push(
                Problem::new("too many problems; the rest is not checked").with_origin(text.origin_at(0)),
            );
            return None;
        }
        is_incomplete |= pass.is_incomplete;
        let repaired = apply(text.text(), pass.edits);
        if repaired == text.text() {
            return None;
        }
        text = Arc::new(FileText::new(text.path(), repaired));
    }
    None
}

fn offset(error: &Error) -> usize {
    error.span().map_or(0, |span| span.start)
}

/// Returns whether an error concerns two expressions, both without errors in the grammar.
pub(super) fn is_conflict(error: &Error) -> bool {
    error.message().starts_with("duplicate key") || error.message().starts_with("cannot extend")
}

/// Reports keys that are set twice, with both places. The first value counts.
fn report_conflicts(
    text: &FileText,
    outline: &Outline,
    conflicts: &[(usize, &Error)],
    problems: &mut Vec<Problem>,
) {
    if conflicts.is_empty() {
        return;
    }
    let mut first: HashMap<&KeyPath, usize> = HashMap::new();
    // A header counts before a part of another key.
    let headers = outline.expressions.iter().filter(|it| it.is_header).map(|it| (it.key, &it.path));
    let keys = outline.keys.iter().map(|(offset, path)| (*offset, path));
    for (offset, path) in headers.chain(keys) {
        first.entry(path).or_insert(offset);
    }
    for (offset, error) in conflicts {
        let path = outline.key_at(*offset);
        let place = path.and_then(|path| first.get(path)).filter(|first| *first < offset);
        let message = match place.map(|first| text.origin_at(*first)) {
            Some(Origin::File { line, column, .. }) => {
                format!("{}, first set in line {line}, column {column}", error.message().trim_end())
            }
            _ => error.message().trim_end().to_owned(),
        };
        let problem = Problem::new(message).with_origin(text.origin_at(*offset));
        problems.push(match path {
            Some(path) => problem.with_key(path.join(".")),
            None => problem,
        });
    }
}

/// One pass over the errors of a text.
struct Pass<'a> {
    text: &'a FileText,
    outline: &'a Outline,
    /// Ranges of whole lines, and the line that replaces them.
    edits: Vec<(Range<usize>, String)>,
    is_incomplete: bool,
}

impl Pass<'_> {
    /// Reports the errors of one expression, and removes it.
    fn expression(&mut self, index: Option<usize>, errors: &[(usize, &Error)], problems: &mut Vec<Problem>) {
        let expression = index.map(|index| &self.outline.expressions[index]);
        let end = self.outline.expressions.get(index.map_or(0, |index| index + 1)).map(|next| next.start);
        let end = end.unwrap_or(self.text.text().len());
        let (first, error) = errors[0];
        let Some(expression) = expression else {
            self.report(first, error, None, problems);
            return self.remove(self.lines(first, end));
        };
        if expression.is_header {
            self.report(first, error, None, problems);
            return self.header(expression, first, error);
        }
        let key = (!expression.path.is_empty()).then(|| expression.path.join("."));
        let lines = self.lines(expression.start, end);
        let is_unclosed_string = |(offset, error): &&(usize, &Error)| {
            error.message().starts_with("invalid multi-line") && *offset >= self.text.text().trim_end().len()
        };
        if let Some(unclosed) = expression.unclosed {
            let error = errors.iter().find(|(_, error)| error.message().starts_with("unclosed"));
            self.report(unclosed, error.map_or(errors[0].1, |(_, error)| error), key, problems);
            self.remove(self.up_to_next_key(lines));
        } else if let Some((_, error)) = errors.iter().find(is_unclosed_string) {
            self.report(expression.start, error, key, problems);
            self.remove(self.up_to_next_key(lines));
        } else {
            let mut last_line = None;
            for (offset, error) in errors.iter().take(MAX_PROBLEMS) {
                let line = self.lines(*offset, *offset).start;
                if last_line.replace(line) != Some(line) {
                    self.report(*offset, error, key.clone(), problems);
                }
            }
            let looks_like_header =
                key.is_none() && self.text.text()[lines.clone()].trim_end().ends_with(']');
            let lines = if looks_like_header { self.up_to_next_header(expression.start) } else { lines };
            self.remove(lines);
        }
    }

    /// Closes a header that only lacks its bracket, or removes its whole table.
    fn header(&mut self, header: &Expression, offset: usize, error: &Error) {
        let text = self.text.text();
        let lines = self.lines(header.start, header.start);
        let part = |range: Range<usize>| text.get(range).unwrap_or_default();
        let (before, after) = (part(lines.start..offset), part(offset..lines.end).trim_start());
        if error.message().starts_with("unclosed") && (after.is_empty() || after.starts_with('#')) {
            let bracket = if error.message().contains("]]") { "]]" } else { "]" };
            self.edits.push((lines, format!("{}{bracket}\n", before.trim_end())));
        } else {
            let lines = self.up_to_next_header(header.start);
            self.remove(lines);
        }
    }

    fn report(&self, offset: usize, error: &Error, key: Option<String>, problems: &mut Vec<Problem>) {
        let (offset, problem) = match unquoted(self.text.text(), offset, error) {
            Some(found) => found,
            None => (offset, Problem::new(error.message().trim_end())),
        };
        problems.push(Problem { key, ..problem.with_origin(self.text.origin_at(offset)) });
    }

    fn remove(&mut self, lines: Range<usize>) {
        self.edits.push((lines, String::new()));
    }

    /// Returns the lines from that of `start` up to that of `end`, without the latter.
    fn lines(&self, start: usize, end: usize) -> Range<usize> {
        let text = self.text.text();
        let line_start = |offset: usize| {
            let before = &text.as_bytes()[..offset.min(text.len())];
            before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1)
        };
        let from = line_start(start);
        let line_end = text.as_bytes()[from..].iter().position(|byte| *byte == b'\n');
        let line_end = line_end.map_or(text.len(), |at| from + at + 1);
        let to = if end >= text.len() { text.len() } else { line_start(end) };
        from..to.max(line_end)
    }

    /// Shortens the lines of an expression that is not closed: it ends before the next line that
    /// looks like another expression.
    fn up_to_next_key(&self, lines: Range<usize>) -> Range<usize> {
        let mut at = lines.start;
        for line in self.text.text()[lines.clone()].split_inclusive('\n') {
            if at > lines.start && (is_header(line) || is_key(line)) {
                return lines.start..at;
            }
            at += line.len();
        }
        lines
    }

    /// Returns the lines from that of `start` up to the next header.
    fn up_to_next_header(&mut self, start: usize) -> Range<usize> {
        self.is_incomplete = true;
        let next = self.outline.expressions.iter().find(|it| it.is_header && it.start > start);
        self.lines(start, next.map_or(self.text.text().len(), |header| header.start))
    }
}

/// Returns the place and the problem of a value without quotes, or of a missing value. The parser
/// takes either for a number.
fn unquoted(text: &str, offset: usize, error: &Error) -> Option<(usize, Problem)> {
    let is_number = match error.message() {
        message if message.starts_with("string values must be quoted") => false,
        message if message.starts_with("invalid float") => true,
        _ => return None,
    };
    let line_start = text.get(..offset)?.rfind('\n').map_or(0, |at| at + 1);
    let before = text[line_start..offset].rfind(['=', '[', '{', ',']).map(|at| line_start + at + 1)?;
    let rest = text[before..].split('\n').next()?;
    let value = rest.trim_start();
    let start = before + rest.len() - value.len();
    let value = value.split([',', ']', '}', '#']).next()?.trim_end();
    if value.is_empty() {
        return Some((offset, Problem::new("the value is missing")));
    }
    let has_digits_only = value.chars().all(|c| !c.is_alphabetic() || matches!(c, 'e' | 'E'));
    if value.contains(['"', '\'']) || is_number && has_digits_only && value.matches('.').count() < 2 {
        return None;
    }
    let problem = Problem::new("the value is not in quotes, and neither a number nor a boolean");
    Some((start, problem.with_help("put a text in quotes; booleans are true and false")))
}

fn is_header(line: &str) -> bool {
    let line = line.split('#').next().unwrap_or_default().trim();
    let name = line.trim_start_matches('[').trim_end_matches(']');
    line.starts_with('[') && line.ends_with(']') && !name.is_empty() && name.chars().all(is_part_of_key)
}

fn is_key(line: &str) -> bool {
    let key = line.split_once('=').map(|(key, _)| key.trim()).unwrap_or_default();
    !key.is_empty() && key.chars().all(is_part_of_key)
}

fn is_part_of_key(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '"' | '\'')
}

/// Replaces ranges of lines. The number of lines stays the same.
fn apply(text: &str, mut edits: Vec<(Range<usize>, String)>) -> String {
    edits.sort_by_key(|(lines, _)| lines.start);
    let mut repaired = String::with_capacity(text.len());
    let mut at = 0;
    for (lines, replacement) in edits {
        let lines = lines.start.max(at)..lines.end.max(at);
        repaired.push_str(&text[at..lines.start]);
        let count = text[lines.clone()].matches('\n').count();
        repaired.push_str(&replacement);
        repaired.extend(std::iter::repeat_n('\n', count.saturating_sub(replacement.matches('\n').count())));
        at = lines.end;
    }
    repaired.push_str(&text[at..]);
    repaired
}
