//! Problems as commands of a GitHub workflow, which annotate the lines of a change.

use std::fmt::Write as _;

use autotelemetry::error::{Origin, Problem};

use super::Checked;

/// Returns one command per problem.
pub(super) fn render(checked: &Checked) -> String {
    let mut out = String::new();
    for (is_error, problem) in checked.problems() {
        let command = if is_error { "error" } else { "warning" };
        let properties = properties(checked, problem);
        let separator = if properties.is_empty() { "" } else { " " };
        let properties: Vec<_> =
            properties.iter().map(|(name, value)| format!("{name}={}", property(value))).collect();
        let properties = properties.join(",");
        let _ = writeln!(out, "::{command}{separator}{properties}::{}", data(&message(problem)));
    }
    out
}

/// Returns the place of a problem. One without a line concerns the whole file.
fn properties(checked: &Checked, problem: &Problem) -> Vec<(&'static str, String)> {
    let mut properties = Vec::new();
    match problem.origin() {
        Some(Origin::File { path, line, column, .. }) => {
            properties.push(("file", path.display().to_string()));
            properties.push(("line", line.to_string()));
            properties.push(("col", column.to_string()));
            if let Some(end) = problem.excerpt().and_then(autotelemetry::error::Excerpt::end_column) {
                properties.push(("endColumn", end.to_string()));
            }
        }
        _ => properties.extend(checked.explanation.file().map(|file| ("file", file.display().to_string()))),
    }
    properties.push(("title", problem.key().unwrap_or("telemetry configuration").to_owned()));
    properties
}

fn message(problem: &Problem) -> String {
    let origin = match problem.origin() {
        Some(Origin::File { .. } | Origin::Default) | None => String::new(),
        Some(origin) => format!("{origin}: "),
    };
    let help = problem.help().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
    format!("{origin}{}{help}", problem.message())
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
