//! Patterns of names.

use std::fmt;

use super::{ConfigValue, ParseError, string_value};

/// A name with the wildcards `*` (any characters) and `?` (one character). It is case-sensitive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern(String);

impl Pattern {
    /// Returns whether the pattern contains a wildcard.
    #[must_use]
    pub(crate) fn has_wildcards(&self) -> bool {
        self.0.contains(['*', '?'])
    }

    /// Returns whether the pattern matches the whole `name`.
    pub(crate) fn matches(&self, name: &str) -> bool {
        let (pattern, name) = (self.0.as_bytes(), name.as_bytes());
        // Most names differ in their end.
        if let (Some(end), Some(last)) = (pattern.last(), name.last())
            && !matches!(end, b'*' | b'?')
            && end != last
        {
            return false;
        }
        let (mut at, mut pattern_at) = (0, 0);
        // The last `*`, and the first character behind its current match.
        let mut star = None;
        while at < name.len() {
            match pattern.get(pattern_at) {
                Some(b'*') => {
                    star = Some((pattern_at, at));
                    pattern_at += 1;
                }
                Some(b'?') => {
                    at = next_char(name, at);
                    pattern_at += 1;
                }
                Some(byte) if *byte == name[at] => {
                    at += 1;
                    pattern_at += 1;
                }
                _ => match &mut star {
                    Some((star_at, end)) => {
                        *end = next_char(name, *end);
                        at = *end;
                        pattern_at = *star_at + 1;
                    }
                    None => return false,
                },
            }
        }
        pattern[pattern_at..].iter().all(|byte| *byte == b'*')
    }

    /// Returns whether this pattern matches each name that `other` matches.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        // A name that only wildcards match: neither the shortest nor a long one escapes.
        let unusual = "\u{1}".repeat(self.0.len() + 1);
        let with = |text: &str| other.0.replace('*', text).replace('?', "\u{1}");
        self.matches(&with("")) && self.matches(&with(&unusual))
    }
}

/// Returns the index behind the character of `text` at `index`.
fn next_char(text: &[u8], index: usize) -> usize {
    let is_continuation = |byte: &&u8| **byte & 0xc0 == 0x80;
    index + 1 + text[index + 1..].iter().take_while(is_continuation).count()
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ConfigValue for Pattern {
    const EXPECTED: &'static str = "a name in quotes";
    const PATTERN: Option<&'static str> = Some(r"\S");

    fn parse_str(text: &str) -> Result<Self, ParseError> {
        if text.trim().is_empty() {
            return Err(ParseError::new("must not be empty"));
        }
        Ok(Self(text.to_owned()))
    }
}

string_value!(Pattern);

#[cfg(test)]
mod tests {
    use super::*;

    /// Matches by trying every length for each `*`.
    fn matches_naively(pattern: &[char], name: &[char]) -> bool {
        match pattern.split_first() {
            None => name.is_empty(),
            Some(('*', rest)) => (0..=name.len()).any(|end| matches_naively(rest, &name[end..])),
            Some((c, rest)) => match name.split_first() {
                Some((first, name)) => (*c == '?' || c == first) && matches_naively(rest, name),
                None => false,
            },
        }
    }

    #[test]
    fn pattern_matches_like_a_naive_matcher() {
        let texts = |characters: &[char]| {
            let mut texts = vec![String::new()];
            for _ in 0..4 {
                let longer =
                    texts.iter().flat_map(|text| characters.iter().map(move |c| format!("{text}{c}")));
                texts = [String::new()].into_iter().chain(longer).collect();
            }
            texts
        };
        for pattern in texts(&['a', 'ä', '*', '?']) {
            for name in texts(&['a', 'b', 'ä']) {
                let expected =
                    matches_naively(&pattern.chars().collect::<Vec<_>>(), &name.chars().collect::<Vec<_>>());
                assert_eq!(Pattern(pattern.clone()).matches(&name), expected, "{pattern} on {name}");
            }
        }
        assert!(Pattern("k8s.*.name".into()).matches("k8s.pod.name"));
    }

    #[test]
    fn wider_pattern_covers_a_narrower_one() {
        let covers = |one: &str, other: &str| Pattern(one.into()).covers(&Pattern(other.into()));
        for (wide, narrow) in
            [("*", "a"), ("*", "*"), ("*.password", "user.password"), ("a*", "a*b"), ("*", "a?*"), ("?", "?")]
        {
            assert!(covers(wide, narrow), "{wide} {narrow}");
        }
        for (one, other) in [("a", "*"), ("a?", "a*"), ("*.password", "*password"), ("?", "*"), ("a", "b")] {
            assert!(!covers(one, other), "{one} {other}");
        }
    }
}
