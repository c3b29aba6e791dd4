//! The code blocks of the README.

pub const README: &str = include_str!("../../../README.md");

/// Returns the code blocks of a language, without the indentation of a list.
pub fn blocks(language: &str) -> Vec<String> {
    let fence = format!("```{language}");
    let mut blocks = Vec::new();
    let mut lines = README.lines();
    while let Some(line) = lines.next() {
        if line.trim() == fence {
            let indent = line.len() - line.trim_start().len();
            let body = lines.by_ref().take_while(|line| line.trim() != "```");
            blocks.push(body.flat_map(|line| [line.get(indent..).unwrap_or_default(), "\n"]).collect());
        }
    }
    blocks
}

/// Returns the only code block of a language that contains this text.
pub fn block(language: &str, containing: &str) -> String {
    let mut found = blocks(language).into_iter().filter(|block| block.contains(containing));
    let block = found.next().unwrap_or_else(|| panic!("no {language} block has {containing}"));
    assert!(found.next().is_none(), "several {language} blocks have {containing}");
    block
}
