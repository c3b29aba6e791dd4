//! JSON strings without control characters.

use std::fmt;

use super::hex::push_hex;

/// A byte that is copied as it is.
const PLAIN: u8 = 0;
/// A byte that is written as `\u00..`.
const CONTROL: u8 = 1;
/// The first byte of U+0080 to U+00BF. Up to U+009F these are C1 control characters, which
/// terminals interpret.
const C1_LEAD: u8 = 2;

/// For each byte one of the above, or the letter that follows its backslash.
static ESCAPES: [u8; 256] = {
    let mut escapes = [PLAIN; 256];
    let mut byte = 0;
    while byte < 0x20 {
        escapes[byte] = CONTROL;
        byte += 1;
    }
    escapes[0x7f] = CONTROL;
    escapes[0xc2] = C1_LEAD;
    escapes[b'"' as usize] = b'"';
    escapes[b'\\' as usize] = b'\\';
    escapes[b'\n' as usize] = b'n';
    escapes[b'\r' as usize] = b'r';
    escapes[b'\t' as usize] = b't';
    escapes
};

/// Appends a string with its quotes.
#[inline]
pub(crate) fn push_string(out: &mut String, text: &str) {
    push_escaped("\"", text, "\"", out);
}

/// Escapes what is written, for a string without its quotes.
#[derive(Debug)]
pub(crate) struct EscapedText<'o>(pub(crate) &'o mut String);

impl fmt::Write for EscapedText<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        push_escaped("", text, "", self.0);
        Ok(())
    }
}

/// Appends `text` with its characters escaped, between `before` and `after`, which are copied.
#[expect(clippy::inline_always, reason = "constants around the text are then copied without a call")]
#[inline(always)]
pub(super) fn push_escaped(before: &str, text: &str, after: &str, out: &mut String) {
    out.push_str(before);
    if is_plain(text.as_bytes()) {
        out.push_str(text);
    } else {
        push_escaped_slow(out, text);
    }
    out.push_str(after);
}

#[cold]
#[inline(never)]
fn push_escaped_slow(out: &mut String, text: &str) {
    let bytes = text.as_bytes();
    let mut copied = 0;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let escape = ESCAPES[usize::from(*byte)];
        let (length, control) = match (escape, bytes.get(at + 1)) {
            (PLAIN, _) => {
                at += 1;
                continue;
            }
            (C1_LEAD, Some(next @ 0x80..=0x9f)) => (2, Some(*next)),
            (C1_LEAD, _) => {
                at += 2;
                continue;
            }
            (CONTROL, _) => (1, Some(*byte)),
            _ => (1, None),
        };
        out.push_str(&text[copied..at]);
        match control {
            Some(control) => {
                out.push_str("\\u00");
                push_hex(out, &[control]);
            }
            None => {
                out.push('\\');
                out.push(char::from(escape));
            }
        }
        at += length;
        copied = at;
    }
    out.push_str(&text[copied..]);
}

/// Returns whether all bytes are ASCII that needs no escape.
///
/// Checks eight bytes at once. The last word overlaps the one before it.
pub(crate) fn is_plain(bytes: &[u8]) -> bool {
    if let Some(last) = bytes.last_chunk::<8>() {
        let (words, _) = bytes.as_chunks::<8>();
        words.iter().all(|word| is_plain_word(u64::from_le_bytes(*word)))
            && is_plain_word(u64::from_le_bytes(*last))
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        let half = |bytes: &[u8; 4]| u64::from(u32::from_le_bytes(*bytes));
        is_plain_word(half(first) | (half(last) << 32))
    } else {
        bytes.iter().all(|byte| ESCAPES[usize::from(*byte)] == PLAIN)
    }
}

fn is_plain_word(word: u64) -> bool {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    // Each term sets the high bit of every byte that it looks for. A borrow or carry may set it in
    // the next byte too, but only next to a match.
    let is = |byte: u8| (word ^ (ONES * u64::from(byte))).wrapping_sub(ONES);
    let controls = word.wrapping_sub(ONES * 0x20);
    let delete = word.wrapping_add(ONES);
    (word | controls | delete | is(b'"') | is(b'\\')) & HIGH == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> String {
        let mut out = String::new();
        push_string(&mut out, text);
        out
    }

    #[test]
    fn string_of_all_characters_survives_without_controls() {
        let all: String = ('\0'..=char::MAX).collect();
        let line = json(&all);
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), all);
        assert!(!line.contains(char::is_control));
        assert_eq!(
            json("\u{1b}[31m\n\u{9b}é\u{a0}\"\\"),
            r#""\u001b[31m\n\u009bé"#.to_owned() + "\u{a0}\\\"\\\\\""
        );
    }
}
