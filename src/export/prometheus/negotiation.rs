//! The choice of the format that a client prefers.
//!
//! See "Content negotiation" in the documentation of Prometheus. Every client receives a page: one
//! that accepts none of the formats receives the oldest one.

use std::cmp::Reverse;

use super::{
    accept::{AcceptEntry, accept_entries},
    page_format::{Escaping, Exposition, PageFormat},
};

/// Returns the format for a client that sends these values of `Accept`.
pub(super) fn negotiate<'h>(lists: impl Iterator<Item = &'h str>) -> PageFormat {
    let entries: Vec<_> = lists.flat_map(accept_entries).collect();
    let mut best = (PageFormat::DEFAULT, None);
    for exposition in Exposition::ALL {
        let matching = entries
            .iter()
            .enumerate()
            .filter_map(|(at, entry)| Some((specificity(entry, exposition)?, Reverse(at), entry)));
        // The most specific entry has the weight of a format, as in RFC 9110, section 12.5.1.
        let Some((specificity, at, entry)) = matching.max_by_key(|(specificity, at, _)| (*specificity, *at))
        else {
            continue;
        };
        let preference = Some((entry.weight, specificity, at));
        if entry.weight > 0 && preference > best.1 {
            let escaping = escaping(entry).filter(|escaping| is_possible(exposition, *escaping));
            let escaping = escaping.unwrap_or(Escaping::Underscores);
            best = (PageFormat { exposition, escaping }, preference);
        }
    }
    best.0
}

/// Returns how exactly an entry describes a format; `None` if it describes other ones.
fn specificity(entry: &AcceptEntry<'_>, exposition: Exposition) -> Option<usize> {
    let media_type = exposition.media_type();
    let of_type = match entry.name.split_once('/')? {
        ("*", "*") => 0,
        (name, "*") if media_type.split_once('/').is_some_and(|(main, _)| main == name) => 1,
        _ if entry.name == media_type => 2,
        _ => return None,
    };
    let mut exact = 0;
    for (name, expected) in exposition.parameters() {
        match entry.parameter(name) {
            Some(value) if value == *expected => exact += 1,
            Some(_) => return None,
            None => {}
        }
    }
    // Without a version, the escaping decides between the versions.
    if exact == 0 && escaping(entry).is_some_and(|escaping| !is_possible(exposition, escaping)) {
        return None;
    }
    Some(of_type + exact)
}

/// Returns the escaping that a client requests. An unknown one is ignored.
fn escaping(entry: &AcceptEntry<'_>) -> Option<Escaping> {
    let name = entry.parameter("escaping")?;
    Escaping::ALL.into_iter().find(|escaping| escaping.as_str() == name)
}

fn is_possible(exposition: Exposition, escaping: Escaping) -> bool {
    escaping != Escaping::AllowUtf8 || exposition.has_utf8_names()
}

#[cfg(test)]
mod tests {
    use test_support::random::Random;

    use super::*;

    fn negotiated(accept: &str) -> String {
        negotiate([accept].into_iter()).content_type()
    }

    const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";
    const OPEN_METRICS: &str =
        "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores";
    const PROTOBUF: &str = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; \
                            encoding=delimited; escaping=underscores";

    #[test]
    fn clients_receive_the_format_that_they_prefer() {
        let utf8 = "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8";
        let text1 = |escaping: &str| format!("text/plain; version=1.0.0; charset=utf-8; escaping={escaping}");
        for (accept, expected) in [
            ("", TEXT),
            ("*/*", TEXT),
            ("text/*", TEXT),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8", TEXT),
            ("image/png", TEXT),
            ("garbage", TEXT),
            (",;=\"", TEXT),
            ("text/plain", TEXT),
            ("text/plain;version=0.0.4", TEXT),
            ("text/plain;version=1.0.0", &text1("underscores")),
            ("text/plain; escaping=allow-utf-8", &text1("allow-utf-8")),
            ("text/plain; escaping=values; version=1.0.0", &text1("values")),
            ("text/plain; version=0.0.4; escaping=allow-utf-8", TEXT),
            ("text/plain; version=7; q=1", TEXT),
            ("application/*", OPEN_METRICS),
            ("application/openmetrics-text", OPEN_METRICS),
            ("APPLICATION/OpenMetrics-Text;VERSION=\"1.0.0\"", OPEN_METRICS),
            ("application/openmetrics-text;version=2.0.0, text/plain;q=0.1", TEXT),
            ("text/plain;q=0.5, application/openmetrics-text", OPEN_METRICS),
            ("application/openmetrics-text, text/plain", OPEN_METRICS),
            ("*/*, application/openmetrics-text", OPEN_METRICS),
            ("*/*, text/plain;q=0", OPEN_METRICS),
            ("application/openmetrics-text;q=0, */*;q=0.1", TEXT),
            ("*/*;q=0", TEXT),
            ("application/openmetrics-text;q=5, text/plain;q=0.1", TEXT),
            // Prometheus 3 by default, with legacy names, and with native histograms.
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
                 application/openmetrics-text;version=0.0.1;q=0.5,\
                 text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
                utf8,
            ),
            ("application/openmetrics-text;version=1.0.0;escaping=underscores;q=0.5,*/*;q=0.1", OPEN_METRICS),
            (
                "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,\
                 application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,*/*;q=0.2",
                PROTOBUF,
            ),
            // Prometheus 2.
            (
                "application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                "application/openmetrics-text; version=0.0.1; charset=utf-8; escaping=underscores",
            ),
            ("application/vnd.google.protobuf;encoding=text;q=1, text/plain;q=0.1", TEXT),
        ] {
            assert_eq!(negotiated(accept), expected, "{accept}");
        }
        assert_eq!(negotiate(["text/plain;q=0.1", "application/*"].into_iter()).content_type(), OPEN_METRICS);
    }

    /// Any text gives a format, and UTF-8 only if the client names it.
    #[test]
    fn random_headers_are_negotiated() {
        const PARTS: [&str; 22] = [
            "text/plain",
            "application/openmetrics-text",
            "application/vnd.google.protobuf",
            "*/*",
            "text/*",
            ";version=1.0.0",
            ";version=0.0.4",
            ";version=0.0.1",
            ";escaping=",
            "allow-utf-8",
            "dots",
            "values",
            ";encoding=delimited",
            ";q=0.5",
            ";q=0",
            ";q=",
            ",",
            "\"",
            "\\",
            " ",
            "=",
            "é",
        ];
        let mut random = Random::new(7);
        for _ in 0..100_000 {
            let mut accept = String::new();
            while let Some(part) = PARTS.get(random.below(PARTS.len() + 4)) {
                accept.push_str(part);
            }
            let format = negotiate([accept.as_str()].into_iter());
            if format.escaping == Escaping::AllowUtf8 {
                assert!(accept.contains("allow-utf-8") && format.exposition.has_utf8_names(), "{accept}");
            }
            if format != PageFormat::DEFAULT {
                let media_type = format.exposition.media_type();
                let main = media_type.split_once('/').unwrap().0;
                assert!(
                    [media_type, &format!("{main}/*"), "*/*"].iter().any(|name| accept.contains(name)),
                    "{accept}"
                );
            }
        }
    }
}
