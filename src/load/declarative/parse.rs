//! Parses a YAML text to a tree, and substitutes the references in its scalars.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span, StrInput, Tag};

use super::{
    fault::Fault,
    node::{Content, Entry, Node, Place},
    scalar::{self, Tagged},
    variables::Variables,
};
use crate::config::value::ParseError;

/// The maximum number of nodes, after aliases are replaced by their anchors.
const MAX_NODES: usize = 10_000;

/// The maximum number of levels.
const MAX_DEPTH: usize = 64;

/// The maximum length of all texts after substitution and of all paths, in bytes.
const MAX_BYTES: usize = 16 * 1024 * 1024;

const START: Place = Place { line: 1, column: 1 };

/// Parses a text of one document. Problems of single scalars are added to `faults`; another problem
/// ends the parsing.
pub(super) fn parse(text: &str, variables: &Variables<'_>, faults: &mut Vec<Fault>) -> Result<Node, Fault> {
    let mut builder = Builder {
        variables,
        faults,
        stack: Vec::new(),
        anchors: HashMap::new(),
        root: None,
        nodes: 0,
        bytes: 0,
    };
    for event in Parser::new(StrInput::new(text)) {
        let (event, span) = event.map_err(|error| {
            builder.fatal(place(*error.marker()), format!("invalid YAML: {}", error.info()))
        })?;
        builder.event(event, span)?;
    }
    let Builder { root, bytes, .. } = builder;
    let mut root = root.unwrap_or(node(START, START, Content::Null));
    root.key_place = START;
    if path_bytes(&root, 0).is_none_or(|paths| bytes + paths > MAX_BYTES) {
        return Err(Fault { place: START, path: String::new(), error: too_large() });
    }
    root.name(String::new());
    Ok(root)
}

fn too_large() -> ParseError {
    ParseError::new(format!("the values need more than {} MiB", MAX_BYTES / (1024 * 1024)))
}

/// Returns the length of all paths, if it is within the limit.
fn path_bytes(node: &Node, above: usize) -> Option<usize> {
    let below = match &node.content {
        Content::Sequence(items) => {
            items.iter().try_fold(0_usize, |sum, item| sum.checked_add(path_bytes(item, above + 7)?))?
        }
        Content::Mapping(entries) => entries.iter().try_fold(0_usize, |sum, entry| {
            sum.checked_add(path_bytes(&entry.value, above + entry.key.len() + 1)?)
        })?,
        _ => 0,
    };
    Some(above + below).filter(|bytes| *bytes <= MAX_BYTES)
}

fn place(marker: Marker) -> Place {
    let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Place { line: narrow(marker.line()).max(1), column: narrow(marker.col().saturating_add(1)) }
}

fn node(place: Place, key_place: Place, content: Content) -> Node {
    Node { place, key_place, path: String::new(), content, variables: Vec::new() }
}

/// A collection that is not complete.
struct Open {
    place: Place,
    anchor: usize,
    parts: Parts,
}

enum Parts {
    Sequence(Vec<Node>),
    /// The entries, and the key whose value is next.
    Mapping(Vec<Entry>, Option<(String, Place)>),
}

