//! `os.type`, `os.name`, `os.version` and `os.description`.

use std::env::consts::OS;

use super::{Attributes, machine::Machine};

/// The files that describe a Linux distribution.
const RELEASE_FILES: [&str; 2] = ["/etc/os-release", "/usr/lib/os-release"];

pub(super) fn attributes(machine: &Machine) -> Attributes {
    let mut attributes: Attributes = vec![("os.type", os_type().into())];
    let release = RELEASE_FILES.iter().find_map(|path| machine.read(path)).unwrap_or_default();
    for (attribute, field) in
        [("os.name", "NAME"), ("os.version", "VERSION_ID"), ("os.description", "PRETTY_NAME")]
    {
        if let Some(value) = release_field(&release, field) {
            attributes.push((attribute, value.into()));
        }
    }
    if release.is_empty() {
        attributes.extend(kernel());
    }
    attributes
}

/// Returns the name of the operating system in the semantic conventions.
fn os_type() -> &'static str {
    match OS {
        "macos" | "ios" => "darwin",
        "dragonfly" => "dragonflybsd",
        other => other,
    }
}

/// Returns the value of `FIELD=value` or `FIELD="value"`.
fn release_field(release: &str, field: &str) -> Option<String> {
    let value = release.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix('='))?.trim();
    let quoted = |quote| value.strip_prefix(quote)?.strip_suffix(quote);
    let value = quoted('"').or_else(|| quoted('\'')).unwrap_or(value);
    (!value.is_empty()).then(|| value.to_owned())
}

/// Describes an operating system without a file of its release.
#[cfg(unix)]
fn kernel() -> Attributes {
    let name = rustix::system::uname();
    let text = |part: &std::ffi::CStr| part.to_string_lossy().into_owned();
    vec![("os.name", text(name.sysname()).into()), ("os.version", text(name.release()).into())]
}

#[cfg(not(unix))]
fn kernel() -> Attributes {
    Attributes::new()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn release_is_read_from_the_first_file() {
        let root = tempfile::tempdir().unwrap();
        let machine = Machine::in_directory(root.path());
        fs::create_dir_all(root.path().join("usr/lib")).unwrap();
        fs::write(
            root.path().join("usr/lib/os-release"),
            "PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\nNAME='Debian GNU/Linux'\nVERSION_ID=13\nVERSION=\"\"\n",
        )
        .unwrap();
        assert_eq!(
            attributes(&machine)[1..],
            [
                ("os.name", "Debian GNU/Linux".into()),
                ("os.version", "13".into()),
                ("os.description", "Debian GNU/Linux 13 (trixie)".into())
            ]
        );
        #[cfg(unix)]
        assert_eq!(attributes(&Machine::in_directory("/nonexistent")).len(), 3);
    }
}
