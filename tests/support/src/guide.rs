//! The README and the chapters of the guide, and their code blocks.

use std::{fs, path::Path};

/// The root of the repository.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The directory of the chapters.
pub const CHAPTERS: &str = "docs/src";

/// A document with its path in the repository.
pub struct Document {
    pub path: String,
    pub text: String,
}

impl Document {
    /// Reads a document by its path in the repository.
    pub fn read(path: &str) -> Self {
        let text = fs::read_to_string(Path::new(ROOT).join(path));
        Self { path: path.to_owned(), text: text.unwrap_or_else(|error| panic!("{path}: {error}")) }
    }

    /// Returns the name of a chapter: that of its file without the extension, and of its module.
    pub fn name(&self) -> &str {
        let (_, file) = self.path.rsplit_once('/').unwrap_or_default();
        file.trim_end_matches(".md")
    }

    /// Returns the lines outside of code blocks.
    pub fn prose(&self) -> String {
        let mut in_block = false;
        let outside = |line: &&str| {
            let is_fence = line.trim_start().starts_with("```");
            in_block ^= is_fence;
            !in_block && !is_fence
        };
        self.text.lines().filter(outside).flat_map(|line| [line, "\n"]).collect()
    }

    /// Returns the anchors of the headings.
    pub fn anchors(&self) -> Vec<String> {
        self.prose().lines().filter(|line| line.starts_with('#')).map(anchor).collect()
    }

    /// Returns the code blocks of a language.
    pub fn blocks(&self, language: &str) -> Vec<String> {
        let fence = format!("```{language}");
        let mut blocks = Vec::new();
        let mut lines = self.text.lines();
        while let Some(line) = lines.next() {
            if line == fence {
                let body = lines.by_ref().take_while(|line| *line != "```");
                blocks.push(body.flat_map(|line| [line, "\n"]).collect());
            }
        }
        blocks
    }
}

/// Returns the anchor of a heading, as rustdoc and mdBook make it.
pub fn anchor(heading: &str) -> String {
    let words = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
    words.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
}

/// Returns the README.
pub fn readme() -> Document {
    Document::read("README.md")
}

/// Returns the chapters of the guide, in alphabetical order, without the table of contents.
pub fn chapters() -> Vec<Document> {
    let files = fs::read_dir(Path::new(ROOT).join(CHAPTERS)).unwrap();
    let files = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let names = files.filter_map(|file| Some(file.strip_suffix(".md")?.to_owned()));
    let mut names: Vec<_> = names.filter(|name| name != "SUMMARY").collect();
    names.sort();
    names.iter().map(|name| Document::read(&format!("{CHAPTERS}/{name}.md"))).collect()
}

/// Returns the README and the chapters of the guide.
pub fn documents() -> Vec<Document> {
    std::iter::once(readme()).chain(chapters()).collect()
}

/// Returns the code blocks of a language in all documents.
pub fn blocks(language: &str) -> Vec<String> {
    documents().iter().flat_map(|document| document.blocks(language)).collect()
}

/// Returns the only code block of a language that contains this text.
pub fn block(language: &str, containing: &str) -> String {
    let mut found = blocks(language).into_iter().filter(|block| block.contains(containing));
    let block = found.next().unwrap_or_else(|| panic!("no {language} block has {containing}"));
    assert!(found.next().is_none(), "several {language} blocks have {containing}");
    block
}
