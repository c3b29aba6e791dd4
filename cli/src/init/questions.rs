//! Questions on a terminal.

use std::io::{self, ErrorKind, IsTerminal as _, Write as _};

/// The reason why no answer was found.
pub(super) enum Ended {
    /// A flag has a value that is not accepted.
    Usage(String),
    /// The input ended, or cannot be read.
    Input(io::Error),
}

/// A question, and the flag that answers it.
pub(super) struct Question<'q> {
    pub(super) flag: &'q str,
    /// Lines before the question.
    pub(super) introduction: &'q str,
    pub(super) text: &'q str,
    /// The answer without an input.
    pub(super) default: &'q str,
}

/// Asks on a terminal, unless a flag has the answer.
pub(super) struct Questions {
    can_ask: bool,
}

impl Questions {
    /// Asks only if a person reads the questions and types the answers.
    pub(super) fn new(is_allowed: bool) -> Self {
        Self { can_ask: is_allowed && io::stdin().is_terminal() && io::stderr().is_terminal() }
    }

    pub(super) fn can_ask(&self) -> bool {
        self.can_ask
    }

    /// Returns the flag, the answer or the default, as `accept` reads it. Asks again with the
    /// reason while `accept` rejects the answer.
    pub(super) fn answer<T>(
        &self,
        flag: Option<&str>,
        question: &Question<'_>,
        accept: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, Ended> {
        if flag.is_some() || !self.can_ask {
            let value = flag.unwrap_or(question.default);
            return accept(value).map_err(|reason| Ended::Usage(format!("--{}: {reason}", question.flag)));
        }
        write!(io::stderr(), "{}", question.introduction).map_err(Ended::Input)?;
        loop {
            let answer = ask(question).map_err(Ended::Input)?;
            match accept(&answer) {
                Ok(value) => return Ok(value),
                Err(reason) => writeln!(io::stderr(), "  {reason}").map_err(Ended::Input)?,
            }
        }
    }
}

fn ask(question: &Question<'_>) -> io::Result<String> {
    let mut out = io::stderr();
    write!(out, "{} [{}]: ", question.text, question.default)?;
    out.flush()?;
    let mut line = String::new();
    if io::stdin().read_line(&mut line)? == 0 {
        writeln!(out)?;
        return Err(io::Error::new(ErrorKind::UnexpectedEof, "the input ended"));
    }
    let answer = line.trim();
    Ok(if answer.is_empty() { question.default } else { answer }.to_owned())
}
