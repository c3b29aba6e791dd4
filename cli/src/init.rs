//! `autotelemetry init`

use std::{
    fs::File,
    io::{ErrorKind, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use crate::output::{exit_code, print};

/// Writes the starter file to `path`, unless it exists.
pub(crate) fn init(path: Option<PathBuf>, is_declarative: bool) -> ExitCode {
    let (name, text) = if is_declarative {
        ("otel.yaml", include_bytes!("starter.yaml").as_slice())
    } else {
        ("autotelemetry.toml", include_bytes!("starter.toml").as_slice())
    };
    let path = path.unwrap_or_else(|| name.into());
    let written = File::create_new(&path).and_then(|mut file| file.write_all(text));
    let (message, is_ok) = match written {
        Ok(()) => (format!("wrote {}\n", path.display()), true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            (format!("{} already exists and was not changed\n", path.display()), false)
        }
        Err(error) => (format!("cannot write {}: {error}\n", path.display()), false),
    };
    print(&message, exit_code(is_ok))
}
