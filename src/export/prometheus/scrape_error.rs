//! The reasons why a scrape has no page.

use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ScrapeError {
    /// Other scrapes took too long.
    Busy,
    /// Other clients took too long to read their pages.
    Full,
    Failed(String),
}

impl fmt::Display for ScrapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => f.write_str("other scrapes are still waiting for observable callbacks"),
            Self::Full => f.write_str("other clients are still reading their pages"),
            Self::Failed(reason) => f.write_str(reason),
        }
    }
}
