//! The secrets of a destination, and their removal from the text of others.

use std::{collections::HashSet, sync::OnceLock};

use super::{
    folded_text::FoldedText,
    secret_forms::{MAX_ESCAPES, MIN_BYTES_INSIDE_WORD, SecretForms},
};
use crate::{
    config::{OtlpSettings, Proxies},
    text::floor_char_boundary,
};

/// Replaces a secret.
const MASK: &[u8] = b"***";

/// The length of the parts of a secret that are searched for. A server may repeat a secret in part,
/// or cut it off.
const PART_BYTES: usize = 8;

/// The longest text that is searched; the rest is cut off.
const MAX_TEXT_BYTES: usize = 16 * 1024;

/// The longest text of a server in a message, in characters.
const MAX_CHARS: usize = 240;

/// The configured values that no message may contain: headers, credentials of the proxy, the query
/// of the endpoint.
///
/// A server may repeat a request in its response, so each text from the network passes
/// [`clean`](Self::clean).
#[derive(Default)]
pub(crate) struct Secrets {
    headers: Vec<String>,
    /// The values of the parameters in the query.
    parameters: Vec<String>,
    /// The bytes to search for. Most responses have no text, so most programs never need them.
    forms: OnceLock<SecretForms>,
}

/// Omits the values.
impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secrets").finish_non_exhaustive()
    }
}

impl Secrets {
    /// Returns the secrets of a destination.
    pub(crate) fn new(settings: &OtlpSettings, proxies: &Proxies) -> Self {
        let mut headers: Vec<_> = settings.headers.values().map(|value| value.expose().to_owned()).collect();
        let proxy = proxies.proxy_for(settings);
        let authorization = proxy.as_ref().and_then(|proxy| proxy.basic_auth()?.to_str().ok());
        headers.extend(authorization.map(ToOwned::to_owned));
        let parameters = settings.endpoint.uri().query().into_iter().flat_map(|query| query.split('&'));
        let value =
            |parameter: &str| parameter.split_once('=').map_or(parameter, |(_, value)| value).to_owned();
        Self { headers, parameters: parameters.map(value).collect(), forms: OnceLock::new() }
    }

    fn forms(&self) -> &[Vec<u8>] {
        let forms = self.forms.get_or_init(|| {
            let mut forms = SecretForms::default();
            self.headers.iter().for_each(|value| forms.add_header(value));
            self.parameters.iter().for_each(|value| forms.add(value.as_bytes()));
            forms
        });
        forms.as_slice()
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
        if text.is_empty() || self.forms().is_empty() {
            return text.to_owned();
        }
        let (long, short): (Vec<_>, Vec<_>) =
            self.forms().iter().partition(|value| value.len() >= PART_BYTES);
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
        let headers = headers.iter().map(|value| (*value).to_owned()).collect();
        Secrets { headers, ..Secrets::default() }
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
