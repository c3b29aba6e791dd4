//! The top-level modules of `src/` and their imports, as in ARCHITECTURE.md.
//!
//! Reads the paths that each file uses. A top-level module may use only the modules in its row of
//! [`MODULES`]. No two files may use each other, directly or through other files.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The top-level modules, each with those that it may use.
const MODULES: [(&str, &[&str]); 18] = [
    ("text", &[]),
    ("shield", &[]),
    ("live_cell", &[]),
    ("context", &["shield"]),
    ("config", &["text"]),
    ("error", &["text", "config"]),
    ("diagnostics", &["text", "config"]),
    ("load", &["text", "config", "error"]),
    ("format", &["text", "config", "diagnostics"]),
    ("logs", &["text", "shield", "live_cell", "context", "config", "diagnostics", "format"]),
    ("trace", &["shield", "context", "logs"]),
    ("export", &["text", "shield", "context", "config", "error", "diagnostics", "format", "logs"]),
    (
        "pipeline",
        &[
            "text",
            "shield",
            "live_cell",
            "context",
            "config",
            "error",
            "diagnostics",
            "format",
            "logs",
            "export",
        ],
    ),
    ("doctor", &["text", "config", "error", "diagnostics", "export"]),
    ("tools", &["text", "config", "error", "diagnostics", "load", "logs", "export", "pipeline", "doctor"]),
    ("testing", &["text", "config", "error", "format", "logs", "export", "pipeline", "tools"]),
    ("prelude", &["logs", "tools", "trace"]),
    ("guide", &[]),
];

/// Lines of code and comments in one file.
const MAX_LINES: usize = 400;

/// One path that a file uses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Arrow {
    from: String,
    line: usize,
    to: String,
    is_reexport: bool,
}

/// The text of every file in `src/`, by its module path such as `export::otlp`.
type Sources = BTreeMap<String, String>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn sources() -> Sources {
    let mut found = Sources::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.insert(module(&path), fs::read_to_string(&path).unwrap());
            }
        }
    }
    assert!(found.len() > 50, "the sources are not found");
    found
}

/// Returns the module of a file: `export::otlp` for `src/export/otlp/mod.rs`.
fn module(path: &Path) -> String {
    let path = path.strip_prefix(root()).unwrap().with_extension("");
    let mut segments: Vec<_> = path.iter().map(|segment| segment.to_str().unwrap()).collect();
    if matches!(segments.last(), Some(&"mod" | &"lib")) {
        segments.pop();
    }
    segments.join("::")
}

/// Returns the arrows of one file. Its unit tests do not count.
fn arrows(module: &str, text: &str, sources: &Sources) -> Vec<Arrow> {
    let mut arrows = Vec::new();
    let mut statement: Option<(usize, bool, String)> = None;
    for (index, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        if code.starts_with("mod tests") {
            break;
        }
        let trimmed = code.trim_start();
        let is_use = trimmed.starts_with("use ")
            || (trimmed.starts_with("pub") && trimmed.split_whitespace().nth(1) == Some("use"));
        if statement.is_none() && is_use {
            statement = Some((index + 1, trimmed.starts_with("pub"), String::new()));
        }
        match &mut statement {
            Some((start, is_reexport, uses)) => {
                uses.push_str(code);
                uses.push(' ');
                if code.contains(';') {
                    let (_, tree) = uses.split_once("use ").unwrap();
                    let tree = tree.split(';').next().unwrap();
                    for path in paths(tree.trim()) {
                        if let Some(to) = resolve(module, &path, sources) {
                            arrows.push(Arrow {
                                from: module.to_owned(),
                                line: *start,
                                to,
                                is_reexport: *is_reexport,
                            });
                        }
                    }
                    statement = None;
                }
            }
            None => {
                for path in inline_paths(code) {
                    if let Some(to) = resolve(module, &path, sources) {
                        let from = module.to_owned();
                        arrows.push(Arrow { from, line: index + 1, to, is_reexport: false });
                    }
                }
            }
        }
    }
    arrows.retain(|arrow| arrow.from != arrow.to);
    arrows
}

/// Splits the tree of a `use` into its paths.
fn paths(tree: &str) -> Vec<String> {
    let Some((prefix, rest)) = tree.split_once('{') else {
        return vec![tree.split(" as ").next().unwrap().trim().to_owned()];
    };
    let inner = &rest[..rest.rfind('}').unwrap()];
    let (mut depth, mut start, mut parts) = (0_i32, 0, Vec::new());
    for (at, character) in inner.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&inner[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&inner[start..]);
    let parts = parts.into_iter().map(str::trim).filter(|part| !part.is_empty());
    parts.flat_map(paths).map(|path| format!("{}{path}", prefix.trim())).collect()
}

