//! Responses in JSON.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::response::ExportResponse;

/// The response of any signal. Other members are skipped without memory.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct JsonResponse {
    #[serde(rename = "partialSuccess", alias = "partial_success")]
    partial: Option<PartialSuccess>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PartialSuccess {
    #[serde(
        rename = "rejectedSpans",
        alias = "rejectedDataPoints",
        alias = "rejectedLogRecords",
        alias = "rejected_spans",
        alias = "rejected_data_points",
        alias = "rejected_log_records"
    )]
    rejected: RejectedCount,
    #[serde(rename = "errorMessage", alias = "error_message")]
    message: Option<String>,
}

impl From<JsonResponse> for ExportResponse {
    fn from(response: JsonResponse) -> Self {
        let PartialSuccess { rejected: RejectedCount(rejected), message } =
            response.partial.unwrap_or_default();
        Self { rejected, message: message.unwrap_or_default(), code: None }
    }
}

/// A number of items. The Protocol Buffers JSON mapping requires a string, and servers send a
/// number in practice. A negative number and any other value are zero.
#[derive(Default)]
struct RejectedCount(u64);

impl<'de> Deserialize<'de> for RejectedCount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RejectedCountVisitor)
    }
}

struct RejectedCountVisitor;

impl<'de> Visitor<'de> for RejectedCountVisitor {
    type Value = RejectedCount;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_u64<E>(self, count: u64) -> Result<RejectedCount, E> {
        Ok(RejectedCount(count))
    }

    fn visit_i64<E>(self, count: i64) -> Result<RejectedCount, E> {
        Ok(RejectedCount(u64::try_from(count).unwrap_or_default()))
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the conversion saturates, and a fraction of an item does not exist"
    )]
    fn visit_f64<E>(self, count: f64) -> Result<RejectedCount, E> {
        Ok(RejectedCount(count as u64))
    }

    fn visit_str<E: de::Error>(self, count: &str) -> Result<RejectedCount, E> {
        match count.parse() {
            Ok(count) => Ok(RejectedCount(count)),
            Err(_) => self.visit_f64(count.parse().unwrap_or_default()),
        }
    }

    fn visit_bool<E>(self, _: bool) -> Result<RejectedCount, E> {
        Ok(RejectedCount::default())
    }

    fn visit_unit<E>(self) -> Result<RejectedCount, E> {
        Ok(RejectedCount::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<RejectedCount, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(RejectedCount::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RejectedCount, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(RejectedCount::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
                let response: JsonResponse = serde_json::from_str(&text).unwrap();
                let expected = ExportResponse { rejected, message: "no".into(), code: None };
                assert_eq!(ExportResponse::from(response), expected, "{text}");
            }
        }
    }
}
