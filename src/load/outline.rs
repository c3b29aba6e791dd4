//! The outline of a TOML text, which may contain syntax errors: its expressions and all its keys.

use toml_parser::{
    ErrorSink, Source, Span,
    decoder::Encoding,
    parser::{EventReceiver, RecursionGuard, parse_document},
};

use crate::config::key_path::KeyPath;

/// The depth of values that the TOML parser accepts.
pub(super) const MAX_DEPTH: u32 = 80;

/// The expressions and keys of a text, in their order.
#[derive(Default)]
pub(super) struct Outline {
    pub(super) expressions: Vec<Expression>,
    /// Each segment of each key: its offset, and the path that it completes.
    pub(super) keys: Vec<(usize, KeyPath)>,
}

/// The header of a table, or a key with its value.
pub(super) struct Expression {
    /// The offset of its first byte.
    pub(super) start: usize,
    pub(super) is_header: bool,
    /// The path of the table or key; empty if it is not complete.
    pub(super) path: KeyPath,
    /// The offset of the last segment of its key.
    pub(super) key: usize,
    /// The offset of the first bracket of the value that is not closed.
    pub(super) unclosed: Option<usize>,
}

impl Outline {
    pub(super) fn new(text: &str) -> Self {
        let source = Source::new(text);
        let tokens = source.lex().into_vec();
        let mut reader = Reader { text, ..Reader::default() };
        let mut guard = RecursionGuard::new(&mut reader, MAX_DEPTH);
        parse_document(&tokens, &mut guard, &mut ());
        reader.outline
    }

    /// Returns the index of the expression that contains the byte at `offset`.
    pub(super) fn expression_at(&self, offset: usize) -> Option<usize> {
        self.expressions.partition_point(|expression| expression.start <= offset).checked_sub(1)
    }

    /// Returns the path of the key whose segment starts at `offset`.
    pub(super) fn key_at(&self, offset: usize) -> Option<&KeyPath> {
        let index = self.keys.binary_search_by_key(&offset, |(start, _)| *start).ok()?;
        Some(&self.keys[index].1)
    }
}

#[derive(Default)]
struct Reader<'t> {
    text: &'t str,
    outline: Outline,
    /// The path of the current table.
    table: KeyPath,
    is_in_header: bool,
    /// The segments of the current key.
    key: KeyPath,
    /// The current key continues after a dot.
    continues: bool,
    /// The path of the current value.
    value: KeyPath,
    scopes: Vec<Scope>,
}

/// An array or inline table that is not closed yet.
struct Scope {
    path: KeyPath,
    start: usize,
    /// The index of the current entry of an array.
    index: Option<usize>,
}

impl Reader<'_> {
    fn open_table(&mut self, span: Span) {
        self.scopes.clear();
        self.key.clear();
        self.continues = false;
        self.is_in_header = true;
        self.add_expression(span.start(), true);
    }

    fn close_table(&mut self) {
        if std::mem::take(&mut self.is_in_header) {
            self.table = std::mem::take(&mut self.key);
            if let Some(header) = self.outline.expressions.last_mut() {
                header.path.clone_from(&self.table);
                header.key = self.outline.keys.last().map_or(header.start, |(offset, _)| *offset);
            }
        }
    }

    fn add_expression(&mut self, start: usize, is_header: bool) {
        self.outline.expressions.push(Expression {
            start,
            is_header,
            path: KeyPath::new(),
            key: start,
            unclosed: None,
        });
    }

    /// Returns the path of the table that contains the current key.
    fn parent(&self) -> &[String] {
        match self.scopes.last() {
            _ if self.is_in_header => &[],
            Some(scope) => &scope.path,
            None => &self.table,
        }
    }

    fn open(&mut self, span: Span, index: Option<usize>) {
        let path = match self.scopes.last() {
            Some(Scope { path, index: Some(index), .. }) => [path.as_slice(), &[index.to_string()]].concat(),
            _ => self.value.clone(),
        };
        self.scopes.push(Scope { path, start: span.start(), index });
    }

    fn close(&mut self, span: Span, is_array: bool) {
        // The parser also closes brackets that it does not open, after errors.
        let is_match = |scope: &mut Scope| scope.index.is_some() == is_array;
        let Some(scope) = self.scopes.pop_if(is_match) else { return };
        // The parser adds a missing bracket, which is empty.
        if let Some(expression) = self.outline.expressions.last_mut().filter(|_| span.is_empty()) {
            expression.unclosed = Some(scope.start);
        }
    }
}

impl EventReceiver for Reader<'_> {
    fn std_table_open(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.open_table(span);
    }

    fn std_table_close(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.close_table();
    }

    fn array_table_open(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.open_table(span);
    }

    fn array_table_close(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.close_table();
    }

    fn inline_table_open(&mut self, span: Span, _: &mut dyn ErrorSink) -> bool {
        self.open(span, None);
        true
    }

    fn inline_table_close(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.close(span, false);
    }

    fn array_open(&mut self, span: Span, _: &mut dyn ErrorSink) -> bool {
        self.open(span, Some(0));
        true
    }

    fn array_close(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.close(span, true);
    }

    fn simple_key(&mut self, span: Span, encoding: Option<Encoding>, _: &mut dyn ErrorSink) {
        if !std::mem::take(&mut self.continues) && !self.is_in_header {
            self.key.clear();
            if self.scopes.is_empty() {
                self.add_expression(span.start(), false);
            }
        }
        let key = self.text.get(span.start()..span.end()).unwrap_or_default();
        let key = if encoding.is_some() { key.trim_matches(['"', '\'']) } else { key };
        self.key.push(key.to_owned());
        let path = [self.parent(), &self.key].concat();
        self.outline.keys.push((span.start(), path));
    }

    fn key_sep(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.continues = true;
    }

    fn key_val_sep(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.value = [self.parent(), &self.key].concat();
        if let Some(expression) = self.outline.expressions.last_mut().filter(|_| self.scopes.is_empty()) {
            expression.path.clone_from(&self.value);
        }
    }

    fn value_sep(&mut self, _: Span, _: &mut dyn ErrorSink) {
        if let Some(Scope { index: Some(index), .. }) = self.scopes.last_mut() {
            *index += 1;
        }
    }

    fn newline(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.close_table();
    }
}
