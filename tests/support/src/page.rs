//! A strict reader of the text format of Prometheus.

use std::collections::{BTreeMap, BTreeSet};

/// The labels of a sample.
pub type Labels = BTreeMap<String, String>;

/// The samples of a page: a name, labels, and a value.
pub type Samples = BTreeMap<(String, Labels), f64>;

/// Returns the samples of a page. Panics if a line breaks a rule of the format, if a family has two
/// types or is not in one piece, or if two samples have the same name and labels.
pub fn samples(page: &str) -> Samples {
    let mut samples = Samples::new();
    let mut families = BTreeSet::new();
    let mut family: Option<(String, String)> = None;
    assert!(page.ends_with('\n') || page.is_empty(), "the last line has no end");
    for line in page.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            let mut words = comment.splitn(3, ' ');
            let (keyword, name, rest) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
            assert!(is_metric_name(name), "{line}");
            match keyword {
                "HELP" => assert!(unescape(rest, false).is_some(), "{line}"),
                "TYPE" => {
                    assert!(["counter", "gauge", "histogram"].contains(&rest), "{line}");
                    assert!(families.insert(name.to_owned()), "two families: {line}");
                    family = Some((name.to_owned(), rest.to_owned()));
                }
                _ => panic!("{line}"),
            }
            continue;
        }
        let (name, labels, value) = sample(line).unwrap_or_else(|| panic!("not a sample: {line}"));
        let (family, kind) = family.as_ref().unwrap_or_else(|| panic!("no family: {line}"));
        let suffixes: &[&str] = if kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
        assert!(suffixes.iter().any(|suffix| name == format!("{family}{suffix}")), "{family}: {line}");
        let is_bucket = kind == "histogram" && name.ends_with("_bucket");
        assert!(kind != "histogram" || labels.contains_key("le") == is_bucket, "{line}");
        assert!(samples.insert((name, labels), value).is_none(), "twice: {line}");
    }
    samples
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
    let end = line.find(['{', ' '])?;
    let name = &line[..end];
    if !is_metric_name(name) {
        return None;
    }
    let mut labels = Labels::new();
    let mut rest = &line[end..];
    if let Some(mut inner) = rest.strip_prefix('{') {
        loop {
            let (label, quoted) = inner.split_once("=\"")?;
            let length = end_of_quoted(quoted)?;
            let value = unescape(&quoted[..length], true)?;
            let is_new = labels.insert(label.to_owned(), value).is_none();
            if !is_new || !is_label_name(label) || label.starts_with("__") {
                return None;
            }
            inner = &quoted[length + 1..];
            match inner.as_bytes().first()? {
                b',' => inner = &inner[1..],
                b'}' => break,
                _ => return None,
            }
        }
        rest = &inner[1..];
    }
    let value = rest.strip_prefix(' ')?;
    let value = value.replace("Inf", "inf").parse().ok()?;
    Some((name.to_owned(), labels, value))
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
