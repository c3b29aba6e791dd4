//! What instruments there are.

use std::fmt;

/// The kind of an instrument, observable or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InstrumentKind {
    /// Counts up.
    Counter,
    /// Counts up and down.
    UpDownCounter,
    /// Has the value that it was given last.
    Gauge,
    /// Sorts values by their size.
    Histogram,
}

impl InstrumentKind {
    /// The name, in lower case and without separators.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::UpDownCounter => "updowncounter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

impl fmt::Display for InstrumentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
