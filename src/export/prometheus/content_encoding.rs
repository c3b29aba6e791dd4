//! The header `Accept-Encoding`.

use super::accept::accept_entries;

/// Returns whether a response may be compressed with gzip, and the client does not prefer a plain
/// one.
pub(super) fn accepts_gzip<'h>(lists: impl Iterator<Item = &'h str>) -> bool {
    let (mut gzip, mut identity, mut any) = (None, None, None);
    for entry in lists.flat_map(accept_entries) {
        match &*entry.name {
            "gzip" | "x-gzip" => gzip = gzip.max(Some(entry.weight)),
            "identity" => identity = Some(entry.weight),
            "*" => any = Some(entry.weight),
            _ => {}
        }
    }
    let gzip = gzip.or(any).unwrap_or(0);
    gzip > 0 && gzip >= identity.unwrap_or(0)
}

#[cfg(test)]
mod tests {
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
            assert_eq!(accepts_gzip([text].into_iter()), expected, "{text}");
        }
        assert!(!accepts_gzip([].into_iter()));
        assert!(accepts_gzip(["deflate", "gzip"].into_iter()));
    }
}
