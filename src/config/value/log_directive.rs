//! Directives of a filter of log records: a level, or the level of a target.

use std::fmt;

use super::{ConfigValue, ParseError, level_filter::LevelFilter};
use crate::text::nearest;

/// The levels of `tracing` by their numbers.
const BY_NUMBER: &[&str] = &["off", "error", "warn", "info", "debug", "trace"];

/// Words that other programs use for levels.
const SIMILAR_WORDS: &[(&str, LevelFilter)] = &[
    ("all", LevelFilter::Trace),
    ("alert", LevelFilter::Error),
    ("critical", LevelFilter::Error),
    ("emergency", LevelFilter::Error),
    ("err", LevelFilter::Error),
    ("fatal", LevelFilter::Error),
    ("information", LevelFilter::Info),
    ("max", LevelFilter::Trace),
    ("none", LevelFilter::Off),
    ("notice", LevelFilter::Info),
    ("verbose", LevelFilter::Trace),
    ("warning", LevelFilter::Warn),
];

/// A crate whose name is similar to a level. In `RUST_LOG` it is a target.
const SIMILAR_CRATE: &str = "warp";

/// One part of a filter list.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Directive {
    /// The level of all targets that no other directive names.
    Default(LevelFilter),
    /// The level of a target.
    Target(String, LevelFilter),
}

impl Directive {
    /// Parses `LEVEL` or `TARGET=LEVEL`.
    pub(crate) fn parse(text: &str) -> Result<Self, ParseError> {
        if text.contains(['[', '{']) {
            let error =
                ParseError::new(format!("{text:?} filters on spans or fields, which is not supported"));
            return Err(error.with_help("write `target=level`"));
        }
        if let Some(list) = separated(text) {
            let error = ParseError::new(format!("{text:?} is neither a level nor `target=level`"));
            return Err(error.with_help(format!("separate directives by commas: `{list}`")));
        }
        let Some((target, level_text)) = text.split_once('=') else { return level(text).map(Self::Default) };
        let (target, level_text) = (target.trim(), level_text.trim());
        if target.is_empty() {
            return Err(ParseError::new(format!("{text:?} has no target")));
        }
        check_target(target)?;
        if level_text.is_empty() {
            let error = ParseError::new(format!("{text:?} has no level"));
            return Err(error.with_help(format!("write `{target}=trace` for all levels")));
        }
        level(level_text).map(|level| Self::Target(target.to_owned(), level))
    }

    /// Same as [`parse`](Self::parse), but a target without a level means all its levels, as in
    /// `RUST_LOG`.
    pub(crate) fn parse_rust_log(text: &str) -> Result<Self, ParseError> {
        if text.contains(['=', '[', '{']) || separated(text).is_some() || parse_level(text).is_ok() {
            return Self::parse(text);
        }
        match similar_level(text).filter(|_| text != SIMILAR_CRATE) {
            Some(level) => Err(ParseError::new(format!("{text:?} is not a level"))
                .with_help(format!("did you mean \"{level}\"?"))),
            None => {
                check_target(text)?;
                Ok(Self::Target(text.to_owned(), LevelFilter::Trace))
            }
        }
    }
}

impl fmt::Display for Directive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default(level) => level.fmt(f),
            Self::Target(target, level) => write!(f, "{target}={level}"),
        }
    }
}

/// Splits a list at its commas, except inside of brackets that are closed.
pub(crate) fn directives(list: &str) -> impl Iterator<Item = &str> {
    let is_balanced = depth_after(0, list) == 0;
    let mut depth = 0;
    let parts = list.split(move |c: char| {
        depth = depth_after(depth, c.encode_utf8(&mut [0; 4]));
        c == ',' && (depth == 0 || !is_balanced)
    });
    parts.map(str::trim).filter(|directive| !directive.is_empty())
}

/// Returns the number of open brackets after `text`.
fn depth_after(depth: usize, text: &str) -> usize {
    text.bytes().fold(depth, |depth, byte| match byte {
        b'[' | b'{' => depth + 1,
        b']' | b'}' => depth.saturating_sub(1),
        _ => depth,
    })
}

/// Returns the level that another program calls `word`.
pub(crate) fn synonym(word: &str) -> Option<LevelFilter> {
    let word = word.to_ascii_lowercase();
    SIMILAR_WORDS.iter().find(|(other, _)| *other == word).map(|(_, level)| *level)
}

/// Returns the level that `word` may mean.
fn similar_level(word: &str) -> Option<LevelFilter> {
    let by_number = || BY_NUMBER.get(word.parse::<usize>().ok()?).copied();
    let near = || nearest(word, BY_NUMBER.iter().copied());
    synonym(word).or_else(|| LevelFilter::parse_str(by_number().or_else(near)?).ok())
}

fn parse_level(text: &str) -> Result<LevelFilter, ParseError> {
    LevelFilter::parse_str(&text.to_ascii_lowercase())
}

fn level(text: &str) -> Result<LevelFilter, ParseError> {
    // Case is ignored, but the error quotes the text as it was written.
    parse_level(text).or_else(|_| LevelFilter::parse_str(text)).map_err(|error| {
        match (similar_level(text), &error.help) {
            (_, Some(_)) => error,
            (Some(level), None) => error.with_help(format!("did you mean \"{level}\"?")),
            (None, None) => error.with_help("write a level for all targets, or `target=level` for one"),
        }
    })
}

/// Refuses a text that cannot be a target: the path of a module, or the name of a logger.
fn check_target(target: &str) -> Result<(), ParseError> {
    let refused =
        |c: char| ParseError::new(format!("{target:?} is not a target, which cannot contain {c:?}"));
    let without_paths = target.replace("::", "");
    let is_possible = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    match without_paths.chars().find(|c| !is_possible(*c)) {
        Some('-') if without_paths.chars().all(|c| is_possible(c) || c == '-') => {
            Err(refused('-').with_help(format!("did you mean `{}`?", target.replace('-', "_"))))
        }
        Some('*') if target == "*" => Err(refused('*').with_help("write only the level, for all targets")),
        Some('/') => Err(refused('/').with_help("remove the slash; filters on messages are not supported")),
        Some(c) => Err(refused(c)),
        None if without_paths.chars().all(|c| c.is_ascii_digit()) => {
            Err(ParseError::new(format!("{target:?} is not a target")))
        }
        None => Ok(()),
    }
}

/// Returns the directives of a text with other separators, separated by commas.
fn separated(text: &str) -> Option<String> {
    let is_separator = |c: char| c.is_whitespace() || matches!(c, ';' | '|');
    let text = text.split('=').map(str::trim).collect::<Vec<_>>().join("=");
    text.contains(is_separator).then(|| {
        let parts: Vec<&str> = text.split(is_separator).filter(|part| !part.is_empty()).collect();
        parts.join(",")
    })
}
