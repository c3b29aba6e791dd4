//! The text of a file, in whatever encoding it is.

use crate::error::Problem;

const HELP: &str = "save the file as UTF-8";

/// The text of a file. Text in another encoding than UTF-8 is a problem, but it is decoded as well
/// as possible, so that its other problems can be found.
pub(super) struct Decoded {
    pub(super) text: String,
    /// The byte offset in `text`, and the problem.
    pub(super) problem: Option<(usize, Problem)>,
}

impl Decoded {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        let utf16 = |read: fn([u8; 2]) -> u16| -> Vec<u16> {
            bytes.chunks_exact(2).map(|unit| read([unit[0], unit[1]])).collect()
        };
        let units = match *bytes.as_slice() {
            // Without a byte order mark, ASCII characters show the encoding.
            [0xFF, 0xFE, ..] | [1..=127, 0, 1..=127, 0, ..] => utf16(u16::from_le_bytes),
            [0xFE, 0xFF, ..] | [0, 1..=127, 0, 1..=127, ..] => utf16(u16::from_be_bytes),
            _ => return Self::from_utf8(bytes),
        };
        let problem = Problem::new("the file is encoded as UTF-16, not UTF-8").with_help(HELP);
        let text = String::from_utf16_lossy(&units).trim_start_matches('\u{feff}').to_owned();
        Self { text, problem: Some((0, problem)) }
    }

    fn from_utf8(bytes: Vec<u8>) -> Self {
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).map(<[u8]>::to_vec).unwrap_or(bytes);
        let error = match String::from_utf8(bytes) {
            Ok(text) => return Self { text, problem: None },
            Err(error) => error,
        };
        let (bytes, offset) = (error.as_bytes(), error.utf8_error().valid_up_to());
        let message = format!("the file is not valid UTF-8: byte 0x{:02X}", bytes[offset]);
        let problem = Problem::new(message).with_help(HELP);
        Self { text: String::from_utf8_lossy(bytes).into_owned(), problem: Some((offset, problem)) }
    }
}
