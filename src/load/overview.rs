//! The effective configuration, for people.

use std::{
    collections::{HashMap, HashSet},
    fmt::{self, Write as _},
    path::PathBuf,
};

use super::explain::{Explanation, write_head, write_problems};
use crate::{
    config::{key_path::key_path, resolve::inherited_from},
    error::Origin,
    text::escape_controls,
};

/// The least number of columns for keys and values.
const MIN_WIDTH: usize = 40;

/// The number of columns that a long key or value does not widen.
const MAX_KEY: usize = 40;
const MAX_VALUE: usize = 48;

/// The effective configuration by tables: keys that a source sets, values that derive from them,
/// and what they override.
///
/// [`Explanation::overview`] creates it. `Display` formats it as several lines. Secrets are masked.
#[derive(Debug, Clone)]
pub struct Overview<'a> {
    explanation: &'a Explanation,
    all: bool,
    color: bool,
    width: usize,
    directory: Option<PathBuf>,
}

impl Explanation {
    /// Returns the effective configuration by tables, for people.
    #[must_use]
    pub fn overview(&self) -> Overview<'_> {
        Overview { explanation: self, all: false, color: false, width: usize::MAX, directory: None }
    }
}

impl Overview<'_> {
    /// Also shows the keys that have their default values. The default is `false`.
    #[must_use]
    pub fn all(mut self, all: bool) -> Self {
        self.all = all;
        self
    }

    /// Colors the origins for a terminal, one color for each kind. The default is `false`.
    #[must_use]
    pub fn color(mut self, color: bool) -> Self {
        self.color = color;
        self
    }

    /// Sets the number of columns of the terminal. Longer lines are wrapped. By default, no line is
    /// wrapped.
    #[must_use]
    pub fn width(mut self, columns: usize) -> Self {
        self.width = columns.max(MIN_WIDTH);
        self
    }

    /// Shows the paths of files in this directory relative to it.
    #[must_use]
    pub fn relative_to(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// Returns the rows to show, by tables.
    fn groups(&self) -> Vec<(&str, Vec<Row<'_>>)> {
        let rows: Vec<_> = self.explanation.values().collect();
        let values: HashMap<&str, &str> = rows.iter().map(|(key, value, _)| (*key, value.as_str())).collect();
        let mut groups: Vec<(&str, Vec<Row<'_>>)> = Vec::new();
        for (key, value, origin) in &rows {
            if !self.all && (**origin == Origin::Default || self.repeats(key, value, &values)) {
                continue;
            }
            let (table, name) = split(key);
            let row = Row { key, name, value: escape_controls(value), origin };
            match groups.iter_mut().find(|(other, _)| *other == table) {
                Some((_, rows)) => rows.push(row),
                None => groups.push((table, vec![row])),
            }
        }
        groups.sort_by_key(|(table, _)| !table.is_empty());
        groups
    }

    /// Returns whether a key only repeats the value of the more general key that it inherits from.
    fn repeats(&self, key: &str, value: &str, values: &HashMap<&str, &str>) -> bool {
        let path = key_path(key);
        let inherited = inherited_from(&path).map(|general| general.join("."));
        self.explanation.loaded.origin(&path) == Origin::Default
            && inherited.is_some_and(|general| values.get(general.as_str()) == Some(&value))
    }

    fn origin(&self, key: &str, origin: &Origin) -> String {
        let shown = match origin {
            Origin::File { path, line, column, .. } => {
                let directory = self.directory.as_deref();
                let relative = directory.and_then(|directory| path.strip_prefix(directory).ok());
                format!("{}:{line}:{column}", relative.unwrap_or(path).display())
            }
            other => other.to_string(),
        };
        let detail = match origin {
            Origin::File { profile: Some(profile), .. } => format!(" (profile {profile})"),
            Origin::File { .. } => match self.explanation.variables(key) {
                [] => String::new(),
                names => format!(" ({})", names.join(", ")),
            },
            _ => String::new(),
        };
        let is_followed = self.explanation.loaded.config().reload.watch;
        let restart =
            if is_followed && self.explanation.needs_restart(key) { ", needs a restart" } else { "" };
        escape_controls(&(shown + &detail + restart))
    }

    fn paint(&self, style: &str, text: &str) -> String {
        if self.color && !text.is_empty() {
            format!("\u{1b}[{style}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    fn group(&self, f: &mut fmt::Formatter<'_>, rows: &[Row<'_>]) -> fmt::Result {
        let key_width = widest(rows.iter().map(|row| row.name), MAX_KEY.min(self.width / 3));
        let value_width = widest(rows.iter().map(|row| row.value.as_str()), MAX_VALUE.min(self.width / 3));
        for row in rows {
            write!(f, "  {:key_width$}", row.name)?;
            let indent = 2 + key_width + 2;
            if row.name.chars().count() > key_width {
                write!(f, "\n{:indent$}", "")?;
            } else {
                f.write_str("  ")?;
            }
            let room = self.width.saturating_sub(indent).max(MIN_WIDTH / 2);
            let lines = wrapped(&row.value, room);
            f.write_str(&lines.join(&format!("\n{:indent$}", "")))?;
            let origin = self.origin(row.key, row.origin);
            let origin_indent = indent + value_width + 2;
            let fits = lines.len() == 1
                && row.value.chars().count() <= value_width
                && origin_indent + origin.chars().count() <= self.width;
            if fits {
                write!(f, "{:1$}", "", value_width - row.value.chars().count() + 2)?;
            } else {
                write!(f, "\n{:indent$}", "")?;
            }
            self.notes(f, &origin, row.origin, if fits { origin_indent } else { indent }, row.key)?;
        }
        Ok(())
    }

    /// Writes the origin of a value, and what it overrides.
    fn notes(
        &self,
        f: &mut fmt::Formatter<'_>,
        shown: &str,
        origin: &Origin,
        indent: usize,
        key: &str,
    ) -> fmt::Result {
        let lines = wrapped(shown, self.width.saturating_sub(indent).max(MIN_WIDTH / 2));
        let lines: Vec<_> = lines.iter().map(|line| self.paint(color(origin), line)).collect();
        writeln!(f, "{}", lines.join(&format!("\n{:indent$}", "")))?;
        for (value, weaker) in self.explanation.overridden(key) {
            let preposition =
                if matches!(weaker, Origin::File { .. } | Origin::Code(_)) { "at" } else { "by" };
            let was = format!("was {} {preposition} {}", escape_controls(&value), self.origin(key, weaker));
            // Behind a short value, there may be little room.
            let indent =
                if indent + was.chars().count() > self.width { indent.min(self.width / 3) } else { indent };
            for line in wrapped(&was, self.width.saturating_sub(indent).max(MIN_WIDTH / 2)) {
                writeln!(f, "{:indent$}{}", "", self.paint(DIM, &line))?;
            }
        }
        Ok(())
    }
}

const BOLD: &str = "1";
const DIM: &str = "2";
const YELLOW: &str = "33";

/// Returns the color of an origin.
fn color(origin: &Origin) -> &'static str {
    match origin {
        Origin::Default => DIM,
        Origin::Code(_) => "35",
        Origin::File { .. } => "36",
        Origin::Env(_) => YELLOW,
        Origin::Detector(_) => "34",
    }
}

struct Row<'a> {
    key: &'a str,
    /// The key below its table.
    name: &'a str,
    value: String,
    origin: &'a Origin,
}

/// Splits a key into its table and the rest. An exporter of the file is a table of its own.
fn split(key: &str) -> (&str, &str) {
    let (table, rest) = key.split_once('.').unwrap_or(("", key));
    if table != "exporters" {
        return (table, rest);
    }
    match rest.split_once('.') {
        Some((name, rest)) => (&key[..table.len() + 1 + name.len()], rest),
        None => (table, rest),
    }
}

/// Returns the greatest width of texts that are not wider than `most`.
fn widest<'t>(texts: impl Iterator<Item = &'t str>, most: usize) -> usize {
    texts.map(|text| text.chars().count()).filter(|width| *width <= most).max().unwrap_or_default()
}

