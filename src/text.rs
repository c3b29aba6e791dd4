//! Text for messages: escaping, lists and proposals.

/// Escapes control characters, so that untrusted text cannot break the terminal.
pub(crate) fn escape_controls(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_escaped_controls(&mut out, text);
    out
}

/// Appends `text` with escaped control characters, so that it stays on one line and cannot break
/// the terminal.
pub(crate) fn push_escaped_controls(out: &mut String, text: &str) {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return out.push_str(text);
    }
    let mut rest = text;
    while let Some(at) = rest.find(char::is_control) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let mut characters = from.chars();
        out.extend(characters.next().into_iter().flat_map(char::escape_default));
        rest = characters.as_str();
    }
    out.push_str(rest);
}

/// Formats a list: `"a", "b" and "c"`.
pub(crate) fn quoted_list<S: AsRef<str>>(words: &[S]) -> String {
    let quoted: Vec<_> = words.iter().map(|word| format!("\"{}\"", word.as_ref())).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Returns the help `use one of "a", "b" and "c"`.
pub(crate) fn use_one_of<S: AsRef<str>>(words: &[S]) -> String {
    let of = if words.len() > 1 { "one of " } else { "" };
    format!("use {of}{}", quoted_list(words))
}

/// Returns the candidate that is most similar to `word`, if one is similar enough to propose it.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let candidates: Vec<&str> = candidates.into_iter().collect();
    // `http` may mean any of `http/…`; the first one is the most common.
    let first_part = format!("{word}/");
    if let Some(kind) = candidates.iter().find(|candidate| candidate.to_lowercase().starts_with(&first_part))
    {
        return Some(kind);
    }
    // `type` stands for `instrument_type`, unless several candidates end with it.
    let ending = format!("_{word}");
    let mut ending = candidates.iter().filter(|candidate| candidate.to_lowercase().ends_with(&ending));
    let last_word = ending.next().filter(|_| ending.next().is_none()).copied();
    let allowed = (word.chars().count() / 3).clamp(1, 4);
    candidates
        .into_iter()
        .map(|candidate| {
            let other = candidate.to_lowercase();
            // A large part of a candidate counts as similar, whatever is missing.
            let is_part = other.starts_with(&word) || other.ends_with(&word);
            let is_last_word = last_word == Some(candidate);
            let is_truncated =
                word.len() >= 4 && (is_last_word || is_part && 5 * word.len() >= 2 * other.len());
            let distance = strsim::damerau_levenshtein(&word, &other);
            (if is_truncated { distance.min(allowed) } else { distance }, candidate)
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Returns the byte after the last whole character within `len` bytes of `text`.
pub(crate) fn floor_char_boundary(text: &str, len: usize) -> usize {
    let mut end = len.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    end
}

/// Returns the byte at which a text of more than `limit` characters is truncated.
pub(crate) fn end_within(text: &str, limit: usize) -> Option<usize> {
    if text.len() <= limit {
        return None;
    }
    text.char_indices().nth(limit).map(|(end, _)| end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floor_char_boundary_keeps_whole_characters() {
        for (len, end) in [(0, 0), (1, 0), (2, 2), (3, 2), (4, 4), (9, 4)] {
            assert_eq!(floor_char_boundary("äö", len), end, "{len}");
        }
    }

    #[test]
    fn end_within_counts_characters_not_bytes() {
        assert_eq!(end_within("äöü", 3), None);
        assert_eq!(end_within("äöü", 2), Some(4));
        assert_eq!(end_within("abc", 0), Some(0));
        assert_eq!(end_within("", 0), None);
    }

    #[test]
    fn nearest_proposes_only_similar_words() {
        assert_eq!(nearest("endpiont", ["endpoint", "headers"]), Some("endpoint"));
        assert_eq!(nearest("GRPC", ["grpc", "http/protobuf"]), Some("grpc"));
        assert_eq!(nearest("zipkin", ["otlp", "console"]), None);
        assert_eq!(nearest("http", ["grpc", "http/protobuf", "http/json"]), Some("http/protobuf"));
        assert_eq!(
            nearest("ratio", ["always_on", "traceidratio", "parentbased_traceidratio"]),
            Some("traceidratio")
        );
    }
}
