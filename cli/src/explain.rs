//! `autotelemetry explain`

use std::process::ExitCode;

use crate::{
    arguments::{Input, OutputFormat},
    output::{exit_code, print},
};

/// Shows every effective value and its origin.
pub(crate) fn explain(input: &Input, format: OutputFormat) -> ExitCode {
    let explanation = input.builder().explain();
    let text = match format {
        OutputFormat::Text => explanation.to_string(),
        OutputFormat::Json => format!("{}\n", explanation.to_json()),
    };
    print(&text, exit_code(explanation.errors().is_empty()))
}
