//! Checks a tree against the types of the schema.
//!
//! A value with a problem is marked as refused, so that nothing reads it later.

use super::{
    extensions::added,
    fault::Fault,
    node::{Content, Entry, Node},
    node_type::{Class, Keys, Kind, NodeType, Row},
    scalar,
};
use crate::{
    config::{Registered, value::ParseError},
    text::{nearest, use_one_of},
};

/// The suffix of nodes that are not stable.
const DEVELOPMENT: &str = "/development";

/// The results of a check.
pub(super) struct Findings<'r> {
    registered: &'r Registered,
    pub(super) faults: Vec<Fault>,
    pub(super) warnings: Vec<Fault>,
}

impl<'r> Findings<'r> {
    pub(super) fn new(registered: &'r Registered) -> Self {
        Self { registered, faults: Vec::new(), warnings: Vec::new() }
    }

    /// Checks a mapping of this type.
    pub(super) fn mapping(&mut self, node: &mut Node, of: &NodeType) {
        let Content::Mapping(entries) = &mut node.content else { return };
        let added = added(self.registered, of);
        for entry in entries.iter_mut() {
            match of.row(&entry.key) {
                Some(row) => self.entry(entry, row, of),
                None if added.contains(&entry.key.as_str()) => self.added(entry),
                None => {
                    let error = unknown(&entry.key, of, &added);
                    let mut fault = Fault::at_key(&entry.value, error);
                    if of.keys == Keys::Open {
                        fault.error =
                            ParseError { message: "unknown key, not read".to_owned(), ..fault.error };
                        self.warnings.push(fault);
                    } else {
                        self.faults.push(fault);
                    }
                    entry.value.content = Content::Refused;
                }
            }
        }
        let has = |key: &str| entries.iter().any(|entry| entry.key == key);
        let missing = of.rows.iter().filter(|row| row.is_required && !has(row.key));
        let missing: Vec<_> = missing.map(|row| format!("requires `{}`", row.key)).collect();
        let count = entries.len();
        if let Keys::One(what) = of.keys
            && count != 1
        {
            let known: Vec<_> = of.rows.iter().map(|row| row.key).collect();
            let error = ParseError::of_key(format!("requires exactly one {what}, found {count}"));
            self.faults
                .push(Fault::at_key(node, error.with_help(format!("write one of {}", known.join(", ")))));
            node.content = Content::Refused;
        }
        for message in missing {
            self.faults.push(Fault::at_key(node, ParseError::of_key(message)));
        }
    }

    /// Checks a part that the program adds, which is complete.
    fn added(&mut self, Entry { value, .. }: &mut Entry) {
        let is_empty = match &value.content {
            Content::Null | Content::Refused => true,
            Content::Mapping(entries) => entries.is_empty(),
            _ => false,
        };
        if !is_empty {
            let error = ParseError::of_key("has no arguments: the program adds this part");
            self.faults.push(Fault::at_key(value, error.with_help("remove them")));
            value.content = Content::Refused;
        }
    }

    fn entry(&mut self, entry: &mut Entry, row: &Row, of: &NodeType) {
        let value = &mut entry.value;
        if let Class::Refused(why) = row.class
            && (!value.is_null() || of.keys != Keys::Fixed)
        {
            let error = ParseError::of_key(format!("is not supported: {why}")).with_help("remove it");
            self.faults.push(Fault::at_key(value, error));
            value.content = Content::Refused;
            return;
        }
        match value.content {
            Content::Refused => {}
            Content::Null if row.allows_null() => {}
            Content::Null => {
                self.faults.push(Fault::at_key(value, ParseError::of_key("has no value")));
                value.content = Content::Refused;
            }
            _ => self.value(value, &row.kind),
        }
    }

    /// Checks a value that is not null.
    fn value(&mut self, node: &mut Node, kind: &Kind) {
        let error = match (kind, &mut node.content) {
            (Kind::Mapping(of), Content::Mapping(_)) => return self.mapping(node, of),
            (Kind::List(of, least), Content::Sequence(items)) => {
                if items.len() < *least {
                    Some(ParseError::new("the list is empty"))
                } else {
                    for item in items {
                        match item.content {
                            Content::Refused => {}
                            Content::Null => {
                                self.faults.push(Fault::at(item, ParseError::new("has no value")));
                                item.content = Content::Refused;
                            }
                            _ => self.value(item, of),
                        }
                    }
                    return;
                }
            }
            (Kind::Distribution, Content::Mapping(entries)) => {
                let is_empty = entries.is_empty();
                for Entry { value, .. } in entries {
                    if !matches!(value.content, Content::Mapping(_) | Content::Refused) {
                        self.faults.push(Fault::at(value, wrong_type(value, "a mapping")));
                        value.content = Content::Refused;
                    }
                }
                is_empty.then(|| ParseError::new("the mapping is empty"))
            }
            (Kind::Unread, Content::Mapping(_))
            | (Kind::Boolean, Content::Boolean(_))
            | (Kind::Text, Content::Text(_))
            | (Kind::Number, Content::Integer(_) | Content::Float(_))
            // The type of the attribute is known later.
            | (Kind::AnyValue, _) => None,
            (Kind::Integer(least), Content::Integer(_) | Content::Float(_)) => integer(node, *least, i64::MAX),
            (Kind::Range(least, most), Content::Integer(_) | Content::Float(_)) => integer(node, *least, *most),
            (Kind::Ratio, Content::Integer(_) | Content::Float(_)) => {
                let ratio = node.number().unwrap_or(f64::NAN);
                (!(0.0..=1.0).contains(&ratio)).then(|| ParseError::new("is not between 0 and 1"))
            }
            (Kind::Word(words), Content::Text(text)) => {
                (!words.contains(&text.as_str())).then(|| not_a_word(text, words))
            }
            _ => Some(wrong_type(node, expected(kind))),
        };
        if let Some(error) = error {
            self.faults.push(Fault::at(node, error));
            node.content = Content::Refused;
        }
    }
}