/// Splits a text into lines of at most `width` characters, behind spaces if possible.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut length = 0;
    for word in text.split_inclusive(' ') {
        let count = word.trim_end().chars().count();
        if length > 0 && length + count > width {
            lines.push(std::mem::take(&mut line).trim_end().to_owned());
            length = 0;
        }
        for c in word.chars() {
            if length == width {
                lines.push(std::mem::take(&mut line));
                length = 0;
            }
            line.push(c);
            length += 1;
        }
    }
    lines.push(line.trim_end().to_owned());
    lines
}

impl fmt::Display for Overview<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_head(f, self.explanation)?;
        let unused: HashSet<String> = self.explanation.unused_tables().into_iter().collect();
        for (table, rows) in self.groups() {
            f.write_char('\n')?;
            if !table.is_empty() {
                let mut header = self.paint(BOLD, &format!("[{}]", escape_controls(table)));
                let prefix = format!("{table}.");
                let mut parts: Vec<_> = unused.iter().filter(|name| name.starts_with(&prefix)).collect();
                parts.sort();
                let note = if unused.contains(table) {
                    "unused: no signal lists this exporter".to_owned()
                } else if parts.is_empty() {
                    String::new()
                } else {
                    let parts: Vec<_> = parts.iter().map(|part| &part[prefix.len()..]).collect();
                    format!("unused: {}, which does not list this exporter", parts.join(", "))
                };
                if !note.is_empty() {
                    let _ = write!(header, "  {}", self.paint(YELLOW, &note));
                }
                writeln!(f, "{header}")?;
            }
            self.group(f, &rows)?;
        }
        write_problems(f, self.explanation)
    }
}
