//! The formats of the page.

use std::fmt;

/// The format of a page, and the characters of its names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PageFormat {
    pub(super) exposition: Exposition,
    pub(super) escaping: Escaping,
}

/// A page that can serve several clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PageKind {
    pub(super) format: PageFormat,
    pub(super) is_gzip: bool,
}

/// A format with its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exposition {
    /// The text format 0.0.4, for names without other characters than letters, digits and `_`.
    Text0,
    /// The text format 1.0.0: names can be in quotes.
    Text1,
    /// OpenMetrics 0.0.1, the draft of 1.0.0.
    OpenMetrics0,
    /// OpenMetrics 1.0.0.
    OpenMetrics1,
    /// Messages of Protocol Buffers, each behind its length.
    Protobuf,
}

/// The text of a name with characters that Prometheus did not accept before version 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escaping {
    /// Each of these characters becomes `_`.
    Underscores,
    /// `.` becomes `_dot_`, `_` becomes `__`, another character `__`.
    Dots,
    /// `U__` and the code points of these characters.
    Values,
    /// Names keep all characters.
    AllowUtf8,
}

/// The syntax of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    Text,
    OpenMetrics,
    Protobuf,
}

impl PageFormat {
    /// The format that every client reads.
    pub(super) const DEFAULT: Self = Self { exposition: Exposition::Text0, escaping: Escaping::Underscores };

    /// Returns the value of `Content-Type`.
    pub(super) fn content_type(self) -> String {
        let Self { exposition, escaping } = self;
        format!("{exposition}; escaping={}", escaping.as_str())
    }
}

impl Exposition {
    /// All formats. Of those that a client accepts equally, the first one is used.
    pub(super) const ALL: [Self; 5] =
        [Self::Text0, Self::Text1, Self::OpenMetrics1, Self::OpenMetrics0, Self::Protobuf];

    pub(super) const fn media_type(self) -> &'static str {
        match self {
            Self::Text0 | Self::Text1 => "text/plain",
            Self::OpenMetrics0 | Self::OpenMetrics1 => "application/openmetrics-text",
            Self::Protobuf => "application/vnd.google.protobuf",
        }
    }

    /// Returns the parameters that tell this format from others of its media type.
    pub(super) const fn parameters(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Text0 => &[("version", "0.0.4")],
            Self::OpenMetrics0 => &[("version", "0.0.1")],
            Self::Text1 | Self::OpenMetrics1 => &[("version", "1.0.0")],
            Self::Protobuf => &[("proto", "io.prometheus.client.MetricFamily"), ("encoding", "delimited")],
        }
    }

    /// Returns whether names can have all characters.
    pub(super) const fn has_utf8_names(self) -> bool {
        !matches!(self, Self::Text0 | Self::OpenMetrics0)
    }

    pub(super) const fn syntax(self) -> Syntax {
        match self {
            Self::Text0 | Self::Text1 => Syntax::Text,
            Self::OpenMetrics0 | Self::OpenMetrics1 => Syntax::OpenMetrics,
            Self::Protobuf => Syntax::Protobuf,
        }
    }
}

impl fmt::Display for Exposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.media_type())?;
        for (name, value) in self.parameters() {
            write!(f, "; {name}={value}")?;
        }
        if *self == Self::Protobuf { Ok(()) } else { f.write_str("; charset=utf-8") }
    }
}

impl Escaping {
    pub(super) const ALL: [Self; 4] = [Self::Underscores, Self::Dots, Self::Values, Self::AllowUtf8];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Underscores => "underscores",
            Self::Dots => "dots",
            Self::Values => "values",
            Self::AllowUtf8 => "allow-utf-8",
        }
    }
}
