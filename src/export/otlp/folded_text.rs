//! Text with decoded escape sequences.

/// Bytes in lower case, with spaces for plus signs and hyphens. They remember their place in a text
/// with escape sequences.
pub(super) struct FoldedText(Vec<FoldedByte>);

/// A byte, and the range of the text that stands for it.
#[derive(Clone, Copy)]
struct FoldedByte {
    byte: u8,
    start: usize,
    end: usize,
}

/// Named references of HTML.
const NAMES: [(&str, u8); 5] =
    [("&amp;", b'&'), ("&quot;", b'"'), ("&apos;", b'\''), ("&lt;", b'<'), ("&gt;", b'>')];

/// The longest escape sequence, such as `&#x000026;`.
const MAX_ESCAPE_BYTES: usize = 10;

impl FoldedText {
    /// Returns the bytes of a text, each at its place.
    pub(super) fn of(text: &[u8]) -> Self {
        let bytes = text.iter().enumerate();
        Self(bytes.map(|(at, byte)| FoldedByte { byte: folded(*byte), start: at, end: at + 1 }).collect())
    }

    /// Decodes the escape sequences of URLs, JSON and HTML, so far as they stand for ASCII.
    pub(super) fn decode(&self) -> Self {
        let bytes = self.bytes();
        let mut decoded = Vec::with_capacity(bytes.len());
        let mut at = 0;
        while let Some(first) = self.0.get(at) {
            let rest = &bytes[at..bytes.len().min(at + MAX_ESCAPE_BYTES)];
            let (byte, length) = escape(rest).unwrap_or((first.byte, 1));
            let end = self.0[at + length - 1].end;
            decoded.push(FoldedByte { byte: folded(byte), start: first.start, end });
            at += length;
        }
        Self(decoded)
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0.iter().map(|decoded| decoded.byte).collect()
    }

    /// Returns the range of the text for a range of bytes.
    pub(super) fn range(&self, at: usize, length: usize) -> std::ops::Range<usize> {
        self.0[at].start..self.0[at + length - 1].end
    }
}

/// Returns the byte for comparisons. In a query, a plus sign stands for a space. In Base64 for
/// URLs, other characters take the places of plus signs and slashes.
fn folded(byte: u8) -> u8 {
    match byte {
        b'+' | b'-' => b' ',
        b'_' => b'/',
        _ => byte.to_ascii_lowercase(),
    }
}

/// Returns the byte and the length of the escape sequence at the begin of lower-case `text`.
fn escape(text: &[u8]) -> Option<(u8, usize)> {
    match text {
        [b'%', ..] => Some((hex(text.get(1..3)?)?, 3)),
        [b'\\', b'u', ..] => Some((hex(text.get(2..6)?)?, 6)),
        [b'\\', b'x', ..] => Some((hex(text.get(2..4)?)?, 4)),
        [b'\\', escaped @ (b'/' | b'\\' | b'"' | b'\''), ..] => Some((*escaped, 2)),
        [b'&', b'#', b'x', ..] => number(text, 3, 16),
        [b'&', b'#', ..] => number(text, 2, 10),
        [b'&', ..] => {
            let (name, byte) = NAMES.iter().find(|(name, _)| text.starts_with(name.as_bytes()))?;
            Some((*byte, name.len()))
        }
        _ => None,
    }
}

fn hex(digits: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
    u32::from_str_radix(digits, 16).ok()?.try_into().ok()
}

/// Parses the digits of a numeric reference up to its semicolon.
fn number(text: &[u8], start: usize, radix: u32) -> Option<(u8, usize)> {
    let end = text.iter().position(|byte| *byte == b';')?;
    let digits = std::str::from_utf8(text.get(start..end)?).ok()?;
    Some((u32::from_str_radix(digits, radix).ok()?.try_into().ok()?, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decode_escape_sequences_keeps_their_places() {
        let text = r"A%2fb\/c\u002Fd&#47;e&#x2F;f&amp;g%zz\u00&#x;%e2%82";
        let decoded = FoldedText::of(text.as_bytes()).decode();
        let expected = [&br"a/b/c/d/e/f&g%zz\u00&#x;"[..], &[0xe2, 0x82]].concat();
        assert_eq!(decoded.bytes(), expected);
        assert_eq!(&text[decoded.range(1, 1)], "%2f");
        assert_eq!(&text[decoded.range(5, 2)], r"\u002Fd");
        let twice = FoldedText::of(b"%252F").decode().decode();
        assert_eq!((twice.bytes(), twice.range(0, 1)), (b"/".to_vec(), 0..5));
    }
}
