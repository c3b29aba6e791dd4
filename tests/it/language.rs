//! The language of the project: plain words in documentation, messages, comments and names.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The columns up to which a comment may extend.
const COLUMNS: usize = 100;

/// Words and phrases with a plain alternative. Names that contain one of them count too.
const BANNED: &[&str] = &[
    "anew",
    "anybody",
    "census",
    "fanout",
    "hither",
    "is said",
    "nobody",
    "one's own",
    "somebody",
    "spoken",
    "tally",
    "told",
    "voice",
    "who",
    "whoever",
];

/// First words of a doc comment that a verb or a noun phrase replaces.
const BANNED_OPENINGS: &[&str] = &["How", "What", "Whether", "Who"];

/// Directories and files that the words are searched in.
const PLACES: &[&str] = &[
    "src",
    "cli",
    "examples",
    "benches",
    "config-examples",
    "docs",
    "README.md",
    "CHANGELOG.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "RELEASING.md",
    "SECURITY.md",
];

#[derive(Debug, PartialEq, Eq)]
struct Finding {
    line: usize,
    message: String,
}

/// Returns the files below `path` that contain text for readers.
fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        let extension = path.extension().and_then(|extension| extension.to_str());
        let is_text = matches!(extension, Some("rs" | "md" | "toml" | "yaml"));
        return if is_text { vec![path.to_owned()] } else { Vec::new() };
    }
    let mut entries: Vec<_> =
        fs::read_dir(path).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    entries.retain(|entry| entry.file_name().is_none_or(|name| name != "target"));
    entries.sort();
    entries.iter().flat_map(|entry| files(entry)).collect()
}

/// Splits a text into lower-case words with their lines. Names are split at `_` and before
/// capitals.
fn words(text: &str) -> Vec<(usize, String)> {
    let mut words = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let (mut word, mut was_lower) = (String::new(), false);
        for c in line.chars().chain(Some(' ')) {
            let is_start = !c.is_alphabetic() || (c.is_uppercase() && was_lower);
            if is_start && !word.is_empty() {
                words.push((index + 1, std::mem::take(&mut word)));
            }
            if c.is_alphabetic() {
                word.extend(c.to_lowercase());
            }
            was_lower = c.is_lowercase();
        }
    }
    words
}

/// Finds the banned words and phrases of a text, also across line breaks.
fn banned_words(text: &str) -> Vec<Finding> {
    let words = words(text);
    let mut findings = Vec::new();
    for phrase in BANNED {
        let parts: Vec<&str> = phrase.split([' ', '\'']).collect();
        for window in words.windows(parts.len()) {
            if window.iter().map(|(_, word)| word.as_str()).eq(parts.iter().copied()) {
                findings.push(Finding { line: window[0].0, message: format!("\"{phrase}\"") });
            }
        }
    }
    findings
}

/// Finds doc comments of Rust code whose first word is not a verb or a noun phrase.
fn banned_openings(text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut previous = None;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_start();
        let marker = ["///", "//!"].into_iter().find(|marker| line.starts_with(marker));
        let opening = marker.map(|marker| line[marker.len()..].trim_start());
        let opening = opening.and_then(|text| text.split(|c: char| !c.is_alphabetic()).next());
        if let Some(opening) = opening
            && previous != marker
            && BANNED_OPENINGS.contains(&opening)
        {
            let message = format!("a doc comment begins with \"{opening}\"");
            findings.push(Finding { line: index + 1, message });
        }
        previous = marker;
    }
    findings
}

/// Finds comments of Rust code that are too long.
fn long_comments(text: &str) -> Vec<Finding> {
    let is_long = |line: &str| line.chars().count() > COLUMNS;
    let has_comment = |line: &str| line.trim_start().starts_with("//") || line.contains(" // ");
    let long = text.lines().enumerate().filter(|(_, line)| has_comment(line) && is_long(line));
    long.map(|(index, line)| {
        let columns = line.chars().count();
        Finding { line: index + 1, message: format!("a comment has {columns} columns") }
    })
    .collect()
}

#[test]
fn text_of_the_project_uses_plain_words() {
    let mut report = String::new();
    let mut counts = BTreeMap::<_, u32>::new();
    for path in PLACES.iter().flat_map(|place| files(&Path::new(ROOT).join(place))) {
        // The name of a project and of a type.
        let text = fs::read_to_string(&path).unwrap().replace("OpenCensus", "");
        let path = path.strip_prefix(ROOT).unwrap();
        let mut findings = banned_words(&text);
        if path.extension().is_some_and(|extension| extension == "rs") {
            findings.extend(banned_openings(&text));
            findings.extend(long_comments(&text));
        }
        findings.sort_by_key(|finding| finding.line);
        for Finding { line, message } in findings {
            writeln!(report, "{}:{line}: {message}", path.display()).unwrap();
            let directory: PathBuf = path.iter().take(2).collect();
            *counts.entry(directory).or_default() += 1;
        }
    }
    for (directory, count) in &counts {
        writeln!(report, "{count:5} in {}", directory.display()).unwrap();
    }
    assert!(counts.is_empty(), "use other words (see CONTRIBUTING.md, Language):\n{report}");
}

fn lines(findings: &[Finding]) -> Vec<usize> {
    findings.iter().map(|finding| finding.line).collect()
}

#[test]
fn banned_words_are_found_in_names_and_across_lines() {
    let text = "an invoice, a whole voicemail\nfn is_told() { toldYou() }\n// it is\n// said; one's\n// own";
    let mut found = lines(&banned_words(text));
    found.sort_unstable();
    assert_eq!(found, [2, 2, 3, 4]);
    assert_eq!(banned_words("whose whoami retold invoices"), []);
}

#[test]
fn banned_openings_are_found_in_the_first_line_only() {
    let text = "//! What it is.\n\n/// Returns\n/// What is asked.\nfn x() {}\n    /// Whether.\n// How";
    assert_eq!(lines(&banned_openings(text)), [1, 6]);
}

#[test]
fn long_comments_are_counted_in_columns() {
    let fits = format!("// {}", "ä".repeat(COLUMNS - 3));
    let text = format!("{fits}\n{fits}ä\nlet x = 1; {fits}\nlet x = \"{}\";", "x".repeat(COLUMNS));
    assert_eq!(lines(&long_comments(&text)), [2, 3]);
}