/// Returns the paths in a line of code that begin with `crate::` or `super::`.
fn inline_paths(code: &str) -> Vec<String> {
    let is_path = |character: char| character.is_alphanumeric() || matches!(character, '_' | ':');
    let words = code.split(|character| !is_path(character));
    let words = words.filter(|word| word.starts_with("crate::") || word.starts_with("super::"));
    words.map(str::to_owned).collect()
}

/// Returns the file that a path leads to; `None` for the root of the crate and other crates.
fn resolve(module: &str, path: &str, sources: &Sources) -> Option<String> {
    let mut segments: Vec<&str> = Vec::new();
    let mut rest: Vec<&str> = path.split("::").collect();
    match *rest.first()? {
        "crate" => drop(rest.remove(0)),
        "self" | "super" => {
            segments = module.split("::").collect();
            while matches!(rest.first(), Some(&"self" | &"super")) {
                if rest.remove(0) == "super" {
                    segments.pop();
                }
            }
        }
        _ => return None,
    }
    segments.extend(rest);
    while !segments.is_empty() && !sources.contains_key(&segments.join("::")) {
        segments.pop();
    }
    (!segments.is_empty()).then(|| segments.join("::"))
}

fn top_level(module: &str) -> &str {
    module.split("::").next().unwrap()
}

/// Returns a line for each import between top-level modules that [`MODULES`] does not allow.
fn forbidden(sources: &Sources) -> Vec<String> {
    let mut found = BTreeSet::new();
    for (module, text) in sources.iter().filter(|(module, _)| !module.is_empty()) {
        let allowed = MODULES.iter().find(|(name, _)| *name == top_level(module)).map(|(_, uses)| *uses);
        let Some(allowed) = allowed else {
            found.insert(format!("{module}: the module is not in the table"));
            continue;
        };
        for Arrow { from, line, to, .. } in arrows(module, text, sources) {
            if top_level(&to) != top_level(&from) && !allowed.contains(&top_level(&to)) {
                found.insert(format!("{from}:{line} uses {to}"));
            }
        }
    }
    found.into_iter().collect()
}

/// Returns each circle of files as one line. Re-exports do not count.
fn circles(sources: &Sources) -> Vec<String> {
    let mut uses: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (module, text) in sources.iter().filter(|(module, _)| !module.is_empty()) {
        let arrows = arrows(module, text, sources).into_iter().filter(|arrow| !arrow.is_reexport);
        uses.insert(module, arrows.map(|arrow| arrow.to).collect());
    }
    let mut found = BTreeSet::new();
    for start in uses.keys() {
        // The files that can be reached, each with the one before it on the way.
        let mut before: BTreeMap<&str, &str> = BTreeMap::new();
        let mut pending = vec![*start];
        while let Some(module) = pending.pop() {
            for next in uses.get(module).into_iter().flatten() {
                if !before.contains_key(next.as_str()) {
                    before.insert(next, module);
                    pending.push(next);
                }
            }
        }
        if before.contains_key(start) {
            let mut circle = vec![*start];
            let mut module = before[start];
            while module != *start {
                circle.push(module);
                module = before[module];
            }
            circle.reverse();
            let least = circle.iter().enumerate().min_by_key(|(_, module)| **module).unwrap().0;
            circle.rotate_left(least);
            found.insert(circle.join(" -> "));
        }
    }
    found.into_iter().collect()
}

#[test]
fn modules_use_only_the_modules_below_them() {
    let found = forbidden(&sources());
    assert!(found.is_empty(), "imports that ARCHITECTURE.md does not allow:\n{}", found.join("\n"));
}

#[test]
fn files_form_no_circle() {
    let found = circles(&sources());
    assert!(found.is_empty(), "files that use each other:\n{}", found.join("\n"));
}

#[test]
fn files_are_short() {
    let sources = sources();
    let lines = sources.iter().map(|(module, text)| (module, text.lines().count()));
    let long: Vec<_> = lines.filter(|(_, lines)| *lines > MAX_LINES).collect();
    assert!(long.is_empty(), "files of more than {MAX_LINES} lines: {long:?}");
}

#[test]
fn planted_arrow_is_named() {
    let mut sources = sources();
    let queue = sources.get_mut("export::queue").unwrap();
    queue.insert_str(0, "use crate::{\n    config::Signal,\n    load::Loaded,\n};\n");
    assert_eq!(forbidden(&sources), ["export::queue:1 uses load"]);
    let text = sources.get_mut("text").unwrap();
    text.insert_str(0, "fn planted() { crate::config::Config::default(); }\n");
    assert_eq!(forbidden(&sources), ["export::queue:1 uses load", "text:1 uses config"]);
}

#[test]
fn planted_circle_is_named() {
    let mut sources = sources();
    let key_path = sources.get_mut("config::key_path").unwrap();
    key_path.insert_str(0, "use super::validate::validate;\n");
    let found = circles(&sources);
    assert!(found.iter().any(|circle| circle.contains("config::key_path")), "{found:?}");
}