struct Builder<'a> {
    variables: &'a Variables<'a>,
    faults: &'a mut Vec<Fault>,
    stack: Vec<Open>,
    anchors: HashMap<usize, Node>,
    root: Option<Node>,
    nodes: usize,
    bytes: usize,
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Fault> {
        let start = place(span.start);
        match event {
            Event::DocumentStart(_) if self.root.is_some() => {
                Err(self.fatal(start, "a second document, where one is allowed"))
            }
            Event::Scalar(text, style, anchor, tag) => {
                let style = (style == ScalarStyle::Plain, span.is_empty());
                self.scalar(&text, style, anchor, tag.as_deref(), start)
            }
            Event::SequenceStart(anchor, tag) => {
                self.open(start, anchor, Parts::Sequence(Vec::new()), tag.as_deref(), "seq")
            }
            Event::MappingStart(anchor, tag) => {
                self.open(start, anchor, Parts::Mapping(Vec::new(), None), tag.as_deref(), "map")
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => self.alias(anchor, start),
            _ => Ok(()),
        }
    }

    /// Returns whether the next node is a key.
    fn expects_key(&self) -> bool {
        matches!(self.stack.last(), Some(Open { parts: Parts::Mapping(_, None), .. }))
    }

    fn scalar(
        &mut self,
        text: &str,
        (is_plain, is_empty): (bool, bool),
        anchor: usize,
        tag: Option<&Tag>,
        start: Place,
    ) -> Result<(), Fault> {
        if self.expects_key() {
            return self.key(text, is_plain, start);
        }
        let (content, variables) = match self.content(text, is_plain, tag) {
            Ok(content) => content,
            Err(error) => {
                self.faults.push(Fault { place: start, path: self.path(), error });
                (Content::Refused, Vec::new())
            }
        };
        if let Content::Text(text) = &content {
            self.bytes += text.len();
        }
        // The place of nothing would be that of what follows.
        let place = match self.stack.last() {
            Some(Open { parts: Parts::Mapping(_, Some((_, place))), .. }) if is_empty && text.is_empty() => {
                *place
            }
            _ => start,
        };
        self.add(anchor, Node { variables, ..node(place, place, content) })
    }

    fn content(
        &self,
        text: &str,
        is_plain: bool,
        tag: Option<&Tag>,
    ) -> Result<(Content, Vec<String>), ParseError> {
        let (text, names) = self.variables.substitute(text)?;
        let content = match tag {
            None if is_plain => scalar::plain(&text),
            None => Content::Text(text.into_owned()),
            // A tag without a name makes a text of any scalar.
            Some(tag) if tag.suffix == "!" || (tag.handle == "!" && tag.suffix.is_empty()) => {
                Content::Text(text.into_owned())
            }
            Some(tag) => {
                let wanted = scalar_tag(tag).ok_or_else(|| unknown_tag(tag))?;
                scalar::tagged(wanted, &text)
                    .ok_or_else(|| ParseError::new(format!("does not fit the tag `!!{}`", tag.suffix)))?
            }
        };
        Ok((content, names))
    }

    fn key(&mut self, text: &str, is_plain: bool, start: Place) -> Result<(), Fault> {
        if is_plain && text == "<<" {
            let error = ParseError::new("`<<` does not merge mappings in YAML 1.2");
            return Err(self.fatal_with(
                start,
                error.with_help("write the keys, or use an alias for the whole mapping"),
            ));
        }
        if is_plain && !matches!(scalar::plain(text), Content::Text(_)) {
            let error = ParseError::new("a key that is not a string");
            return Err(self.fatal_with(start, error.with_help("put the key in quotes")));
        }
        if let Some(Open { parts: Parts::Mapping(_, key), .. }) = self.stack.last_mut() {
            *key = Some((text.to_owned(), start));
        }
        Ok(())
    }

    fn open(
        &mut self,
        place: Place,
        anchor: usize,
        parts: Parts,
        tag: Option<&Tag>,
        suffix: &str,
    ) -> Result<(), Fault> {
        if self.expects_key() {
            return Err(self.fatal(place, "a key that is not a string"));
        }
        if self.stack.len() >= MAX_DEPTH {
            return Err(self.fatal(place, format!("more than {MAX_DEPTH} levels")));
        }
        if let Some(tag) = tag.filter(|tag| !(tag.is_yaml_core_schema() && tag.suffix == suffix)) {
            return Err(self.fatal_with(place, unknown_tag(tag)));
        }
        self.stack.push(Open { place, anchor, parts });
        Ok(())
    }

    fn close(&mut self) -> Result<(), Fault> {
        let Some(Open { place, anchor, parts }) = self.stack.pop() else { return Ok(()) };
        let content = match parts {
            Parts::Sequence(items) => Content::Sequence(items),
            Parts::Mapping(entries, _) => Content::Mapping(entries),
        };
        self.add(anchor, node(place, place, content))
    }

    fn alias(&mut self, anchor: usize, place: Place) -> Result<(), Fault> {
        if self.expects_key() {
            return Err(self.fatal(place, "an alias as a key"));
        }
        let Some(node) = self.anchors.get(&anchor) else {
            return Err(self.fatal(place, "an alias inside of its own anchor"));
        };
        let (nodes, depth) = (node.count(), node.depth());
        if self.stack.len() + depth > MAX_DEPTH {
            return Err(self.fatal(place, format!("more than {MAX_DEPTH} levels")));
        }
        // The limit is checked before the copy is made.
        if self.nodes + nodes > MAX_NODES {
            return Err(self.fatal(place, too_many_nodes()));
        }
        let bytes = text_bytes(node);
        if self.bytes + bytes > MAX_BYTES {
            return Err(self.fatal_with(place, too_large()));
        }
        let node = node.clone();
        self.nodes += nodes - 1;
        self.bytes += bytes;
        self.add(0, node)
    }

    /// Adds a complete node to the collection that contains it.
    fn add(&mut self, anchor: usize, mut node: Node) -> Result<(), Fault> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(self.fatal(node.place, too_many_nodes()));
        }
        if self.bytes > MAX_BYTES {
            return Err(self.fatal_with(node.place, too_large()));
        }
        if anchor != 0 {
            let bytes = text_bytes(&node);
            self.bytes += bytes;
            self.nodes += node.count();
            self.anchors.insert(anchor, node.clone());
        }
        let path = self.path();
        match self.stack.last_mut().map(|open| &mut open.parts) {
            None => self.root = Some(node),
            Some(Parts::Sequence(items)) => items.push(node),
            Some(Parts::Mapping(entries, key)) => {
                let Some((key, place)) = key.take() else { return Ok(()) };
                node.key_place = place;
                if let Some(first) = entries.iter().find(|entry| entry.key == key) {
                    let Place { line, column } = first.place;
                    let message = format!("a duplicate key, first set in line {line}, column {column}");
                    self.faults.push(Fault { place, path, error: ParseError::of_key(message) });
                } else {
                    entries.push(Entry { key, place, value: node });
                }
            }
        }
        Ok(())
    }

    /// Returns the path of the next node.
    fn path(&self) -> String {
        let mut path = String::new();
        for open in &self.stack {
            match &open.parts {
                Parts::Sequence(items) => path.extend(["[", &items.len().to_string(), "]"]),
                Parts::Mapping(_, Some((key, _))) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(key);
                }
                Parts::Mapping(_, None) => {}
            }
        }
        path
    }

    fn fatal(&self, place: Place, message: impl Into<String>) -> Fault {
        self.fatal_with(place, ParseError::new(message))
    }

    fn fatal_with(&self, place: Place, error: ParseError) -> Fault {
        Fault { place, path: self.path(), error }
    }
}

fn too_many_nodes() -> String {
    format!("more than {MAX_NODES} values, with aliases replaced by their anchors")
}

/// Returns the length of all texts in a node.
fn text_bytes(node: &Node) -> usize {
    match &node.content {
        Content::Text(text) => text.len(),
        Content::Sequence(items) => items.iter().map(text_bytes).sum(),
        Content::Mapping(entries) => {
            entries.iter().map(|entry| entry.key.len() + text_bytes(&entry.value)).sum()
        }
        _ => 0,
    }
}

fn scalar_tag(tag: &Tag) -> Option<Tagged> {
    if !tag.is_yaml_core_schema() {
        return None;
    }
    match tag.suffix.as_str() {
        "null" => Some(Tagged::Null),
        "bool" => Some(Tagged::Boolean),
        "int" => Some(Tagged::Integer),
        "float" => Some(Tagged::Float),
        "str" => Some(Tagged::Text),
        _ => None,
    }
}

fn unknown_tag(tag: &Tag) -> ParseError {
    let name = if tag.is_yaml_core_schema() { format!("!!{}", tag.suffix) } else { tag.to_string() };
    ParseError::new(format!("the tag `{name}` has no meaning here")).with_help("remove the tag")
}
