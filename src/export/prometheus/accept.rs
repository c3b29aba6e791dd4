//! The header `Accept-Encoding`.

use http::{HeaderMap, header::ACCEPT_ENCODING};

/// Returns whether a response may be compressed with gzip, and the client does not prefer a plain
/// one.
pub(super) fn accepts_gzip(headers: &HeaderMap) -> bool {
    let (mut gzip, mut identity, mut any) = (None, None, None);
    for value in headers.get_all(ACCEPT_ENCODING) {
        // A header that is not ASCII names no encoding.
        for entry in value.to_str().unwrap_or_default().split(',') {
            let mut parameters = entry.split(';').map(str::trim);
            let coding = parameters.next().unwrap_or_default().to_ascii_lowercase();
            let weight = weight(parameters);
            match coding.as_str() {
                "gzip" | "x-gzip" => gzip = gzip.max(Some(weight)),
                "identity" => identity = Some(weight),
                "*" => any = Some(weight),
                _ => {}
            }
        }
    }
    let gzip = gzip.or(any).unwrap_or(0);
    gzip > 0 && gzip >= identity.unwrap_or(0)
}

/// Returns the weight in thousandths; 0 if it is not a number from 0 to 1.
fn weight<'h>(parameters: impl Iterator<Item = &'h str>) -> u16 {
    let weights = parameters.filter_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim_end().eq_ignore_ascii_case("q").then(|| value.trim_start())
    });
    let Some(text) = weights.last() else { return 1000 };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return 0;
    }
    match (whole, format!("{fraction:0<3}").parse()) {
        ("0", Ok(thousandths)) => thousandths,
        ("1", Ok(0)) => 1000,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn gzip_follows_the_weights() {
        for (text, expected) in [
            ("gzip", true),
            ("GZIP", true),
            ("deflate, gzip;q=0.5", true),
            ("*", true),
            ("x-gzip", true),
            ("gzip ; q=0.001", true),
            ("gzip;q=1.000, identity;q=0.5", true),
            ("identity;q=0, *;q=0.5", true),
            ("", false),
            ("identity", false),
            ("deflate, br", false),
            ("gzip;q=0", false),
            ("gzip;q=0.0", false),
            ("*;q=0", false),
            ("gzip;q=0, *", false),
            ("gzip;q=0.5, identity;q=1", false),
            ("gzip;q=2", false),
            ("gzip;q=x", false),
            ("gzip;q=0.0001", false),
            (",;,=;", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(text));
            assert_eq!(accepts_gzip(&headers), expected, "{text}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
        let mut headers = HeaderMap::new();
        headers.append(ACCEPT_ENCODING, HeaderValue::from_static("deflate"));
        headers.append(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        assert!(accepts_gzip(&headers));
    }
}