fn integer(node: &Node, least: i64, most: i64) -> Option<ParseError> {
    match node.integer() {
        Some(value) if (least..=most).contains(&value) => None,
        Some(_) if most == i64::MAX => Some(ParseError::new(format!("is less than {least}"))),
        Some(_) => Some(ParseError::new(format!("is not between {least} and {most}"))),
        None if node.number().is_some_and(|number| number.fract() == 0.0) => {
            Some(ParseError::new("is too large"))
        }
        None => Some(ParseError::new("is not a whole number")),
    }
}

fn not_a_word(text: &str, words: &[&str]) -> ParseError {
    let error = ParseError::not_one_of(text, words);
    let other = match text.strip_suffix(DEVELOPMENT) {
        Some(stable) => stable.to_owned(),
        None => format!("{text}{DEVELOPMENT}"),
    };
    if words.contains(&other.as_str()) { error.with_help(format!("write `{other}`")) } else { error }
}

fn expected(kind: &Kind) -> &'static str {
    match kind {
        Kind::Boolean => "a boolean",
        Kind::Text | Kind::Word(_) => "a string",
        Kind::Integer(_) | Kind::Range(..) | Kind::Number | Kind::Ratio => "a number",
        Kind::Mapping(_) | Kind::Unread | Kind::Distribution => "a mapping",
        Kind::List(..) => "a list",
        Kind::AnyValue => "a value",
    }
}

/// Describes a value of another type. It never shows the value, which may be a secret.
pub(super) fn wrong_type(node: &Node, expected: &str) -> ParseError {
    let error = ParseError::new(format!("{}, not {expected}", node.type_name()));
    let reference = node.variables.first();
    match (&node.content, expected) {
        (Content::Text(text), "a number" | "a boolean") => {
            let is_quoted = !matches!(scalar::plain(text), Content::Text(_) | Content::Null);
            let is_duration =
                text.starts_with(|c: char| c.is_ascii_digit()) && text.ends_with(['s', 'm', 'h']);
            match expected {
                _ if is_quoted => error.with_help("remove the quotes"),
                "a boolean" => error.with_help("write `true` or `false`"),
                _ if is_duration => error.with_help("write a number of milliseconds, without a unit"),
                _ => error,
            }
        }
        (Content::Integer(_) | Content::Float(_) | Content::Boolean(_), "a string") => {
            error.with_help(match reference {
                Some(name) => format!("put it in quotes: \"${{{name}}}\""),
                None => "put it in quotes".to_owned(),
            })
        }
        (_, "a list") => error.with_help("begin each entry with `- `"),
        _ => error,
    }
}

/// Returns the problem of a key that is not one of the type.
fn unknown(key: &str, of: &NodeType, added: &[&str]) -> ParseError {
    let known: Vec<_> = of.rows.iter().map(|row| row.key).chain(added.iter().copied()).collect();
    let message = match of.keys {
        Keys::One(what) => format!("there is no {what} `{key}`"),
        Keys::Fixed | Keys::Open => ParseError::UNKNOWN_KEY.to_owned(),
    };
    let bare = key.strip_suffix(DEVELOPMENT).unwrap_or(key);
    let other = known.iter().find(|known| known.strip_suffix(DEVELOPMENT).unwrap_or(known) == bare);
    let error = ParseError::of_key(message);
    match (other, nearest(key, known.iter().copied())) {
        _ if key == "zipkin" => error.with_help("the Zipkin exporter is deprecated, use `otlp_http`"),
        (Some(other), _) => error.with_help(format!("write `{other}`")),
        (None, Some(near)) => error.with_help(format!("did you mean `{near}`?")),
        (None, None) if known.is_empty() => error.with_help("it has no keys"),
        (None, None) => error.with_help(use_one_of(&known)),
    }
}
