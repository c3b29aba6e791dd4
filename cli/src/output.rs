//! Output on standard output, and the exit code.

use std::{
    io::{ErrorKind, Write as _},
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
