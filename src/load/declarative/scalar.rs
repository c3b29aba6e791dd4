//! Scalars by the core schema of YAML 1.2.

use super::node::Content;

/// The type that a tag requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tagged {
    Null,
    Boolean,
    Integer,
    Float,
    Text,
}

/// Returns the content of a plain scalar.
pub(super) fn plain(text: &str) -> Content {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Content::Null,
        "true" | "True" | "TRUE" => Content::Boolean(true),
        "false" | "False" | "FALSE" => Content::Boolean(false),
        _ => number(text).unwrap_or_else(|| Content::Text(text.to_owned())),
    }
}

/// Returns the content of a scalar with a tag; `None` if the text does not fit.
pub(super) fn tagged(tag: Tagged, text: &str) -> Option<Content> {
    let content = plain(text);
    match (tag, &content) {
        (Tagged::Text, _) => Some(Content::Text(text.to_owned())),
        (Tagged::Null, Content::Null)
        | (Tagged::Boolean, Content::Boolean(_))
        | (Tagged::Integer, Content::Integer(_))
        | (Tagged::Float, Content::Float(_)) => Some(content),
        #[expect(clippy::cast_precision_loss, reason = "the text asks for it")]
        (Tagged::Float, Content::Integer(value)) => Some(Content::Float(*value as f64)),
        _ => None,
    }
}

fn number(text: &str) -> Option<Content> {
    let of_radix = |digits: &str, radix: u32| {
        let is_good = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
        // A larger number than any key accepts.
        is_good.then(|| {
            i64::from_str_radix(digits, radix).map_or(Content::Float(f64::INFINITY), Content::Integer)
        })
    };
    if let Some(digits) = text.strip_prefix("0o") {
        return of_radix(digits, 8);
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return of_radix(digits, 16);
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
        return Some(Content::Float(sign * f64::INFINITY));
    }
    if matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Some(Content::Float(f64::NAN));
    }
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_digits(unsigned)
        && let Ok(value) = text.strip_prefix('+').unwrap_or(text).parse::<i64>()
    {
        return Some(Content::Integer(value));
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let is_exponent = |text: &str| is_digits(text.strip_prefix(['+', '-']).unwrap_or(text));
    let is_mantissa = match mantissa.split_once('.') {
        Some(("", fraction)) => is_digits(fraction),
        Some((whole, fraction)) => is_digits(whole) && (fraction.is_empty() || is_digits(fraction)),
        None => is_digits(mantissa),
    };
    if !is_mantissa || !exponent.is_none_or(is_exponent) {
        return None;
    }
    text.parse().ok().map(Content::Float)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_have_the_types_of_the_core_schema() {
        for text in ["", "~", "null", "Null", "NULL"] {
            assert_eq!(plain(text), Content::Null, "{text}");
        }
        for (text, value) in
            [("true", true), ("True", true), ("TRUE", true), ("false", false), ("FALSE", false)]
        {
            assert_eq!(plain(text), Content::Boolean(value), "{text}");
        }
        for (text, value) in
            [("0", 0), ("-7", -7), ("+7", 7), ("007", 7), ("0o17", 15), ("0xdeadbeef", 3_735_928_559)]
        {
            assert_eq!(plain(text), Content::Integer(value), "{text}");
        }
        for (text, value) in [("1.5", 1.5), (".5", 0.5), ("5.", 5.0), ("1e3", 1000.0), ("-1.5E-1", -0.15)] {
            assert_eq!(plain(text), Content::Float(value), "{text}");
        }
        assert_eq!(plain("-.inf"), Content::Float(f64::NEG_INFINITY));
        assert!(matches!(plain(".NaN"), Content::Float(value) if value.is_nan()));
        for text in [
            "yes", "no", "on", "off", "1_000", "1:30", "0x", "0o9", "1e", ".", "-", "tRUE", "nULL", "inf",
            "NaN", "0b1",
        ] {
            assert_eq!(plain(text), Content::Text(text.to_owned()), "{text}");
        }
    }

    #[test]
    fn tag_decides_about_the_type() {
        assert_eq!(tagged(Tagged::Text, "5"), Some(Content::Text("5".to_owned())));
        assert_eq!(tagged(Tagged::Float, "5"), Some(Content::Float(5.0)));
        assert_eq!(tagged(Tagged::Integer, "a"), None);
        assert_eq!(tagged(Tagged::Null, ""), Some(Content::Null));
    }
}
