//! The forms in which a secret may appear in the text of others.

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};

use super::folded_text::FoldedText;

/// The length of a secret that is masked inside a word.
pub(super) const MIN_BYTES_INSIDE_WORD: usize = 4;

/// The length of the shortest secret. Shorter values and short numbers, such as the identifier of a
/// tenant, also occur in other text.
const MIN_BYTES: usize = 3;

/// The times that escape sequences are decoded, one inside the other.
pub(super) const MAX_ESCAPES: usize = 2;

/// Words before the secret in the value of a header.
const SCHEMES: &[&str] = &[
    "apikey",
    "api-key",
    "api-token",
    "basic",
    "bearer",
    "digest",
    "dpop",
    "hawk",
    "key",
    "negotiate",
    "splunk",
    "sso-key",
    "token",
];

/// Secrets in all encodings that servers use, folded like the bytes of [`FoldedText`].
#[derive(Default)]
pub(super) struct SecretForms(Vec<Vec<u8>>);

/// Omits the values.
impl std::fmt::Debug for SecretForms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretForms").field("count", &self.0.len()).finish()
    }
}

impl SecretForms {
    pub(super) fn as_slice(&self) -> &[Vec<u8>] {
        &self.0
    }

    /// Adds the value of a header, and the credentials in it.
    pub(super) fn add_header(&mut self, value: &str) {
        let value = value.trim();
        let is_scheme = |word: &str| SCHEMES.iter().any(|scheme| scheme.eq_ignore_ascii_case(word));
        let with_scheme = value.split_once(char::is_whitespace).filter(|(word, _)| is_scheme(word));
        let (scheme, secret) = with_scheme.map_or(("", value), |(scheme, rest)| (scheme, rest.trim()));
        self.add(secret.as_bytes());
        for part in secret.split([' ', ',', ';', '"']) {
            let part = part.split_once('=').map_or(part, |(_, value)| value);
            if part.len() >= MIN_BYTES_INSIDE_WORD {
                self.add(part.as_bytes());
            }
        }
        let credentials = STANDARD_NO_PAD.decode(secret.trim_end_matches('='));
        if let Some(credentials) = credentials.ok().filter(|_| scheme.eq_ignore_ascii_case("basic")) {
            let (user, password) = match credentials.iter().position(|byte| *byte == b':') {
                Some(colon) => (&credentials[..colon], &credentials[colon + 1..]),
                None => (&credentials[..], &[][..]),
            };
            self.add(user);
            self.add(password);
            self.add(&credentials);
        }
    }

    /// Adds a value in the encodings that servers use.
    pub(super) fn add(&mut self, value: &[u8]) {
        self.add_escaped(value);
        // A value may be encoded together with others, such as the name of its header. Its bytes
        // then begin in each of three places, and share the first character with other bytes.
        for (others, shared) in [(0, 0), (1, 2), (2, 3)] {
            if others > 0 && value.len() < MIN_BYTES_INSIDE_WORD {
                break;
            }
            let encoded = STANDARD_NO_PAD.encode([&[0; 2][..others], value].concat());
            let encoded = &encoded.as_bytes()[shared.min(encoded.len())..];
            self.add_escaped(encoded);
            // The last character may contain bits of other bytes.
            self.add_escaped(&encoded[..encoded.len().saturating_sub(1)]);
        }
        if value.len() >= MIN_BYTES_INSIDE_WORD {
            let hex = value.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
            self.add_escaped(hex.as_bytes());
        }
    }

    fn add_escaped(&mut self, value: &[u8]) {
        let mut value = FoldedText::of(value);
        for _ in 0..=MAX_ESCAPES {
            let bytes = value.bytes();
            let is_number = bytes.len() == MIN_BYTES && bytes.iter().all(u8::is_ascii_digit);
            if bytes.len() >= MIN_BYTES && !is_number && !self.0.contains(&bytes) {
                self.0.push(bytes);
            }
            value = value.decode();
        }
    }
}
