//! `autotelemetry convert`: a declarative file with the meaning of `autotelemetry.toml`.

mod document;
mod exporter;
mod providers;
mod values;
mod yaml;

use std::{fmt::Write as _, fs, process::ExitCode};

use self::{document::Document, values::Values};
use crate::{
    arguments::Input,
    output::{exit_code, print},
};

/// Prints the file as a declarative one. What that cannot express is listed instead.
pub(crate) fn convert(input: &Input) -> ExitCode {
    let explained = input.without_variables().explain();
    let mut out = String::new();
    let Some(file) = explained.file().filter(|_| explained.errors().is_empty()) else {
        for problem in explained.errors() {
            let _ = writeln!(out, "error: {problem}");
        }
        if explained.errors().is_empty() {
            out.push_str("error: there is no file to convert\n");
        }
        return print(&out, ExitCode::from(1));
    };
    let text = fs::read_to_string(file).unwrap_or_default();
    let report = serde_json::from_str(&explained.to_json()).unwrap_or_default();
    let Document { yaml, problems, .. } = Document::new(&Values::new(&report, &text));
    if problems.is_empty() {
        yaml.write(0, &mut out);
        return print(out.trim_start(), exit_code(true));
    }
    for problem in problems {
        let _ = writeln!(out, "error: {problem}");
    }
    print(&out, exit_code(false))
}
