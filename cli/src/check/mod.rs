//! `autotelemetry check`

mod github;
mod json;
mod sarif;

use std::{fmt::Write as _, path::PathBuf, process::ExitCode};

use autotelemetry::{error::Problem, explain::Explanation};

use crate::{
    arguments::{CheckFormat, Input},
    diff::changes_to_text,
    output::{exit_code, print},
    painter::{Color, Painter},
};

/// The result of a check.
struct Checked {
    explanation: Explanation,
    /// Warnings are problems.
    strict: bool,
}

impl Checked {
    /// Returns all problems, each with `true` for an error.
    fn problems(&self) -> impl Iterator<Item = (bool, &Problem)> {
        let errors = self.explanation.errors().iter().map(|problem| (true, problem));
        errors.chain(self.explanation.warnings().iter().map(|problem| (self.strict, problem)))
    }

    fn error_count(&self) -> usize {
        self.problems().filter(|(is_error, _)| *is_error).count()
    }
}

/// Lists all problems and warnings; with `strict`, warnings are problems. Shows the changes to the
/// file that the checked one `replaces`.
pub(crate) fn check(input: &Input, strict: bool, replaces: Option<PathBuf>, format: CheckFormat) -> ExitCode {
    let checked = Checked { explanation: input.builder().check(), strict };
    let mut out = match format {
        CheckFormat::Text => long(&checked),
        CheckFormat::Short => short(&checked),
        CheckFormat::Json => json::render(&checked),
        CheckFormat::Sarif => sarif::render(&checked),
        CheckFormat::Github => github::render(&checked),
    };
    if let Some(old) = replaces {
        let old = input.with_file(old).builder().explain();
        out.push_str(&changes_to_text(&old.changes(&checked.explanation)));
    }
    print(&out, exit_code(checked.error_count() == 0))
}

/// Shows each problem with the line of the file.
fn long(checked: &Checked) -> String {
    let painter = Painter::new();
    let report = checked.explanation.report().strict(checked.strict).color(painter.is_enabled());
    let report = match painter.width() {
        Some(width) => report.width(width),
        None => report,
    };
    let mut out = report.to_string();
    if !out.is_empty() {
        out.push_str("\n\n");
    }
    out + &summary(checked, &painter)
}

/// Shows each problem on one line, with a second one for its help.
fn short(checked: &Checked) -> String {
    let painter = Painter::new();
    let mut out = String::new();
    for (is_error, problem) in checked.problems() {
        let (color, word) = if is_error { (Color::Red, "error") } else { (Color::Yellow, "warning") };
        let _ = writeln!(out, "{}: {problem}", painter.paint(color, word));
    }
    out + &summary(checked, &painter)
}

fn summary(checked: &Checked, painter: &Painter) -> String {
    match checked.error_count() {
        0 => {
            let file = checked.explanation.file();
            let file = file.map_or("no file".to_owned(), |file| file.display().to_string());
            format!("{}: {file}\n", painter.paint(Color::Green, "ok"))
        }
        1 => "1 problem\n".to_owned(),
        count => format!("{count} problems\n"),
    }
}
