//! The parts of a TOML text that may be shown.

use std::ops::Range;

use toml::de::DeTable;
use toml_parser::{
    Source, Span,
    parser::{Event, EventKind, RecursionGuard, parse_document},
};

use super::{
    shown::Shown,
    visibility::{
        Visibility, is_below_secret, is_free_name, is_plain_key, masked, shown_beginning, shown_value,
        visibility,
    },
};
use crate::{
    config::{Config, Redact, key_path::KeyPath},
    load::{outline::MAX_DEPTH, syntax::is_conflict, walk::value_type},
};

/// Returns the parts that may be shown. Of an expression with an error in its syntax, these are the
/// key and the beginning of its value, if the key is known.
pub(super) fn shown(text: &str, redact: Option<&Redact>) -> Shown {
    let tokens = Source::new(text).lex().into_vec();
    let mut events: Vec<Event> = Vec::new();
    parse_document(&tokens, &mut RecursionGuard::new(&mut events, MAX_DEPTH), &mut ());
    let (_, errors) = DeTable::parse_recoverable(text);
    let errors = errors.iter().filter(|error| !is_conflict(error));
    let mut errors: Vec<usize> = errors.map(|error| error.span().map_or(0, |span| span.start)).collect();
    errors.sort_unstable();

    let mut reader = Reader { text, redact, table: KeyPath::new(), shown: Shown::default() };
    let mut rest = events.as_slice();
    while !rest.is_empty() {
        let (expression, others) = rest.split_at(expression_length(rest));
        rest = others;
        let start = expression[0].span().start();
        let end = others.first().map_or(text.len() + 1, |next| next.span().start());
        let next_error = errors.get(errors.partition_point(|at| *at < start));
        let is_bad = next_error.is_some_and(|at| *at < end)
            || expression.iter().any(|event| event.kind() == EventKind::Error);
        if is_bad { reader.bad_expression(expression) } else { reader.expression(expression) }
    }
    reader.shown
}

/// Returns the number of events of the first expression, with the end of its line.
fn expression_length(events: &[Event]) -> usize {
    let mut depth = 0_usize;
    for (index, event) in events.iter().enumerate() {
        match event.kind() {
            EventKind::ArrayOpen | EventKind::InlineTableOpen => depth += 1,
            EventKind::ArrayClose | EventKind::InlineTableClose => depth = depth.saturating_sub(1),
            EventKind::Newline if depth == 0 => return index + 1,
            _ => {}
        }
    }
    events.len()
}

fn range(span: Span) -> Range<usize> {
    span.start()..span.end()
}

struct Reader<'t> {
    text: &'t str,
    redact: Option<&'t Redact>,
    /// The path of the current table.
    table: KeyPath,
    shown: Shown,
}

/// An array or inline table that is not closed yet.
struct Scope {
    path: KeyPath,
    start: usize,
    /// The index of the current entry of an array.
    index: Option<usize>,
}

