//! Responses in JSON.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::response::ExportResponse;

/// Returns `true` if the content begins with a JSON object. Some servers add bytes after it.
pub(super) fn is_json_object(content: &[u8]) -> bool {
    let text = text(content);
    text.starts_with('{') && first_value::<IgnoredAny>(&text).is_ok()
}

/// Decodes the response of any signal, or returns `None` if it has another form. A fault of the
/// message does not hide the number of rejected items.
pub(super) fn decode(content: &[u8]) -> Option<ExportResponse> {
    let text = text(content);
    let members = first_value::<Members<Response>>(&text)
        // A text may contain half a surrogate pair. A private character takes its place.
        .or_else(|_| first_value(&text.replace("\\uD", "\\ue").replace("\\ud", "\\ue")))
        .ok()?;
    let Response(PartialSuccess { rejected, message }) = members.0;
    Some(ExportResponse { rejected, message, code: None })
}

/// Returns the text without a byte order mark.
fn text(content: &[u8]) -> Cow<'_, str> {
    let content = content.trim_ascii_start();
    String::from_utf8_lossy(content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content).trim_ascii_start())
}

fn first_value<'t, T: Deserialize<'t>>(text: &'t str) -> serde_json::Result<T> {
    T::deserialize(&mut serde_json::Deserializer::from_str(text))
}

/// The members of an object, some of which may occur more than once or under several names.
trait Merge: Default {
    /// Reads the value of a member that has a meaning, and returns `false` for any other name.
    fn merge<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error>;
}

#[derive(Default)]
struct Response(PartialSuccess);

impl Merge for Response {
    fn merge<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
        if !matches!(name, "partialSuccess" | "partial_success") {
            return Ok(false);
        }
        let Members(PartialSuccess { rejected, message }) = map.next_value()?;
        self.0.add(rejected, message);
        Ok(true)
    }
}

#[derive(Default)]
struct PartialSuccess {
    rejected: u64,
    message: String,
}

impl PartialSuccess {
    /// Keeps the larger number and the longer message.
    fn add(&mut self, rejected: u64, message: String) {
        self.rejected = self.rejected.max(rejected);
        if message.len() > self.message.len() {
            self.message = message;
        }
    }
}

impl Merge for PartialSuccess {
    fn merge<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
        match name {
            "rejectedSpans"
            | "rejectedDataPoints"
            | "rejectedLogRecords"
            | "rejected_spans"
            | "rejected_data_points"
            | "rejected_log_records" => {
                self.add(map.next_value::<Scalar>()?.count, String::new());
            }
            "errorMessage" | "error_message" => self.add(0, map.next_value::<Scalar>()?.text),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// Reads an object, or `null` as an empty one. Other members are skipped without memory.
#[derive(Default)]
struct Members<T>(T);

impl<'de, T: Merge> Deserialize<'de> for Members<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MembersVisitor(PhantomData))
    }
}

struct MembersVisitor<T>(PhantomData<T>);

impl<'de, T: Merge> Visitor<'de> for MembersVisitor<T> {
    type Value = Members<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E>(self) -> Result<Members<T>, E> {
        Ok(Members(T::default()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<T>, A::Error> {
        let mut members = T::default();
        while let Some(name) = map.next_key::<Cow<'_, str>>()? {
            if !members.merge(&name, &mut map)? {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Members(members))
    }
}

/// A value of any type, as a number of items and as a text. The Protocol Buffers JSON mapping
/// requires a string for a number, and servers send a number in practice. A negative number and any
/// other value are zero.
#[derive(Default)]
struct Scalar {
    count: u64,
    text: String,
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_u64<E>(self, count: u64) -> Result<Scalar, E> {
        Ok(Scalar { count, text: count.to_string() })
    }

    fn visit_i64<E>(self, count: i64) -> Result<Scalar, E> {
        Ok(Scalar { count: u64::try_from(count).unwrap_or_default(), text: count.to_string() })
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the conversion saturates, and a fraction of an item does not exist"
    )]
    fn visit_f64<E>(self, count: f64) -> Result<Scalar, E> {
        Ok(Scalar { count: count as u64, text: count.to_string() })
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Scalar, E> {
        let number = text.trim();
        let count = match number.parse() {
            Ok(count) => count,
            Err(_) => self.visit_f64::<E>(number.parse().unwrap_or_default())?.count,
        };
        Ok(Scalar { count, text: text.to_owned() })
    }

    fn visit_bool<E>(self, value: bool) -> Result<Scalar, E> {
        Ok(Scalar { count: 0, text: value.to_string() })
    }

    fn visit_unit<E>(self) -> Result<Scalar, E> {
        Ok(Scalar::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Scalar, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar { count: 0, text: "[...]".to_owned() })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar { count: 0, text: "{...}".to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_response_with_faults_keeps_its_count() {
        for (text, message) in [
            (r#"{"partialSuccess":{"rejectedSpans":3,"errorMessage":"\ud800"}}"#, "\u{e800}"),
            (r#"{"partialSuccess":{"rejectedSpans":3,"errorMessage":"\\ud800\uDC00"}}"#, "\\ue800\u{ec00}"),
            (r#"{"partialSuccess":{"rejectedSpans":3,"errorMessage":"\ud83d\ude00"}}"#, "\u{1f600}"),
            (r#"{"\ud800":1,"partialSuccess":{"rejectedSpans":3}} rest"#, ""),
            (r#"{"partialSuccess":{"rejectedSpans":3,"errorMessage":{"a":1}}}"#, "{...}"),
            (r#"{"partialSuccess":{"rejectedSpans":" 3 ","rejectedSpans":1,"errorMessage":7}}"#, "7"),
            ("\u{feff}{\"partialSuccess\":{\"rejectedSpans\":3},\"partialSuccess\":null}", ""),
        ] {
            let expected = ExportResponse { rejected: 3, message: message.into(), code: None };
            assert_eq!(decode(text.as_bytes()), Some(expected), "{text}");
        }
        for text in ["[]", "login please", r#"{"partialSuccess":[3]}"#, "{", ""] {
            assert_eq!(decode(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn json_response_with_any_count_is_decoded() {
        for (count, rejected) in [
            ("3", 3),
            (r#""3""#, 3),
            ("-3", 0),
            ("1e30", u64::MAX),
            (r#""99999999999999999999""#, u64::MAX),
            ("[[1]]", 0),
            ("{}", 0),
            ("null", 0),
        ] {
            for name in ["rejectedSpans", "rejectedDataPoints", "rejected_log_records"] {
                let text =
                    format!(r#"{{"x":[1],"partialSuccess":{{"{name}":{count},"errorMessage":"no"}}}}"#);
                let expected = ExportResponse { rejected, message: "no".into(), code: None };
                assert_eq!(decode(text.as_bytes()), Some(expected), "{text}");
            }
        }
    }
}
