//! Output on standard output, and the exit code.

use std::{
    io::{ErrorKind, IsTerminal as _, Write as _},
    process::ExitCode,
};

/// Returns the exit code 0 for success, 1 for problems.
pub(crate) fn exit_code(is_ok: bool) -> ExitCode {
    if is_ok { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

/// Prints `text` and returns `code`, or 1 if that fails. A closed pipe is not a failure: a reader
/// such as `head` stops early.
pub(crate) fn print(text: &str, code: ExitCode) -> ExitCode {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            let _ = writeln!(std::io::stderr(), "cannot write the output: {error}");
            ExitCode::from(1)
        }
        _ => code,
    }
}

/// The color of a word on a terminal.
#[derive(Clone, Copy)]
pub(crate) enum Color {
    Red,
    Yellow,
    Green,
}

/// Colors words if standard output is a terminal and `NO_COLOR` is not set.
pub(crate) struct Painter {
    is_enabled: bool,
}

impl Painter {
    pub(crate) fn new() -> Self {
        let no_color = std::env::vars_os().any(|(name, value)| name == "NO_COLOR" && !value.is_empty());
        Self { is_enabled: std::io::stdout().is_terminal() && !no_color }
    }

    pub(crate) fn paint(&self, color: Color, word: &str) -> String {
        let code = match color {
            Color::Red => 31,
            Color::Yellow => 33,
            Color::Green => 32,
        };
        if self.is_enabled { format!("\u{1b}[{code}m{word}\u{1b}[0m") } else { word.to_owned() }
    }
}
