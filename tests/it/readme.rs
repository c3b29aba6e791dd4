//! The README fits on the page of a registry.

use std::{fs, path::Path};

use test_support::{drawing, golden, guide::readme};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The lines that a reader gets through in ten minutes.
const MAX_LINES: usize = 250;

#[test]
fn readme_is_short() {
    let lines = readme().text.lines().count();
    assert!(lines <= MAX_LINES, "{lines} lines");
}

/// A page of a registry does not show pictures of the package, so the README shows the text.
#[test]
fn readme_shows_the_picture_as_text() {
    let picture = fs::read_to_string(Path::new(ROOT).join("docs/src/images/console.svg")).unwrap();
    let rows = drawing::rows(&picture);
    // The first log line with its trace, and the last trace with the metrics.
    let start = |row: &String| row.contains("Z trace ");
    let first = rows.iter().position(start).unwrap();
    let second = first + 1 + rows[first + 1..].iter().position(|row| row.contains('Z')).unwrap();
    let last = rows.iter().rposition(start).unwrap();
    let shown = [&rows[..second], &rows[last..]].concat().join("\n");

    let text = readme().text;
    let (begin, end) = ("<!-- console: generated -->\n```text\n", "\n```\n<!-- end -->");
    let (before, rest) = text.split_once(begin).unwrap();
    let (_, after) = rest.split_once(end).unwrap();
    let current = format!("{before}{begin}{shown}{end}{after}");
    golden::assert_current(&Path::new(ROOT).join("README.md"), &current);
}
