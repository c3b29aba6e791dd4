//! `host.name`, `host.id` and `host.arch`. Never addresses.

use std::env::consts::ARCH;

use super::{Attributes, container, machine::Machine};

/// The files with the ID of a Linux machine.
const ID_FILES: [&str; 2] = ["/etc/machine-id", "/var/lib/dbus/machine-id"];

pub(super) fn attributes(machine: &Machine) -> Attributes {
    let name = host_name(machine).map(|name| ("host.name", name.into()));
    let id = id(machine).map(|id| ("host.id", id.into()));
    name.into_iter().chain(id).chain([("host.arch", architecture().into())]).collect()
}

#[cfg(unix)]
fn host_name(_: &Machine) -> Option<String> {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    (!name.is_empty()).then_some(name)
}

#[cfg(not(unix))]
fn host_name(machine: &Machine) -> Option<String> {
    machine.variable(&["COMPUTERNAME"])
}

/// In a container, the ID is that of its image, or of no machine at all.
fn id(machine: &Machine) -> Option<String> {
    if container::is_contained(machine) {
        return None;
    }
    ID_FILES.iter().find_map(|path| machine.read(path))
}

/// Returns the name of the architecture in the semantic conventions.
fn architecture() -> &'static str {
    match ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "arm" => "arm32",
        "powerpc" => "ppc32",
        "powerpc64" => "ppc64",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn id_of_a_machine_is_not_that_of_a_container() {
        let root = tempfile::tempdir().unwrap();
        let machine = Machine::in_directory(root.path());
        fs::create_dir_all(root.path().join("etc")).unwrap();
        assert_eq!(id(&machine), None);
        fs::write(root.path().join("etc/machine-id"), "0f1e\n").unwrap();
        assert_eq!(id(&machine).as_deref(), Some("0f1e"));
        let names: Vec<_> = attributes(&machine).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["host.name", "host.id", "host.arch"]);
        fs::write(root.path().join(".dockerenv"), "").unwrap();
        assert_eq!(id(&machine), None);
    }
}
