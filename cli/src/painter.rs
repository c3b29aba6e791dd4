//! Colors for words on a terminal.

use std::{env, ffi::OsString, io::IsTerminal as _};

use terminal_size::{Width, terminal_size_of};

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

    pub(crate) fn is_enabled(&self) -> bool {
        self.is_enabled
    }

    /// Returns the number of columns of the terminal; `None` for other output.
    #[expect(clippy::unused_self, reason = "it describes the output of the painter")]
    pub(crate) fn width(&self) -> Option<usize> {
        let (Width(columns), _) = terminal_size_of(std::io::stdout())?;
        Some(usize::from(columns)).filter(|columns| *columns > 0)
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
