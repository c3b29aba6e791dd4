//! `container.id`.

use super::{Attributes, machine::Machine};

/// The length of the ID of a container.
const ID_LEN: usize = 64;

/// The files that a runtime mounts from the directory of the container.
const MOUNTED: [&str; 3] = ["/etc/hostname", "/etc/hosts", "/etc/resolv.conf"];

pub(super) fn attributes(machine: &Machine) -> Attributes {
    id(machine).map(|id| ("container.id", id.into())).into_iter().collect()
}

/// Returns whether the process runs in a container.
pub(super) fn is_contained(machine: &Machine) -> bool {
    machine.exists("/.dockerenv") || machine.exists("/run/.containerenv") || id(machine).is_some()
}

/// The control groups of version 1 name the container, those of version 2 only outside of it.
fn id(machine: &Machine) -> Option<String> {
    let of_control_groups = || machine.read("/proc/self/cgroup")?.lines().find_map(id_of_control_group);
    let of_mounts = || machine.read("/proc/self/mountinfo")?.lines().find_map(id_of_mount);
    of_control_groups().or_else(of_mounts)
}

/// Returns the ID at the end of a path such as `/docker/ID` or `…/cri-containerd-ID.scope`.
fn id_of_control_group(line: &str) -> Option<String> {
    let last = line.rsplit('/').next()?;
    let name = last.strip_suffix(".scope").unwrap_or(last);
    let id = name.rsplit(['-', ':']).next()?;
    is_id(id).then(|| id.to_owned())
}

/// Returns the ID in the source of a mount such as `/var/lib/docker/containers/ID/hostname`. The
/// `sandboxes` of Kubernetes are not the containers in them.
fn id_of_mount(line: &str) -> Option<String> {
    let mut fields = line.split(' ').skip(3);
    let (source, target) = (fields.next()?, fields.next()?);
    if !MOUNTED.contains(&target) {
        return None;
    }
    let segments = source.split('/');
    let mut pairs = segments.clone().zip(segments.skip(1));
    pairs.find(|(directory, id)| directory.ends_with("containers") && is_id(id)).map(|(_, id)| id.to_owned())
}

fn is_id(text: &str) -> bool {
    text.len() == ID_LEN && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    fn detected(control_groups: &str, mounts: &str) -> Option<String> {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("proc/self")).unwrap();
        fs::write(root.path().join("proc/self/cgroup"), control_groups.replace("ID", ID)).unwrap();
        fs::write(root.path().join("proc/self/mountinfo"), mounts.replace("ID", ID)).unwrap();
        id(&Machine::in_directory(root.path()))
    }

    #[test]
    fn id_is_found_for_each_runtime() {
        for (name, control_groups, mounts) in [
            ("docker, version 1", "13:cpu:/docker/ID\n0::/\n", ""),
            (
                "kubernetes with systemd, version 1",
                "11:pids:/kubepods.slice/kubepods-burstable.slice/kubepods-pod1.slice/cri-containerd-ID.scope\n",
                "",
            ),
            ("kubernetes, version 1", "4:memory:/kubepods/besteffort/pod1-2/ID\n", ""),
            (
                "containerd with prefix",
                "1:name=systemd:/system.slice/containerd.service/kubepods-pod1:cri-containerd:ID\n",
                "",
            ),
            ("podman, version 1", "5:cpuset:/machine.slice/libpod-ID.scope\n", ""),
            (
                "docker, version 2",
                "0::/\n",
                "600 590 259:1 /var/lib/docker/containers/ID/hostname /etc/hostname rw - ext4 /dev/root rw\n",
            ),
            (
                "podman, version 2",
                "0::/\n",
                "9 8 0:5 /containers/storage/overlay-containers/ID/userdata/hostname /etc/hostname rw - tmpfs tmpfs rw\n",
            ),
        ] {
            assert_eq!(detected(control_groups, mounts).as_deref(), Some(ID), "{name}");
        }
    }

    #[test]
    fn other_paths_have_no_id() {
        for (control_groups, mounts) in [
            ("0::/user.slice/user-1000.slice/session-2.scope\n", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"),
            ("", ""),
            (
                "0::/\n",
                "9 8 0:5 /var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/ID/hostname /etc/hostname rw - ext4 a rw\n",
            ),
            ("0::/\n", "9 8 0:5 /var/lib/docker/containers/ID/data /data rw - ext4 a rw\n"),
            ("1:cpu:/docker/ID0\n", "9\n"),
        ] {
            assert_eq!(detected(control_groups, mounts), None, "{control_groups}{mounts}");
        }
    }
}
