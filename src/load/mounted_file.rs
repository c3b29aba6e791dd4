//! Finds out whether the file is mounted alone.

use std::path::Path;

use crate::error::Problem;

/// Returns a warning if the file can never change, because it is mounted alone.
///
/// Kubernetes mounts a file with `subPath` in this way. It then keeps the content of the start.
pub(super) fn warning(file: &Path) -> Option<Problem> {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
    let path = std::fs::canonicalize(file).ok()?;
    is_mount(&mounts, path.to_str()?).then(|| {
        let message = format!("{} is mounted alone, so changes of its source never arrive", file.display());
        let problem = Problem::new(message).with_key("reload.watch");
        problem.with_help("mount its directory, in Kubernetes without `subPath`")
    })
}

/// Returns whether `path` is one of the mounts, each in a line of fields.
fn is_mount(mounts: &str, path: &str) -> bool {
    // A space in a path is written as `\040`.
    let path = path.replace(' ', "\\040");
    mounts.lines().any(|mount| mount.split(' ').nth(4) == Some(&path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_are_found_by_their_path() {
        let mounts = "36 35 98:0 /mnt1 /etc/app rw,noatime master:1 - ext3 /dev/root rw\n\
                      37 35 98:0 /a /etc/my\\040app/autotelemetry.toml ro - ext4 /dev/sda1 ro\n";
        assert!(is_mount(mounts, "/etc/my app/autotelemetry.toml"));
        assert!(!is_mount(mounts, "/etc/app/autotelemetry.toml"));
    }
}
