//! `autotelemetry doctor`

use std::{fmt::Write as _, process::ExitCode};

use autotelemetry::{doctor::ConnectivityReport, explain::Explanation};
use serde_json::{Value, json};

use crate::{
    arguments::{Input, OutputFormat},
    output::{exit_code, print},
};

/// Tests the connection to each destination, if the configuration has no problems.
pub(crate) fn doctor(input: &Input, format: OutputFormat) -> ExitCode {
    let checked = input.builder().check();
    let report = match input.builder().probe() {
        Ok(report) => Some(report),
        // The problems of the configuration are listed instead.
        Err(_) if !checked.errors().is_empty() => None,
        Err(error) => return print(&format!("{error}\n"), ExitCode::from(1)),
    };
    let text = match format {
        OutputFormat::Text => as_text(&checked, report.as_ref()),
        OutputFormat::Json => as_json(&checked, report.as_ref()),
    };
    print(&text, exit_code(report.is_some_and(|report| report.is_ok())))
}

fn as_text(checked: &Explanation, report: Option<&ConnectivityReport>) -> String {
    let mut text = String::new();
    for (problems, word) in [(checked.errors(), "error"), (checked.warnings(), "warning")] {
        for problem in problems {
            let _ = writeln!(text, "{word}: {problem}");
        }
    }
    if let Some(report) = report {
        let _ = write!(text, "{report}");
    }
    text
}

fn as_json(checked: &Explanation, report: Option<&ConnectivityReport>) -> String {
    let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let checked = parse(&checked.to_json());
    let object = json!({
        "errors": checked["errors"],
        "warnings": checked["warnings"],
        "results": report.map_or_else(|| json!([]), |report| parse(&report.to_json())),
    });
    format!("{object:#}\n")
}
