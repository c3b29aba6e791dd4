//! Problems as a SARIF 2.1.0 log, for code scanning and editors.

use std::{fmt::Write as _, path::Path};

use autotelemetry::error::{Excerpt, Origin, Problem};
use serde_json::{Value, json};

use super::Checked;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The only rule: a configuration is valid as a whole.
const RULE: &str = "invalid-configuration";

/// Returns a log with one run.
pub(super) fn render(checked: &Checked) -> String {
    let results: Vec<Value> =
        checked.problems().map(|(is_error, problem)| result(checked, is_error, problem)).collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "autotelemetry",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": [{
                    "id": RULE,
                    "name": "InvalidConfiguration",
                    "shortDescription": { "text": "The telemetry configuration has a problem." },
                }],
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{log:#}\n")
}

fn result(checked: &Checked, is_error: bool, problem: &Problem) -> Value {
    let text = [problem.key().map(|key| format!("{key}: ")), Some(problem.message().to_owned())];
    let help = problem.help().map(|help| format!("\nhelp: {help}"));
    let text: String = text.into_iter().flatten().chain(help).collect();
    json!({
        "ruleId": RULE,
        "ruleIndex": 0,
        "level": if is_error { "error" } else { "warning" },
        "message": { "text": text },
        "locations": location(checked, problem).map_or_else(|| json!([]), |location| json!([location])),
    })
}

/// Returns the place of a problem. One without a line concerns the whole file.
fn location(checked: &Checked, problem: &Problem) -> Option<Value> {
    let (path, region) = match problem.origin() {
        Some(Origin::File { path, line, column, .. }) => {
            let mut region = json!({ "startLine": line, "startColumn": column });
            if let Some(end) = problem.excerpt().and_then(Excerpt::end_column) {
                region["endColumn"] = end.into();
            }
            (&**path, region)
        }
        _ => (checked.explanation.file()?, json!({ "startLine": 1 })),
    };
    let artifact = json!({ "uri": uri(path) });
    let mut location = json!({ "physicalLocation": { "artifactLocation": artifact, "region": region } });
    let name = match problem.origin() {
        Some(Origin::Env(name)) => Some((name.clone(), "variable")),
        _ => problem.key().map(|key| (key.to_owned(), "member")),
    };
    if let Some((name, kind)) = name {
        location["logicalLocations"] = json!([{ "fullyQualifiedName": name, "kind": kind }]);
    }
    Some(location)
}

/// Returns the URI of a path. A relative path stays relative.
fn uri(path: &Path) -> String {
    let text = path.display().to_string();
    let text = if cfg!(windows) { text.replace('\\', "/") } else { text };
    let mut uri = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else if byte == b':' && cfg!(windows) {
            uri.push(':');
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    match path.is_absolute() {
        true if uri.starts_with('/') => format!("file://{uri}"),
        true => format!("file:///{uri}"),
        false => uri,
    }
}
