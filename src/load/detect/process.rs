//! `process.*`. Never the arguments, which may contain secrets.

use std::env;

use super::{Attributes, machine::Machine};

pub(super) fn attributes(machine: &Machine) -> Attributes {
    let executable = env::current_exe().ok();
    let name = executable.as_deref().and_then(|path| path.file_name()).map(|name| name.to_string_lossy());
    let path = executable.as_deref().map(|path| path.to_string_lossy());
    let optional = [
        name.map(|name| ("process.executable.name", name.into_owned().into())),
        path.map(|path| ("process.executable.path", path.into_owned().into())),
        owner(machine).map(|owner| ("process.owner", owner.into())),
        creation_time(machine).map(|time| ("process.creation.time", time.into())),
    ];
    let certain =
        [("process.pid", i64::from(std::process::id()).into()), ("process.runtime.name", "rustc".into())];
    certain.into_iter().chain(optional.into_iter().flatten()).collect()
}

/// Returns the name of the user.
#[cfg(unix)]
fn owner(machine: &Machine) -> Option<String> {
    let user = rustix::process::geteuid().as_raw().to_string();
    machine.read("/etc/passwd")?.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        (fields.nth(1) == Some(&*user)).then(|| name.to_owned())
    })
}

#[cfg(not(unix))]
fn owner(machine: &Machine) -> Option<String> {
    machine.variable(&["USERNAME"])
}

/// Returns the time at which the process was created, in RFC 3339.
#[cfg(target_os = "linux")]
fn creation_time(machine: &Machine) -> Option<String> {
    // The name of the program may contain spaces and brackets.
    let stat = machine.read("/proc/self/stat")?;
    let ticks: i64 = stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()?;
    let boot = machine.read("/proc/stat")?;
    let boot: i64 = boot.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    let per_second =
        i64::try_from(rustix::param::clock_ticks_per_second()).ok().filter(|ticks| *ticks > 0)?;
    let millis = boot.checked_mul(1_000)?.checked_add(ticks.checked_mul(1_000)? / per_second)?;
    Some(format!("{:.3}", jiff::Timestamp::from_millisecond(millis).ok()?))
}

#[cfg(not(target_os = "linux"))]
fn creation_time(_: &Machine) -> Option<String> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn creation_time_is_that_of_the_process() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("proc/self")).unwrap();
        let fields = "S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 1500 20";
        fs::write(root.path().join("proc/self/stat"), format!("42 (a) b (c)) {fields}\n")).unwrap();
        fs::write(root.path().join("proc/stat"), "cpu 1 2 3\nbtime 1700000000\n").unwrap();
        let machine = Machine::in_directory(root.path());
        assert_eq!(rustix::param::clock_ticks_per_second(), 100);
        assert_eq!(creation_time(&machine).as_deref(), Some("2023-11-14T22:13:35.000Z"));
        fs::write(root.path().join("proc/stat"), "btime 9223372036854775807\n").unwrap();
        assert_eq!(creation_time(&machine), None);
        assert_eq!(creation_time(&Machine::in_directory("/nonexistent")), None);
    }

    #[test]
    fn owner_is_the_user_of_the_process() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("etc")).unwrap();
        let user = rustix::process::geteuid().as_raw();
        let text = format!("other:x:{}:0::/:/bin/sh\nshop:x:{user}:0:Shop:/home/shop:/bin/sh\n", user + 1);
        fs::write(root.path().join("etc/passwd"), text).unwrap();
        assert_eq!(owner(&Machine::in_directory(root.path())).as_deref(), Some("shop"));
    }
}
