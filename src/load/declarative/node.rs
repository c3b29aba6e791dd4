//! A YAML text as a tree. Each part has its place and its path.

/// A position in the text, both numbers from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) line: u32,
    pub(super) column: u32,
}

/// A value with its place.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// The place of the value; of the key if the value is empty.
    pub(super) place: Place,
    /// The place of the key, or of the value of an entry of a list.
    pub(super) key_place: Place,
    /// The path from the root, such as `tracer_provider.processors[0].batch`.
    pub(super) path: String,
    pub(super) content: Content,
    /// The variables that the value refers to.
    pub(super) variables: Vec<String>,
}

/// The content of a node, after substitution.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content {
    Null,
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    Sequence(Vec<Node>),
    Mapping(Vec<Entry>),
    /// A value with a problem that is already reported.
    Refused,
}

/// An entry of a mapping.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) place: Place,
    pub(super) value: Node,
}

/// Compares contents only.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.content == other.content
    }
}

/// Compares keys and contents only.
impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        (&self.key, &self.value) == (&other.key, &other.value)
    }
}

impl Node {
    pub(super) fn is_null(&self) -> bool {
        self.content == Content::Null
    }

    /// Returns the entries of a mapping; none for other nodes.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.content {
            Content::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// Returns the items of a list; none for other nodes.
    pub(super) fn items(&self) -> &[Self] {
        match &self.content {
            Content::Sequence(items) => items,
            _ => &[],
        }
    }

    /// Returns the value at `key`, even if it is null. A refused value counts as absent.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        let entry = self.entries().iter().find(|entry| entry.key == key)?;
        (entry.value.content != Content::Refused).then_some(&entry.value)
    }

    /// Returns the value at `key` unless it is null.
    pub(super) fn some(&self, key: &str) -> Option<&Self> {
        self.get(key).filter(|node| !node.is_null())
    }

    /// Returns the only entry of a mapping that selects one of several types.
    pub(super) fn choice(&self) -> Option<(&str, &Self)> {
        match self.entries() {
            [entry] if entry.value.content != Content::Refused => Some((&entry.key, &entry.value)),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn boolean(&self) -> Option<bool> {
        match self.content {
            Content::Boolean(value) => Some(value),
            _ => None,
        }
    }

    /// Returns a whole number, also if it is written as `5.0`.
    pub(super) fn integer(&self) -> Option<i64> {
        match self.content {
            Content::Integer(value) => Some(value),
            // The bounds are exact, and the comparison excludes fractions.
            #[expect(clippy::cast_possible_truncation, reason = "within the bounds")]
            Content::Float(value) if value.fract() == 0.0 && value.abs() < 9.0e15 => Some(value as i64),
            _ => None,
        }
    }

    pub(super) fn number(&self) -> Option<f64> {
        match self.content {
            #[expect(clippy::cast_precision_loss, reason = "JSON has no other numbers")]
            Content::Integer(value) => Some(value as f64),
            Content::Float(value) => Some(value),
            _ => None,
        }
    }

    /// Describes the type of the value.
    pub(super) fn type_name(&self) -> &'static str {
        match self.content {
            Content::Null | Content::Refused => "no value",
            Content::Boolean(_) => "a boolean",
            Content::Integer(_) | Content::Float(_) => "a number",
            Content::Text(_) => "a string",
            Content::Sequence(_) => "a list",
            Content::Mapping(_) => "a mapping",
        }
    }

    /// Returns the number of nodes, including this one.
    pub(super) fn count(&self) -> usize {
        let below: usize = match &self.content {
            Content::Sequence(items) => items.iter().map(Self::count).sum(),
            Content::Mapping(entries) => entries.iter().map(|entry| entry.value.count()).sum(),
            _ => 0,
        };
        1 + below
    }

    /// Returns the number of levels below this node.
    pub(super) fn depth(&self) -> usize {
        match &self.content {
            Content::Sequence(items) => 1 + items.iter().map(Self::depth).max().unwrap_or_default(),
            Content::Mapping(entries) => {
                1 + entries.iter().map(|entry| entry.value.depth()).max().unwrap_or_default()
            }
            _ => 0,
        }
    }

    /// Sets the path of this node and of all below it.
    pub(super) fn name(&mut self, path: String) {
        match &mut self.content {
            Content::Sequence(items) => {
                items.iter_mut().enumerate().for_each(|(index, item)| item.name(format!("{path}[{index}]")));
            }
            Content::Mapping(entries) => {
                for entry in entries {
                    let below =
                        if path.is_empty() { entry.key.clone() } else { format!("{path}.{}", entry.key) };
                    entry.value.name(below);
                }
            }
            _ => {}
        }
        self.path = path;
    }
}
