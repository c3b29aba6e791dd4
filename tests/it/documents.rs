//! The documents for maintainers name files, anchors and tests that exist.

use std::{fs, path::Path};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

const DOCUMENTS: &[&str] =
    &["ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "RELEASING.md"];

/// Directories whose files the documents name.
const DIRECTORIES: &[&str] = &[
    "src/",
    "cli/",
    "docs/",
    "tests/",
    "benches/",
    "examples/",
    "config-examples/",
    "schema/",
    ".ci/",
    ".github/",
];

/// The exporter that ARCHITECTURE.md adds as an example.
const EXAMPLE: &str = "syslog";

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).unwrap_or_default()
}

fn exists(path: &str) -> bool {
    Path::new(ROOT).join(path).exists()
}

/// Returns the lines of a document that are not part of a code block.
fn prose(document: &str) -> String {
    let mut in_block = false;
    let outside = |line: &&str| {
        let is_fence = line.trim_start().starts_with("```");
        in_block ^= is_fence;
        !in_block && !is_fence
    };
    read(document).lines().filter(outside).flat_map(|line| [line, "\n"]).collect()
}

/// Returns the inline code of a document.
fn inline_code(document: &str) -> Vec<String> {
    prose(document).split('`').skip(1).step_by(2).map(|code| code.replace('\n', " ")).collect()
}

/// Returns the anchor of a heading.
fn anchor(heading: &str) -> String {
    let words = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
    words.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
}

/// Returns the file of a cited test such as `it export::NAME`, and the name of its function.
fn cited_test(code: &str) -> Option<(String, &str)> {
    let (binary, path) = code.split_once(' ')?;
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | ':');
    if !path.chars().all(is_name) {
        return None;
    }
    let name = path.rsplit("::").next()?;
    match binary {
        "it" | "collector" | "stress" => {
            let (module, _) = path.split_once("::")?;
            Some((format!("tests/{binary}/{module}.rs"), name))
        }
        _ if binary.starts_with("globals_") => Some((format!("tests/{binary}.rs"), name)),
        _ => None,
    }
}

#[test]
fn cited_tests_exist() {
    let mut cited = 0;
    let mut missing = Vec::new();
    for document in DOCUMENTS {
        for code in inline_code(document) {
            let Some((file, name)) = cited_test(&code) else { continue };
            cited += 1;
            if !read(&file).contains(&format!("fn {name}(")) {
                missing.push(format!("{document}: `{code}`"));
            }
        }
    }
    assert!(missing.is_empty(), "tests that do not exist:\n{}", missing.join("\n"));
    assert!(cited > 25, "{cited}");
}

#[test]
fn cited_paths_exist() {
    let mut cited = 0;
    let mut missing = Vec::new();
    for document in DOCUMENTS {
        for code in inline_code(document) {
            let is_path = DIRECTORIES.iter().any(|directory| code.starts_with(directory));
            let is_pattern = code.contains(['*', '{', ' ', 'N']) || code.contains(EXAMPLE);
            if is_path && !is_pattern {
                cited += 1;
                if !exists(&code) {
                    missing.push(format!("{document}: `{code}`"));
                }
            }
        }
    }
    assert!(missing.is_empty(), "files that do not exist:\n{}", missing.join("\n"));
    assert!(cited > 30, "{cited}");
}

#[test]
fn links_lead_somewhere() {
    for document in DOCUMENTS {
        for link in prose(document).split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            if link.starts_with("https://") {
                continue;
            }
            let (file, target) = link.split_once('#').unwrap_or((link, ""));
            let file = if file.is_empty() { document } else { file };
            assert!(exists(file), "{document}: {link}");
            let has_anchor = prose(file).lines().any(|line| line.starts_with('#') && anchor(line) == target);
            assert!(target.is_empty() || has_anchor, "{document}: no heading for {link}");
        }
    }
}
