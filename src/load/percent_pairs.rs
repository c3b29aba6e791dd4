//! `key=value,key2=value2`, percent-encoded: the syntax of lists in variables.

use percent_encoding::percent_decode_str;

/// The reason why an entry cannot be read. It contains no part of the entry, which may be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PairError {
    NoEquals,
    NoKey,
    Encoding,
}

impl PairError {
    pub(super) fn message(self) -> &'static str {
        match self {
            Self::NoEquals => "an entry has no \"=\"",
            Self::NoKey => "an entry has no name",
            Self::Encoding => "a value is not valid percent-encoded UTF-8",
        }
    }
}

/// Returns the entries that are not empty, each with its value decoded.
pub(super) fn pairs(text: &str) -> impl Iterator<Item = Result<(&str, String), PairError>> {
    text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(|entry| {
        let (key, value) = entry.split_once('=').ok_or(PairError::NoEquals)?;
        let value = decode(value.trim()).ok_or(PairError::Encoding)?;
        if key.trim().is_empty() { Err(PairError::NoKey) } else { Ok((key.trim(), value)) }
    })
}

/// Percent-decodes `text`. Returns `None` if an escape is malformed or the result is not UTF-8.
pub(super) fn decode(text: &str) -> Option<String> {
    let well_formed = text
        .split('%')
        .skip(1)
        .all(|after| after.len() >= 2 && after.as_bytes()[..2].iter().all(u8::is_ascii_hexdigit));
    well_formed.then(|| percent_decode_str(text).decode_utf8().ok().map(std::borrow::Cow::into_owned))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_percent_encoding_is_refused() {
        assert_eq!(decode("a%20b%2C").as_deref(), Some("a b,"));
        for text in ["%", "%2", "%zz", "%ff"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }

    #[test]
    fn entries_are_decoded_one_by_one() {
        let found: Vec<_> = pairs("a=1, ,b = x%20y,=2,c,d=%").collect();
        assert_eq!(
            found,
            [
                Ok(("a", "1".to_owned())),
                Ok(("b", "x y".to_owned())),
                Err(PairError::NoKey),
                Err(PairError::NoEquals),
                Err(PairError::Encoding),
            ]
        );
    }
}
