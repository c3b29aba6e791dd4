//! `autotelemetry check`

use std::{fmt::Write as _, process::ExitCode};

use autotelemetry::error::Problem;

use crate::{
    arguments::Input,
    output::{exit_code, print},
    painter::{Color, Painter},
};

/// Lists all problems and warnings; with `strict`, warnings are problems.
pub(crate) fn check(input: &Input, strict: bool) -> ExitCode {
    let checked = input.builder().check();
    let (errors, warnings) = (checked.errors(), checked.warnings());
    let painter = Painter::new();
    let mut out = String::new();
    let mut list = |problems: &[Problem], color, word| {
        for problem in problems {
            let _ = writeln!(out, "{}: {problem}", painter.paint(color, word));
        }
    };
    list(errors, Color::Red, "error");
    list(warnings, Color::Yellow, if strict { "error" } else { "warning" });
    let problems = errors.len() + if strict { warnings.len() } else { 0 };
    let _ = match problems {
        0 => {
            let file = checked.file().map_or("no file".to_owned(), |file| file.display().to_string());
            writeln!(out, "{}: {file}", painter.paint(Color::Green, "ok"))
        }
        1 => writeln!(out, "1 problem"),
        _ => writeln!(out, "{problems} problems"),
    };
    print(&out, exit_code(problems == 0))
}
