//! The types of the schema of the declarative configuration, and their nodes.

/// A type of the schema: a mapping with these keys.
pub(super) struct NodeType {
    /// The name of the type in the schema.
    pub(super) name: &'static str,
    pub(super) keys: Keys,
    /// The key may have no value, which means that all keys below it are absent.
    pub(super) is_nullable: bool,
    pub(super) rows: &'static [Row],
}

/// The keys that a mapping may have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keys {
    /// Those of the rows.
    Fixed,
    /// Exactly one, which selects something. This is the word for it.
    One(&'static str),
    /// Those of the rows. Others are a warning.
    Open,
}

/// A node of the schema, with its meaning here.
#[expect(clippy::struct_excessive_bools, reason = "independent properties")]
pub(super) struct Row {
    pub(super) key: &'static str,
    pub(super) kind: Kind,
    /// `null` has a meaning. The type of a mapping decides for itself.
    is_nullable: bool,
    pub(super) is_required: bool,
    /// The schema does not contain the node.
    pub(super) is_extension: bool,
    pub(super) class: Class,
    /// The value may be a secret.
    pub(super) is_secret: bool,
    /// The key of the configuration, or `-`.
    #[cfg_attr(not(test), expect(dead_code, reason = "the documentation contains it"))]
    pub(super) ours: &'static str,
    #[cfg_attr(not(test), expect(dead_code, reason = "the documentation contains it"))]
    pub(super) meaning: &'static str,
}

/// The treatment of a node.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Supported,
    /// Some values are an error. The meaning says which.
    Partial,
    /// An error. The text says why.
    Refused(&'static str),
    Ignored,
}

/// The type of a value.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Boolean,
    Text,
    /// A whole number of at least this.
    Integer(i64),
    /// A whole number in this range.
    Range(i64, i64),
    Number,
    /// A number from 0 to 1.
    Ratio,
    Word(&'static [&'static str]),
    Mapping(&'static NodeType),
    /// A list of at least so many of these values.
    List(&'static Kind, usize),
    /// A scalar, or a list of them.
    AnyValue,
    /// A mapping that is never read.
    Unread,
    /// A mapping whose values are mappings: keys of other distributions, and those of this one.
    Distribution,
}

impl NodeType {
    pub(super) const fn new(name: &'static str, rows: &'static [Row]) -> Self {
        Self { name, keys: Keys::Fixed, is_nullable: false, rows }
    }

    /// Creates a type of mappings with exactly one key, which selects `what`.
    pub(super) const fn choice(name: &'static str, what: &'static str, rows: &'static [Row]) -> Self {
        Self { keys: Keys::One(what), ..Self::new(name, rows) }
    }

    /// Creates a type that may have no value.
    pub(super) const fn nullable(name: &'static str, rows: &'static [Row]) -> Self {
        Self { is_nullable: true, ..Self::new(name, rows) }
    }

    pub(super) fn row(&self, key: &str) -> Option<&'static Row> {
        self.rows.iter().find(|row| row.key == key)
    }
}

impl Row {
    const fn new(key: &'static str, kind: Kind, ours: &'static str, meaning: &'static str) -> Self {
        Self {
            key,
            kind,
            is_nullable: true,
            is_required: false,
            is_extension: false,
            class: Class::Supported,
            is_secret: false,
            ours,
            meaning,
        }
    }

    /// Returns whether the key may have no value.
    pub(super) const fn allows_null(&self) -> bool {
        match self.kind {
            Kind::Mapping(of) => of.is_nullable,
            _ => self.is_nullable,
        }
    }

    pub(super) const fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    pub(super) const fn secret(mut self) -> Self {
        self.is_secret = true;
        self
    }

    pub(super) const fn not_null(mut self) -> Self {
        self.is_nullable = false;
        self
    }

    pub(super) const fn extension(mut self) -> Self {
        self.is_extension = true;
        self
    }

    pub(super) const fn refused(mut self, why: &'static str) -> Self {
        self.class = Class::Refused(why);
        self
    }

    pub(super) const fn in_part(mut self) -> Self {
        self.class = Class::Partial;
        self
    }

    pub(super) const fn ignored(mut self) -> Self {
        self.class = Class::Ignored;
        self
    }
}

/// Creates a row of a scalar, which may be null.
pub(super) const fn scalar(key: &'static str, kind: Kind, ours: &'static str, meaning: &'static str) -> Row {
    Row::new(key, kind, ours, meaning)
}

/// Creates a row of a mapping, whose type decides about null.
pub(super) const fn mapping(
    key: &'static str,
    of: &'static NodeType,
    ours: &'static str,
    meaning: &'static str,
) -> Row {
    Row::new(key, Kind::Mapping(of), ours, meaning)
}

/// Creates a row of a list with at least one item.
pub(super) const fn list(
    key: &'static str,
    of: &'static Kind,
    ours: &'static str,
    meaning: &'static str,
) -> Row {
    Row::new(key, Kind::List(of, 1), ours, meaning).not_null()
}
