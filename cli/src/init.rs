//! `autotelemetry init`

use std::{
    fs::File,
    io::{ErrorKind, Write as _},
    path::Path,
    process::ExitCode,
};

use crate::output::{exit_code, print};

/// Writes the starter file to `path`, unless it exists.
pub(crate) fn init(path: &Path) -> ExitCode {
    let written = File::create_new(path).and_then(|mut file| file.write_all(include_bytes!("starter.toml")));
    let (message, is_ok) = match written {
        Ok(()) => (format!("wrote {}\n", path.display()), true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            (format!("{} already exists and was not changed\n", path.display()), false)
        }
        Err(error) => (format!("cannot write {}: {error}\n", path.display()), false),
    };
    print(&message, exit_code(is_ok))
}
