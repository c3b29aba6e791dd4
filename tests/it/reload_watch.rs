//! Tools that watch their file.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use autotelemetry::{ObservabilityTools, prelude::*, reload::ReloadLog};
use test_support::{
    TIMEOUT, builder, certificates::Authority, child::Child, mock_collector::MockCollector, value,
};

/// Tools that look at their file each second, the shortest interval.
struct Watching {
    tools: ObservabilityTools,
    directory: tempfile::TempDir,
}

impl Watching {
    fn start(text: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("autotelemetry.toml");
        fs::write(&path, with_service(text)).unwrap();
        Self { tools: builder().config_file(path).build().unwrap(), directory }
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("autotelemetry.toml")
    }

    fn write(&self, text: &str) {
        fs::write(self.file(), with_service(text)).unwrap();
    }

    /// Waits for the outcome of a reload.
    fn wait(&self, is_there: impl Fn(&ReloadLog) -> bool) -> ReloadLog {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let reloads = self.tools.reloads();
            if is_there(&reloads) {
                return reloads;
            }
            assert!(Instant::now() < deadline, "{reloads:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn level(&self) -> String {
        value(&self.tools, "logs.level")
    }
}

fn with_service(text: &str) -> String {
    format!("service.name = \"shop\"\nreload = {{ watch = true, interval = \"1s\" }}\n{text}")
}

/// Replaces a file as editors and config maps do.
fn replace(path: &Path, text: &str) {
    let new = path.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(new, path).unwrap();
}

#[test]
fn change_of_the_file_is_applied_and_problems_are_not() {
    let watching = Watching::start("");
    watching.write("logs.level = \"debug\"");
    watching.wait(|reloads| reloads.applied() == 1);
    assert_eq!(watching.level(), "\"debug\"");
    watching.write("logs.level = \"loud\"");
    let reloads = watching.wait(|reloads| reloads.refused() == 1);
    assert!(reloads.last_error().unwrap().contains("logs.level"), "{reloads:?}");
    replace(&watching.file(), &with_service("logs.level = \"warn\""));
    watching.wait(|reloads| reloads.applied() == 2);
    fs::remove_file(watching.file()).unwrap();
    let reloads = watching.wait(|reloads| reloads.refused() == 2);
    assert!(reloads.last_error().unwrap().contains("cannot read"), "{reloads:?}");
    assert_eq!(watching.level(), "\"warn\"");
    watching.write("logs.level = \"error\"");
    watching.wait(|reloads| reloads.applied() == 3);
    // The thread ends with the tools, and the watching with its key.
    fs::write(watching.file(), "service.name = \"shop\"\nlogs.level = \"off\"").unwrap();
    watching.wait(|reloads| reloads.applied() == 4);
    watching.tools.shutdown().unwrap();
}

#[test]
#[cfg(unix)]
fn config_map_is_followed_through_its_symbolic_links() {
    use std::os::unix::fs::symlink;

    let mount = tempfile::tempdir().unwrap();
    let version = |name: &str, level: &str| {
        let directory = mount.path().join(name);
        fs::create_dir(&directory).unwrap();
        fs::write(directory.join("autotelemetry.toml"), with_service(&format!("logs.level = \"{level}\"")))
            .unwrap();
    };
    version("..1", "info");
    symlink("..1", mount.path().join("..data")).unwrap();
    symlink("..data/autotelemetry.toml", mount.path().join("autotelemetry.toml")).unwrap();
    let tools = builder().config_file(mount.path().join("autotelemetry.toml")).build().unwrap();
    let watching = Watching { tools, directory: tempfile::tempdir().unwrap() };
    version("..2", "debug");
    symlink("..2", mount.path().join("..data_tmp")).unwrap();
    fs::rename(mount.path().join("..data_tmp"), mount.path().join("..data")).unwrap();
    watching.wait(|reloads| reloads.applied() == 1);
    assert_eq!(watching.level(), "\"debug\"");
}

#[test]
fn rotated_secret_is_used_without_a_restart() {
    let collector = MockCollector::start();
    let directory = tempfile::tempdir().unwrap();
    let secret = directory.path().join("token");
    fs::write(&secret, "old").unwrap();
    let watching = Watching::start(&format!(
        "otlp = {{ endpoint = \"{}\", headers = {{ authorization = {{ file = {secret:?} }} }} }}\n\
         logs.exporters = []\nmetrics.exporters = []",
        collector.url()
    ));
    replace(&secret, "new");
    watching.wait(|reloads| reloads.applied() == 1);
    watching.tools.tracer("shop").start("order").end();
    watching.tools.shutdown().unwrap();
    assert_eq!(collector.received()[0].header("authorization"), Some("new"));
}

#[test]
fn thread_follows_a_reload_of_the_program() {
    let reload = |watch: bool, interval: &str| {
        format!("service.name = \"shop\"\nreload = {{ watch = {watch}, interval = \"{interval}\" }}\n")
    };
    let watching = Watching::start("");
    for (watch, interval) in [(true, "1h"), (false, "1h"), (true, "1h"), (true, "1s")] {
        fs::write(watching.file(), reload(watch, interval)).unwrap();
        watching.tools.reload().unwrap();
    }
    let applied = watching.tools.reloads().applied();
    fs::write(watching.file(), reload(true, "1s") + "logs.level = \"debug\"").unwrap();
    watching.wait(|reloads| reloads.applied() > applied);
    assert_eq!(watching.level(), "\"debug\"");
}

/// To open a pipe blocks until its other end is opened.
#[test]
#[cfg(unix)]
fn pipe_in_place_of_a_certificate_does_not_stop_the_watching() {
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new(directory.path(), "authority");
    let watching = Watching::start(&format!(
        "otlp = {{ endpoint = \"https://localhost:1\", tls.ca_file = {:?} }}\ntraces.exporters = [\"otlp\"]\n\
         logs.exporters = []",
        authority.file()
    ));
    fs::remove_file(authority.file()).unwrap();
    assert!(Command::new("mkfifo").arg(authority.file()).status().unwrap().success());
    let reloads = watching.wait(|reloads| reloads.refused() > 0);
    assert!(reloads.last_error().unwrap().contains("not a regular file"), "{reloads:?}");
    watching.write("logs.level = \"debug\"");
    watching.wait(|reloads| reloads.applied() > 0);
}

/// The file stays the same, but the reason for its refusal is gone.
#[test]
fn refused_file_is_applied_once_its_directory_can_be_written_to() {
    let watching = Watching::start("");
    let blocked = watching.directory.path().join("blocked");
    fs::write(&blocked, "").unwrap();
    watching.write(&format!("logs.exporters = [\"file\"]\nfile.directory = {blocked:?}"));
    let reloads = watching.wait(|reloads| reloads.refused() > 0);
    assert!(reloads.last_error().unwrap().contains("file.directory"), "{reloads:?}");
    fs::remove_file(&blocked).unwrap();
    watching.wait(|reloads| reloads.applied() == 1);
    assert!(blocked.is_dir());
}

#[test]
fn rotated_certificate_is_named_in_the_line_about_the_reload() {
    let directory = tempfile::tempdir().unwrap();
    let (old, new) =
        (Authority::new(directory.path(), "authority"), Authority::new(directory.path(), "other"));
    let path = directory.path().join("autotelemetry.toml");
    let otlp = format!("otlp = {{ endpoint = \"https://localhost:1\", tls.ca_file = {:?} }}", old.file());
    fs::write(&path, with_service(&otlp)).unwrap();
    let mut child = Child::start(&[("AUTOTEL_CONFIG", path.to_str().unwrap())]);
    drop(child.call("stats traces"));
    fs::rename(new.file(), old.file()).unwrap();
    child.wait_stderr("autotelemetry.toml: certificates or keys");
    assert!(!child.stderr().contains("nothing has changed"), "{}", child.stderr());
}
