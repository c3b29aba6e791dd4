//! Problems as one JSON object, for programs.

use autotelemetry::error::{Origin, Problem};
use serde_json::{Value, json};

use super::Checked;

/// Returns one object with the members `file`, `ok`, `errors`, `warnings` and `problems`.
pub(super) fn render(checked: &Checked) -> String {
    let errors = checked.error_count();
    let problems: Vec<Value> =
        checked.problems().map(|(is_error, problem)| to_json(is_error, problem)).collect();
    let object = json!({
        "file": checked.explanation.file().map(|file| file.display().to_string()),
        "ok": errors == 0,
        "errors": errors,
        "warnings": problems.len() - errors,
        "problems": problems,
    });
    format!("{object:#}\n")
}

fn to_json(is_error: bool, problem: &Problem) -> Value {
    let excerpt = problem.excerpt();
    json!({
        "severity": if is_error { "error" } else { "warning" },
        "key": problem.key(),
        "message": problem.message(),
        "help": problem.help(),
        "origin": problem.origin().map(|origin| match origin {
            Origin::File { path, line, column, profile, .. } => json!({
                "kind": "file",
                "path": path.display().to_string(),
                "line": line,
                "column": column,
                "end_column": excerpt.and_then(autotelemetry::error::Excerpt::end_column),
                "profile": profile.as_deref(),
            }),
            Origin::Env(name) => json!({ "kind": "variable", "name": name }),
            Origin::Detector(name) => json!({ "kind": "detector", "name": name }),
            _ => json!({ "kind": "other", "name": origin.to_string() }),
        }),
        "excerpt": excerpt.map(|excerpt| {
            let (text, span) = (excerpt.text(), excerpt.span());
            let column = |at: usize| text.get(..at).unwrap_or(text).chars().count() + 1;
            json!({ "text": text, "column": column(span.start), "end_column": column(span.end) })
        }),
    })
}
