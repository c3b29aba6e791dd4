//! The secrets of a destination, and their removal from the text of others.

use std::collections::HashSet;

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};

use super::folded_text::FoldedText;
use crate::{
    config::{OtlpSettings, Proxies},
    text::floor_char_boundary,
};

/// Replaces a secret.
const MASK: &[u8] = b"***";

/// The length of the parts of a secret that are searched for. A server may repeat a secret in part,
/// or cut it off.
const PART_BYTES: usize = 8;

/// The length of a secret that is masked inside a word.
const MIN_BYTES_INSIDE_WORD: usize = 4;

/// The length of the shortest secret. Shorter values and short numbers, such as the identifier of a
/// tenant, also occur in other text.
const MIN_BYTES: usize = 3;

/// The longest text that is searched; the rest is cut off.
const MAX_TEXT_BYTES: usize = 16 * 1024;

/// The longest text of a server in a message, in characters.
const MAX_CHARS: usize = 240;

/// The times that escape sequences are decoded, one inside the other.
const MAX_ESCAPES: usize = 2;

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

/// The configured values that no message may contain: headers, credentials of the proxy, the query
/// of the endpoint.
///
/// A server may repeat a request in its response, so each text from the network passes
/// [`clean`](Self::clean).
#[derive(Default)]
pub(crate) struct Secrets {
    /// Their bytes, folded like those of [`FoldedText`].
    values: Vec<Vec<u8>>,
}

/// Omits the values.
impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secrets").field("count", &self.values.len()).finish()
    }
}

impl Secrets {
    /// Returns the secrets of a destination.
    pub(crate) fn new(settings: &OtlpSettings, proxies: &Proxies) -> Self {
        let mut secrets = Self::default();
        for value in settings.headers.values() {
            secrets.add_header(value.expose());
        }
        let proxy = proxies.proxy_for(settings);
        if let Some(authorization) = proxy.as_ref().and_then(|proxy| proxy.basic_auth()?.to_str().ok()) {
            secrets.add_header(authorization);
        }
        if let Some(query) = settings.endpoint.uri().query() {
            for parameter in query.split('&') {
                let value = parameter.split_once('=').map_or(parameter, |(_, value)| value);
                secrets.add(value.as_bytes());
            }
        }
        secrets
    }

    /// Adds the value of a header, and the credentials in it.
    fn add_header(&mut self, value: &str) {
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
    fn add(&mut self, value: &[u8]) {
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
            if bytes.len() >= MIN_BYTES && !is_number && !self.values.contains(&bytes) {
                self.values.push(bytes);
            }
            value = value.decode();
        }
    }

    /// Returns a text from the network as a part of a message: without the secrets, on one line,
    /// and not too long.
    pub(crate) fn clean(&self, text: &str) -> String {
        let text = self.mask(text[..floor_char_boundary(text, MAX_TEXT_BYTES)].trim());
        let text: String =
            text.chars().map(|c| if is_invisible(c) { ' ' } else { c }).take(MAX_CHARS).collect();
        text.trim().to_owned()
    }

    fn mask(&self, text: &str) -> String {
        // Most responses have no text.
        if text.is_empty() || self.values.is_empty() {
            return text.to_owned();
        }
        let (long, short): (Vec<_>, Vec<_>) = self.values.iter().partition(|value| value.len() >= PART_BYTES);
        let parts: HashSet<&[u8]> = long.iter().flat_map(|value| value.windows(PART_BYTES)).collect();
        let mut is_masked = vec![false; text.len()];
        let mut decoded = FoldedText::of(text.as_bytes());
        for _ in 0..=MAX_ESCAPES {
            let bytes = decoded.bytes();
            for (at, window) in bytes.windows(PART_BYTES).enumerate() {
                if parts.contains(window) {
                    is_masked[decoded.range(at, PART_BYTES)].fill(true);
                }
            }
            for value in &short {
                for (at, window) in bytes.windows(value.len()).enumerate() {
                    if window == value.as_slice()
                        && (value.len() >= MIN_BYTES_INSIDE_WORD || is_word(&bytes, at, value.len()))
                    {
                        is_masked[decoded.range(at, value.len())].fill(true);
                    }
                }
            }
            decoded = decoded.decode();
        }
        let mut masked = Vec::with_capacity(text.len());
        for (at, byte) in text.bytes().enumerate() {
            if !is_masked[at] {
                masked.push(byte);
            } else if at == 0 || !is_masked[at - 1] {
                masked.extend_from_slice(MASK);
            }
        }
        String::from_utf8_lossy(&masked).into_owned()
    }
}

/// Returns `true` for a character that ends a line, or changes the order or the look of others.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}')
}

/// Returns `true` if no letter or digit touches this part of a text.
fn is_word(bytes: &[u8], at: usize, length: usize) -> bool {
    let touches = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    !touches(at.checked_sub(1).and_then(|before| bytes.get(before))) && !touches(bytes.get(at + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(headers: &[&str]) -> Secrets {
        let mut secrets = Secrets::default();
        for value in headers {
            secrets.add_header(value);
        }
        secrets
    }

    #[test]
    fn clean_masks_any_form_of_a_secret() {
        let secrets =
            secrets(&["Bearer abcdefgh-IJKLMNOP/1", "Basic dXNlcjpodW50ZXIy", "x1y", "key=opensesame", "1"]);
        for (text, cleaned) in [
            ("bad Bearer abcdefgh-IJKLMNOP/1!", "bad Bearer ***!"),
            ("bad ABCDEFGH-ijklmnop%2F1", "bad ***"),
            (r"bad abcdefgh-IJKLMNOP\/1", "bad ***"),
            ("bad abcdefgh-I...", "bad ***..."),
            ("Bearer token expired", "Bearer token expired"),
            ("user:hunter2@c, hunter2", "***@c, ***"),
            ("x1y of x1yz, HTTP/1.1", "*** of x1yz, HTTP/1.1"),
            ("no opensesame", "no ***"),
            ("first\nsecond", "first second"),
            ("\u{202e}first\u{2028}second\u{2066}", "first second"),
            ("got QmVhcmVyIGFiY2RlZmdoLUlKS0xNTk9QLzE=", "got QmVhcmVyIG***="),
            ("got 61626364656667682D494A4B4C4D4E4F502F31", "got ***"),
            ("got abcdefgh+IJKLMNOP_1", "got ***"),
            ("größer: abcdefgh-IJKLMNOP/1 €", "größer: *** €"),
        ] {
            assert_eq!(secrets.clean(text), cleaned, "{text}");
        }
    }

    #[test]
    fn clean_limits_the_length() {
        let secrets = secrets(&["Bearer abcdefghij"]);
        let long = secrets.clean(&"x".repeat(1 << 20));
        assert_eq!(long.len(), MAX_CHARS);
        let cut = format!("{}abcdefghij", "abcdefghij".repeat(MAX_TEXT_BYTES / 10));
        assert!(!secrets.clean(&cut).contains("abcdefgh"));
        assert_eq!(Secrets::default().clean(&"ä".repeat(300)).chars().count(), MAX_CHARS);
    }
}
