//! ANSI escape codes for text output.

/// The styles of text output. Without colors every code is empty.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Palette {
    colors: bool,
}

impl Palette {
    pub(crate) fn new(colors: bool) -> Self {
        Self { colors }
    }

    fn code(self, code: &'static str) -> &'static str {
        if self.colors { code } else { "" }
    }

    pub(crate) fn dim(self) -> &'static str {
        self.code("\u{1b}[2m")
    }

    pub(crate) fn bold(self) -> &'static str {
        self.code("\u{1b}[1m")
    }

    pub(crate) fn bad(self) -> &'static str {
        self.code("\u{1b}[31m")
    }

    pub(crate) fn warning(self) -> &'static str {
        self.code("\u{1b}[33m")
    }

    pub(crate) fn good(self) -> &'static str {
        self.code("\u{1b}[32m")
    }

    pub(crate) fn accent(self) -> &'static str {
        self.code("\u{1b}[36m")
    }

    pub(crate) fn reset(self) -> &'static str {
        self.code("\u{1b}[0m")
    }

    /// Returns the style of a level, such as `INFO`.
    pub(super) fn level(self, level: &str) -> &'static str {
        match level {
            "ERROR" | "FATAL" => self.bad(),
            "WARN" => self.warning(),
            "INFO" => self.good(),
            "DEBUG" => self.code("\u{1b}[34m"),
            _ => self.dim(),
        }
    }
}
