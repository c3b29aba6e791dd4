//! The parts of a YAML text that may be shown.

use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput};

use super::{
    node_type::{Kind, NodeType},
    table::CONFIGURATION,
};
use crate::load::excerpt::{
    shown::Shown,
    visibility::{is_plain_key, masked, shown_value},
};

/// Returns the parts that may be shown. Behind an error in the syntax, there are none.
pub(crate) fn shown(text: &str) -> Shown {
    let offsets: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let mut reader = Reader { text, done: 0, stack: Vec::new(), is_name: false, shown: Shown::default() };
    for event in Parser::new(StrInput::new(text)) {
        let Ok((event, span)) = event else { break };
        let offset = |index: usize| offsets.get(index).copied().unwrap_or(text.len());
        let Span { start, end } = span;
        reader.event(&event, offset(start.index())..offset(end.index()));
    }
    reader.shown
}

/// The type of a value.
#[derive(Clone, Copy)]
enum Expected {
    Kind(&'static Kind),
    Mapping(&'static NodeType),
    Secret,
    /// A value that the schema does not describe.
    Unknown,
}

/// A collection that is not closed yet.
enum Open {
    Sequence(Expected),
    /// The type of the value that is next, behind its key.
    Mapping(Expected, Option<Expected>),
}

struct Reader<'t> {
    text: &'t str,
    /// The end of what was read.
    done: usize,
    stack: Vec<Open>,
    /// The last key is `name`: the next value is the name of a header or an attribute.
    is_name: bool,
    shown: Shown,
}

impl Reader<'_> {
    fn event(&mut self, event: &Event<'_>, range: Range<usize>) {
        match event {
            Event::Scalar(_, style, ..) => {
                self.gap(range.start);
                self.done = self.done.max(range.end);
                self.scalar(*style, range);
            }
            Event::SequenceStart(..) => {
                let items = match self.next() {
                    Expected::Kind(Kind::List(of, _)) => Expected::Kind(of),
                    Expected::Secret => Expected::Secret,
                    _ => Expected::Unknown,
                };
                self.gap(range.start);
                self.stack.push(Open::Sequence(items));
            }
            Event::MappingStart(..) => {
                let of = match self.next() {
                    Expected::Kind(Kind::Mapping(of)) => Expected::Mapping(of),
                    other => other,
                };
                self.gap(range.start);
                self.stack.push(Open::Mapping(of, None));
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.gap(range.start);
                self.stack.pop();
            }
            Event::Alias(_) => {
                self.next();
                self.gap(range.start);
                self.done = self.done.max(range.end);
            }
            _ => {}
        }
    }

    /// Returns the type of the value that begins.
    fn next(&mut self) -> Expected {
        match self.stack.last_mut() {
            None => Expected::Mapping(&CONFIGURATION),
            Some(Open::Sequence(of)) => *of,
            Some(Open::Mapping(_, next @ Some(_))) => next.take().unwrap_or(Expected::Unknown),
            // A key that is no scalar. Its value follows.
            Some(Open::Mapping(_, next @ None)) => {
                *next = Some(Expected::Unknown);
                Expected::Unknown
            }
        }
    }

    fn scalar(&mut self, style: ScalarStyle, range: Range<usize>) {
        let written = self.text[range.clone()].trim_end();
        let range = range.start..range.start + written.len();
        if let Some(Open::Mapping(of, next @ None)) = self.stack.last_mut() {
            let key = written.trim_matches(['"', '\'']);
            let row = if let Expected::Mapping(of) = of { of.row(key) } else { None };
            self.is_name = key == "name";
            *next = Some(match (row, &of) {
                (Some(row), _) if row.is_secret => Expected::Secret,
                (Some(row), _) => Expected::Kind(&row.kind),
                (None, Expected::Secret) => Expected::Secret,
                (None, Expected::Kind(kind @ Kind::Distribution)) => Expected::Kind(kind),
                (None, _) => Expected::Unknown,
            });
            // The keys of other values may be a part of a secret.
            let is_known = matches!(of, Expected::Mapping(_) | Expected::Kind(Kind::Distribution));
            if is_known && is_plain_key(written) {
                self.shown.show(range.clone());
            }
            return self.shown.mark(range);
        }
        let expected = self.next();
        if range.is_empty() {
            return;
        }
        self.shown.mark(range.clone());
        // A name that is not valid may be a secret.
        if self.is_name && !is_plain_key(written) {
            return;
        }
        let is_on_one_line = !matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        match expected {
            Expected::Secret => self.shown.replace(range, masked(written)),
            Expected::Kind(
                Kind::Boolean
                | Kind::Text
                | Kind::Integer(_)
                | Kind::Range(..)
                | Kind::Number
                | Kind::Ratio
                | Kind::Word(_),
            ) if is_on_one_line => self.shown.show_value(range, shown_value(written)),
            _ => {}
        }
    }

    /// Shows the punctuation up to `end`.
    fn gap(&mut self, end: usize) {
        let start = self.done;
        self.done = start.max(end);
        let Some(gap) = self.text.get(start..end) else { return };
        let mut at = start;
        for line in gap.split_inclusive('\n') {
            let is_comment = |at: usize| line[..at].chars().next_back().is_none_or(char::is_whitespace);
            let comment = line.match_indices('#').map(|(at, _)| at).find(|at| is_comment(*at));
            let code = &line[..comment.unwrap_or(line.len())];
            for (index, c) in code.char_indices() {
                if c.is_whitespace() || "-:[]{},?".contains(c) {
                    self.shown.show(at + index..at + index + c.len_utf8());
                }
            }
            if comment.is_some() {
                self.shown.replace(at + code.len()..at + line.trim_end().len(), "");
            }
            at += line.len();
        }
    }
}
