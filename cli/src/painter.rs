//! Colors for words on a terminal.

use std::{env, ffi::OsString, io::IsTerminal as _};

/// The color of a word on a terminal.
#[derive(Clone, Copy)]
pub(crate) enum Color {
    Red,
    Yellow,
    Green,
}

/// Colors words if standard output is a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`.
pub(crate) struct Painter {
    is_enabled: bool,
}

impl Painter {
    pub(crate) fn new() -> Self {
        let disables_color = |(name, value): (OsString, OsString)| {
            (name == "NO_COLOR" && !value.is_empty()) || (name == "TERM" && value == "dumb")
        };
        let no_color = env::vars_os().any(disables_color);
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
