//! The parts of a text that may be shown.

use std::{borrow::Cow, collections::HashMap, ops::Range};

use crate::error::Excerpt;

/// The number of characters around the mark that are kept of a long line.
const MAX_AROUND: usize = 300;

/// Stands for text that is not shown.
const HIDDEN: char = '…';

/// The parts of a text that may be shown. All others are hidden, so a text that is not understood
/// shows nothing.
#[derive(Default)]
pub(in crate::load) struct Shown {
    /// Ranges of bytes, in their order, each with the text to show instead.
    parts: Vec<(Range<usize>, Option<String>)>,
    /// The ends of keys and values, by their starts.
    ends: HashMap<usize, usize>,
}

impl Shown {
    /// Shows a range as it is written.
    pub(in crate::load) fn show(&mut self, range: Range<usize>) {
        self.parts.push((range, None));
    }

    /// Shows another text instead of a range.
    pub(in crate::load) fn replace(&mut self, range: Range<usize>, text: impl Into<String>) {
        self.parts.push((range, Some(text.into())));
    }

    /// Shows a value, unless it is hidden.
    pub(in crate::load) fn show_value(&mut self, range: Range<usize>, value: Option<Cow<'_, str>>) {
        match value {
            Some(Cow::Borrowed(_)) => self.show(range),
            Some(Cow::Owned(text)) => self.replace(range, text),
            None => {}
        }
    }

    /// Notes the range of a key or value, which is marked as a whole.
    pub(in crate::load) fn mark(&mut self, range: Range<usize>) {
        self.ends.entry(range.start).or_insert(range.end);
    }

    /// Returns the line that contains the byte `at`, with the key or value there marked. `offset`
    /// counts from the start of `text`.
    pub(in crate::load) fn excerpt(&self, text: &str, at: usize) -> Excerpt {
        let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let end = text[at..].find('\n').map_or(text.len(), |newline| at + newline);
        let line = &text[start..end];
        let line = start..start + line.strip_suffix('\r').unwrap_or(line).len();
        let marked_end = self.ends.get(&at).copied().unwrap_or(at).min(line.end);
        let mut writer = Writer { text, marks: at..marked_end, out: String::new(), from: None, to: None };
        let mut done = line.start;
        let first = self.parts.partition_point(|(range, _)| range.end <= line.start);
        for (range, replacement) in &self.parts[first..] {
            if range.start >= line.end {
                break;
            }
            let part = range.start.max(done)..range.end.min(line.end);
            if part.is_empty() {
                continue;
            }
            writer.hide(done..part.start);
            done = part.end;
            match replacement {
                None => writer.write(part),
                Some(text) => writer.replace(part, text),
            }
        }
        writer.hide(done..line.end);
        let column = text.get(line.start..marked_end).filter(|_| marked_end > at);
        writer.finish(column.and_then(|before| u32::try_from(before.chars().count() + 1).ok()))
    }
}

/// Writes a line, and finds the mark in it.
struct Writer<'t> {
    text: &'t str,
    /// The bytes to mark.
    marks: Range<usize>,
    out: String,
    from: Option<usize>,
    to: Option<usize>,
}

impl Writer<'_> {
    /// Writes a range as it is. Control characters are escaped, except tabs.
    fn write(&mut self, range: Range<usize>) {
        for (at, c) in self.text[range.clone()].char_indices() {
            self.pass(range.start + at..range.start + at + c.len_utf8());
            self.push(c);
        }
        self.pass_end(range.end);
    }

    fn push(&mut self, c: char) {
        if c != '\t' && (c.is_control() || changes_direction(c)) {
            self.out.extend(c.escape_unicode());
        } else {
            self.out.push(c);
        }
    }

    /// Writes another text for a range, which is marked as a whole.
    fn replace(&mut self, range: Range<usize>, text: &str) {
        self.pass(range.clone());
        text.chars().for_each(|c| self.push(c));
        self.pass_end(range.end);
    }

    /// Hides a range. Space is kept.
    fn hide(&mut self, range: Range<usize>) {
        let hidden = &self.text[range.clone()];
        let trimmed = hidden.trim();
        if trimmed.is_empty() {
            return self.write(range);
        }
        let start = range.start + hidden.len() - hidden.trim_start().len();
        self.write(range.start..start);
        let end = start + trimmed.len();
        let text = if self.out.ends_with(HIDDEN) { "" } else { "…" };
        self.replace(start..end, text);
        self.write(end..range.end);
    }

    /// Notes where the mark starts, if it starts in `range`.
    fn pass(&mut self, range: Range<usize>) {
        if self.marks.end <= range.start {
            self.pass_end(range.start);
        }
        if self.from.is_none() && (range.contains(&self.marks.start) || range.start > self.marks.start) {
            self.from = Some(self.out.len());
        }
    }

    fn pass_end(&mut self, end: usize) {
        if self.to.is_none()
            && self.from.is_some()
            && end >= self.marks.end
            && self.marks.end > self.marks.start
        {
            self.to = Some(self.out.len());
        }
    }

    /// Cuts the line around the mark.
    fn finish(self, end_column: Option<u32>) -> Excerpt {
        let Self { mut out, from, to, .. } = self;
        let length = out.trim_end().len();
        out.truncate(length);
        let from = from.unwrap_or(length).min(length);
        // A mark has at least one character, which may be behind the line.
        let next = out[from..].chars().next().map_or(from, |c| from + c.len_utf8());
        let to = to.unwrap_or(next).clamp(next, length.max(next));
        let before = out[..from].char_indices().rev().nth(MAX_AROUND).map(|(at, _)| at);
        let after = out[from..].char_indices().nth(MAX_AROUND).map(|(at, _)| from + at);
        if let Some(end) = after {
            out.truncate(end);
            out.push(HIDDEN);
        }
        let to = to.min(after.unwrap_or(to)).min(out.len());
        match before {
            Some(start) => {
                let out = format!("{HIDDEN}{}", &out[start..]);
                let moved = |at: usize| at + HIDDEN.len_utf8() - start;
                Excerpt::new(out, moved(from)..moved(to), end_column)
            }
            None => Excerpt::new(out, from..to, end_column),
        }
    }
}

/// Returns whether a character changes the order of others, or breaks the line.
fn changes_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