impl Reader<'_> {
    fn written(&self, span: Span) -> &str {
        self.text.get(range(span)).unwrap_or_default()
    }

    fn segment(&self, event: &Event) -> String {
        self.written(event.span()).trim_matches(['"', '\'']).to_owned()
    }

    fn visibility(&self, path: &[String]) -> Visibility {
        visibility(without_profile(path), self.redact)
    }

    fn expression(&mut self, events: &[Event]) {
        let mut scopes: Vec<Scope> = Vec::new();
        let (mut key, mut value) = (KeyPath::new(), KeyPath::new());
        let (mut continues, mut header) = (false, None);
        for event in events {
            let span = event.span();
            match event.kind() {
                EventKind::StdTableOpen | EventKind::ArrayTableOpen => {
                    header = Some(span.start());
                    self.shown.show(range(span));
                }
                EventKind::StdTableClose | EventKind::ArrayTableClose => {
                    self.table = std::mem::take(&mut key);
                    self.shown.show(range(span));
                    self.shown.mark(header.unwrap_or(span.start())..span.end());
                }
                EventKind::SimpleKey => {
                    if !std::mem::take(&mut continues) && header.is_none() {
                        key.clear();
                    }
                    key.push(self.segment(event));
                    self.shown.mark(range(span));
                    let parent = scopes.last().map_or(&self.table, |scope| &scope.path);
                    let above = if header.is_some() { &[] } else { parent.as_slice() };
                    let path = [above, &key].concat();
                    if is_plain_key(self.written(span)) && !is_below_secret(without_profile(&path)) {
                        self.shown.show(range(span));
                    }
                }
                EventKind::KeySep => {
                    continues = true;
                    self.shown.show(range(span));
                }
                EventKind::KeyValSep => {
                    let parent = scopes.last().map_or(&self.table, |scope| &scope.path);
                    value = [parent.as_slice(), &key].concat();
                    self.shown.show(range(span));
                }
                EventKind::ArrayOpen | EventKind::InlineTableOpen => {
                    let index = (event.kind() == EventKind::ArrayOpen).then_some(0);
                    scopes.push(Scope { path: value_path(&scopes, &value), start: span.start(), index });
                    self.shown.show(range(span));
                }
                EventKind::ArrayClose | EventKind::InlineTableClose => {
                    if let Some(scope) = scopes.pop() {
                        self.shown.mark(scope.start..span.end());
                        value = scope.path;
                    }
                    self.shown.show(range(span));
                }
                EventKind::ValueSep => {
                    if let Some(Scope { index: Some(index), .. }) = scopes.last_mut() {
                        *index += 1;
                    }
                    self.shown.show(range(span));
                }
                EventKind::Scalar => {
                    self.shown.mark(range(span));
                    self.scalar(span, &value_path(&scopes, &value));
                }
                EventKind::Whitespace => self.shown.show(range(span)),
                EventKind::Comment => self.shown.replace(range(span), ""),
                EventKind::Newline | EventKind::Error => {}
            }
        }
    }

    fn scalar(&mut self, span: Span, path: &[String]) {
        let written = self.text.get(range(span)).unwrap_or_default();
        match self.visibility(path) {
            Visibility::Hidden => {}
            Visibility::Secret => self.shown.replace(range(span), masked(written)),
            Visibility::Shown => self.shown.show_value(range(span), shown_value(written)),
        }
    }

    /// Shows the key of an expression with errors and the beginning of its value.
    fn bad_expression(&mut self, events: &[Event]) {
        let end = events.last().map_or(0, |event| event.span().end());
        let mut events = events.iter().filter(|event| event.kind() != EventKind::Whitespace);
        let mut key = KeyPath::new();
        let mut keys = Vec::new();
        let mut is_header = false;
        for event in events.by_ref() {
            match event.kind() {
                EventKind::StdTableOpen | EventKind::ArrayTableOpen => {
                    is_header = true;
                    keys.push(event.span());
                }
                EventKind::SimpleKey => {
                    self.shown.mark(range(event.span()));
                    key.push(self.segment(event));
                    keys.push(event.span());
                }
                EventKind::KeySep | EventKind::KeyValSep => keys.push(event.span()),
                _ => break,
            }
            if event.kind() == EventKind::KeyValSep {
                break;
            }
        }
        let path = if is_header { key } else { [self.table.as_slice(), &key].concat() };
        if is_header {
            self.table.clone_from(&path);
        }
        if value_type::<Config>(without_profile(&path)).is_err() {
            return;
        }
        let value = events.next().filter(|_| !is_header);
        // The second line of a secret looks like a key with a free name, and may contain `=`.
        let is_quoted = value.is_some_and(|value| self.written(value.span()).starts_with(['"', '\'']));
        if is_free_name(without_profile(&path)) && !is_quoted {
            return;
        }
        for span in keys {
            self.shown.show(range(span));
        }
        let Some(value) = value else { return };
        let span = value.span();
        match value.kind() {
            EventKind::ArrayOpen | EventKind::InlineTableOpen => {
                self.shown.show(range(span));
            }
            EventKind::Scalar if self.visibility(&path) == Visibility::Shown => {
                self.shown.mark(range(span));
                // A misplaced quote may end a URL before its credentials do.
                if !self.text[span.start()..end].contains('@') {
                    let length = shown_beginning(self.written(span)).len();
                    self.shown.show(span.start()..span.start() + length);
                }
            }
            _ => {}
        }
    }
}

/// Returns the path of the current value: an entry of an array, or the value of the last key.
fn value_path(scopes: &[Scope], value: &[String]) -> KeyPath {
    match scopes.last() {
        Some(Scope { path, index: Some(index), .. }) => [path.as_slice(), &[index.to_string()]].concat(),
        _ => value.to_vec(),
    }
}

/// Returns the path of a key without that of its profile.
fn without_profile(path: &[String]) -> &[String] {
    match path {
        [profiles, _, rest @ ..] if profiles == "profiles" => rest,
        _ => path,
    }
}
