//! The lists of `Accept` and `Accept-Encoding`.

use http::{HeaderMap, HeaderName};

/// An entry of a list: `text/plain; version=0.0.4; q=0.5`.
#[derive(Debug)]
pub(super) struct AcceptEntry<'h> {
    /// The media range or the coding, in lower case.
    pub(super) name: String,
    /// The parameters without the weight. Their names are in lower case.
    parameters: Vec<(String, &'h str)>,
    /// The weight in thousandths; 0 if it is not a number from 0 to 1.
    pub(super) weight: u16,
}

impl AcceptEntry<'_> {
    /// Returns the value of a parameter. Of equal names, the first one counts.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(other, _)| other == name).map(|(_, value)| *value)
    }
}

/// Returns the values of a header as text. A value that is not ASCII contains no entry.
pub(super) fn header_texts(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok())
}

/// Returns the entries of a list.
pub(super) fn accept_entries(list: &str) -> impl Iterator<Item = AcceptEntry<'_>> {
    split_unquoted(list, b',').map(|entry| {
        let mut parts = split_unquoted(entry, b';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let mut entry = AcceptEntry { name, parameters: Vec::new(), weight: 1000 };
        for part in parts {
            let Some((name, value)) = part.split_once('=') else { continue };
            let name = name.trim_end().to_ascii_lowercase();
            let value = value.trim_start();
            if name == "q" {
                entry.weight = thousandths(value);
            } else {
                // Quotes only matter for characters that no known value has.
                let unquoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
                entry.parameters.push((name, unquoted.unwrap_or(value)));
            }
        }
        entry
    })
}

/// Splits a text at a separator, except within quotes.
fn split_unquoted(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (mut is_quoted, mut is_escaped) = (false, false);
        let end = text.bytes().position(|byte| {
            if is_escaped {
                is_escaped = false;
            } else if byte == b'"' {
                is_quoted = !is_quoted;
            } else if is_quoted {
                is_escaped = byte == b'\\';
            } else {
                return byte == separator;
            }
            false
        });
        rest = end.map(|end| &text[end + 1..]);
        Some(&text[..end.unwrap_or(text.len())])
    })
}

fn thousandths(weight: &str) -> u16 {
    let (whole, fraction) = weight.split_once('.').unwrap_or((weight, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return 0;
    }
    match (whole, format!("{fraction:0<3}").parse()) {
        ("0", Ok(thousandths)) => thousandths,
        ("1", Ok(0)) => 1000,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_split_outside_of_quotes() {
        let entries: Vec<_> =
            accept_entries(r#"Text/Plain ; A="x,y;\"z" ;Q=0.5, , */*;q=2;b = c ;"#).collect();
        let names: Vec<_> = entries.iter().map(|entry| (entry.name.as_str(), entry.weight)).collect();
        assert_eq!(names, [("text/plain", 500), ("", 1000), ("*/*", 0)]);
        assert_eq!(entries[0].parameter("a"), Some(r#"x,y;\"z"#));
        assert_eq!(entries[2].parameter("b"), Some("c"));
        assert_eq!(entries[2].parameter("q"), None);
        assert_eq!(accept_entries("a;b=\"unclosed, c").count(), 1);
    }

    #[test]
    fn weights_have_at_most_three_digits() {
        for (text, weight) in
            [("1", 1000), ("1.000", 1000), ("0", 0), ("0.001", 1), ("0.5", 500), ("0.", 0), ("1.", 1000)]
        {
            assert_eq!(thousandths(text), weight, "{text}");
        }
        for text in ["", "1.001", "2", "-1", "0.0001", ".5", "x", "0.x", "0.+1", "\"1\""] {
            assert_eq!(thousandths(text), 0, "{text}");
        }
    }
}
