//! A strict reader of the text formats of Prometheus.

use std::collections::{BTreeMap, BTreeSet};

/// The labels of a sample.
pub type Labels = BTreeMap<String, String>;

/// The samples of a page: a name, labels, and a value.
pub type Samples = BTreeMap<(String, Labels), f64>;

/// The last line of a page in OpenMetrics.
const EOF: &str = "# EOF\n";

/// The types of families, each with the suffixes of its samples.
const TEXT_TYPES: &[(&str, &[&str])] =
    &[("counter", &[""]), ("gauge", &[""]), ("histogram", &["_bucket", "_sum", "_count"])];
const OPEN_METRICS_TYPES: &[(&str, &[&str])] = &[
    ("counter", &["_total"]),
    ("gauge", &[""]),
    ("histogram", &["_bucket", "_sum", "_count"]),
    ("info", &["_info"]),
    ("unknown", &[""]),
];

/// Returns the samples of a page, as text or in OpenMetrics. Panics if a line breaks a rule of the
/// format, if a family has two types or is not in one piece, or if two samples have the same name
/// and labels.
pub fn samples(page: &str) -> Samples {
    let mut samples = Samples::new();
    let mut families = BTreeSet::new();
    let mut family: Option<(String, &[&str], bool)> = None;
    let (page, is_open_metrics) = page.strip_suffix(EOF).map_or((page, false), |page| (page, true));
    let types = if is_open_metrics { OPEN_METRICS_TYPES } else { TEXT_TYPES };
    assert!(page.ends_with('\n') || page.is_empty(), "the last line has no end");
    for line in page.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            let (keyword, rest) = comment.split_once(' ').unwrap();
            let (name, rest) = name(rest, is_metric_name).unwrap_or_else(|| panic!("no name: {line}"));
            let rest = rest.strip_prefix(' ').unwrap_or_else(|| panic!("no value: {line}"));
            match keyword {
                "HELP" => assert!(unescape(rest, is_open_metrics).is_some(), "{line}"),
                "UNIT" if is_open_metrics => assert!(name.ends_with(&format!("_{rest}")), "{line}"),
                "TYPE" => {
                    let found = types.iter().find(|(name, _)| *name == rest);
                    let (_, suffixes) = found.unwrap_or_else(|| panic!("no type: {line}"));
                    assert!(families.insert(name.clone()), "two families: {line}");
                    family = Some((name, suffixes, rest == "histogram"));
                }
                _ => panic!("{line}"),
            }
            continue;
        }
        let (name, labels, value) = sample(line).unwrap_or_else(|| panic!("not a sample: {line}"));
        let (family, suffixes, is_histogram) = family.as_ref().unwrap_or_else(|| panic!("no family: {line}"));
        assert!(suffixes.iter().any(|suffix| name == format!("{family}{suffix}")), "{family}: {line}");
        let bound = labels.get("le").filter(|_| *is_histogram);
        assert_eq!(bound.is_some(), *is_histogram && name.ends_with("_bucket"), "{line}");
        if let Some(bound) = bound.filter(|_| is_open_metrics) {
            assert!(bound.contains(['.', 'e', 'I']), "the bound is not canonical: {line}");
        }
        assert!(samples.insert((name, labels), value).is_none(), "twice: {line}");
    }
    samples
}

/// Returns the samples with the bounds of buckets as [`bound`] writes them: they differ in the
/// formats.
pub fn with_equal_bounds(samples: Samples) -> Samples {
    let equal = samples.into_iter().map(|((name, mut labels), value)| {
        if let Some(text) = labels.get_mut("le")
            && let Some(number) = number(text)
            && name.ends_with("_bucket")
        {
            *text = bound(number);
        }
        ((name, labels), value)
    });
    equal.collect()
}

/// Returns the text of a bound.
pub fn bound(number: f64) -> String {
    number.to_string()
}

/// Returns the values of a name with their labels.
pub fn of<'s>(samples: &'s Samples, name: &str) -> Vec<(&'s Labels, f64)> {
    samples
        .iter()
        .filter(|((other, _), _)| other == name)
        .map(|((_, labels), value)| (labels, *value))
        .collect()
}

fn sample(line: &str) -> Option<(String, Labels, f64)> {
    let mut labels = Labels::new();
    // A name in quotes is in the braces of the labels.
    let (name, mut rest) = if let Some(inner) = line.strip_prefix('{') {
        let (name, rest) = name(inner, is_metric_name)?;
        (name, rest.strip_prefix(',').or(rest.starts_with('}').then_some(rest))?)
    } else {
        let (name, rest) = name(line, is_metric_name)?;
        match rest.strip_prefix('{') {
            Some(inner) => (name, inner),
            None => return Some((name, labels, number(rest.strip_prefix(' ')?)?)),
        }
    };
    while !rest.starts_with('}') {
        let (label, quoted) = self::name(rest, is_label_name)?;
        let quoted = quoted.strip_prefix("=\"")?;
        let length = end_of_quoted(quoted)?;
        let value = unescape(&quoted[..length], true)?;
        if label == "__name__" || labels.insert(label, value).is_some() {
            return None;
        }
        rest = &quoted[length + 1..];
        rest = rest.strip_prefix(',').or(rest.starts_with('}').then_some(rest))?;
    }
    Some((name, labels, number(rest[1..].strip_prefix(' ')?)?))
}

fn number(text: &str) -> Option<f64> {
    text.replace("Inf", "inf").parse().ok()
}

/// Returns a name and the text behind it. Only names that need quotes are in quotes.
fn name(text: &str, is_plain: impl Fn(&str) -> bool) -> Option<(String, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        let length = end_of_quoted(quoted)?;
        let name = unescape(&quoted[..length], true)?;
        return (!is_plain(&name) && !name.is_empty()).then_some((name, &quoted[length + 1..]));
    }
    let end = text.find(['{', ' ', '=']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    is_plain(name).then(|| (name.to_owned(), rest))
}

/// Returns the position of the quote that ends a value.
fn end_of_quoted(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.bytes().position(|byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    })
}

fn unescape(text: &str, is_value: bool) -> Option<String> {
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        plain.push(match c {
            '\\' => match characters.next()? {
                'n' => '\n',
                '\\' => '\\',
                '"' if is_value => '"',
                _ => return None,
            },
            '\0' => return None,
            c => c,
        });
    }
    Some(plain)
}

fn is_metric_name(name: &str) -> bool {
    is_label_name(&name.replace(':', "_"))
}

fn is_label_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
