//! `autotelemetry explain`

use std::{fmt::Write as _, process::ExitCode};

use autotelemetry::{error::Origin, explain::Explanation};

use crate::{
    arguments::{Input, OutputFormat},
    output::{exit_code, print},
    painter::Painter,
};

/// Shows the effective values and their origins: those that are set, or `all`.
pub(crate) fn explain(input: &Input, all: bool, format: OutputFormat) -> ExitCode {
    let explanation = input.builder().explain();
    let text = match format {
        OutputFormat::Text => overview(&explanation, all),
        OutputFormat::Json => format!("{}\n", explanation.to_json()),
    };
    print(&text, exit_code(explanation.errors().is_empty()))
}

fn overview(explanation: &Explanation, all: bool) -> String {
    let painter = Painter::new();
    let mut overview = explanation.overview().all(all).color(painter.is_enabled());
    if let Some(width) = painter.width() {
        overview = overview.width(width);
    }
    if let Ok(directory) = std::env::current_dir() {
        overview = overview.relative_to(directory);
    }
    let mut text = overview.to_string();
    let defaults = explanation.values().filter(|(.., origin)| **origin == Origin::Default).count();
    if !all && defaults > 0 {
        let _ = writeln!(text, "\n{defaults} other keys have their default values; --all shows them");
    }
    text
}
