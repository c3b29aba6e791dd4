//! `autotelemetry explain --diff OLD NEW`

use std::{fmt::Write as _, path::PathBuf, process::ExitCode};

use autotelemetry::{error::Origin, explain::Explanation, reload::Change};
use serde_json::json;

use crate::{
    arguments::{Input, OutputFormat},
    output::{exit_code, print},
};

/// Shows the values that a running service would change if the new file replaced the old one, and
/// the problems of the new file.
pub(crate) fn diff(input: &Input, [old, new]: [PathBuf; 2], format: OutputFormat) -> ExitCode {
    let read = |file| input.with_file(file).builder().check();
    let (old, new) = (read(old), read(new));
    let changes = old.changes(&new);
    let text = match format {
        OutputFormat::Text => to_text(&changes, &new),
        OutputFormat::Json => to_json(&changes, &new),
    };
    print(&text, exit_code(new.errors().is_empty()))
}

fn to_text(changes: &[Change], new: &Explanation) -> String {
    let mut text = changes_to_text(changes);
    if !new.errors().is_empty() {
        text.push_str("problems, with which a running service keeps the old values:\n");
        for problem in new.errors() {
            let _ = writeln!(text, "  {problem}");
        }
    }
    text
}

/// Lists the changes that a running service applies, then those that need a restart.
pub(crate) fn changes_to_text(changes: &[Change]) -> String {
    let (later, at_once): (Vec<_>, Vec<_>) = changes.iter().partition(|change| change.needs_restart());
    let mut text = String::new();
    for (title, changes) in [("at once", at_once), ("after a restart", later)] {
        if !changes.is_empty() {
            let _ = writeln!(text, "{title}:");
            for change in changes {
                let _ = writeln!(text, "  {change}");
            }
        }
    }
    if changes.is_empty() {
        text.push_str("nothing changes\n");
    }
    text
}

fn to_json(changes: &[Change], new: &Explanation) -> String {
    let change = |change: &Change| {
        let at = Some(change.origin()).filter(|origin| **origin != Origin::Default).map(ToString::to_string);
        json!({
            "key": change.key(),
            "old": change.old_value(),
            "new": change.new_value(),
            "at": at,
            "needs_restart": change.needs_restart(),
        })
    };
    let errors = new.errors().iter().map(ToString::to_string);
    let object = json!({
        "changes": changes.iter().map(change).collect::<Vec<_>>(),
        "errors": errors.collect::<Vec<_>>(),
    });
    format!("{object:#}\n")
}
