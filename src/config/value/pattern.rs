//! Patterns of names.

use std::{fmt, str::Chars};

use super::{ConfigValue, ParseError, string_value};

/// A name with the wildcards `*` (any characters) and `?` (one character). It is case-sensitive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern(String);

impl Pattern {
    /// Returns whether the pattern matches the whole `name`.
    pub(crate) fn matches(&self, name: &str) -> bool {
        let (mut pattern, mut name) = (self.0.chars(), name.chars());
        // What follows the last `*`, and what follows its current match.
        let mut star: Option<(Chars<'_>, Chars<'_>)> = None;
        loop {
            let (before, mut rest) = (name.clone(), name.clone());
            let Some(character) = rest.next() else { break };
            match pattern.next() {
                Some('*') => {
                    star = Some((pattern.clone(), before));
                    continue;
                }
                Some(c) if c == '?' || c == character => {}
                _ => match &mut star {
                    Some((after, end)) => {
                        end.next();
                        pattern = after.clone();
                        rest = end.clone();
                    }
                    None => return false,
                },
            }
            name = rest;
        }
        pattern.all(|c| c == '*')
    }
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
        for pattern in texts(&['a', 'b', '*', '?']) {
            for name in texts(&['a', 'b', 'c']) {
                let expected =
                    matches_naively(&pattern.chars().collect::<Vec<_>>(), &name.chars().collect::<Vec<_>>());
                assert_eq!(Pattern(pattern.clone()).matches(&name), expected, "{pattern} on {name}");
            }
        }
        assert!(Pattern("k8s.*.name".into()).matches("k8s.pod.name"));
    }
}
