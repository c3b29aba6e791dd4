//! Processes that tests start: examples, and test functions that need a process of their own.

use std::{
    env,
    ops::{Deref, DerefMut},
    path::PathBuf,
    process::{Child, Command, Output},
};

/// Returns a command for the example of this name, which `cargo test` builds.
pub fn example(name: &str) -> Command {
    let program = build_directory().join("examples").join(name);
    assert!(program.exists(), "{} is missing; run: cargo build --examples", program.display());
    let mut command = clean(program);
    // A directory without a configuration file.
    command.current_dir(env::temp_dir());
    command
}

/// Returns the directory of the programs of this profile, such as `target/debug`.
pub fn build_directory() -> PathBuf {
    let mut path = env::current_exe().unwrap();
    path.pop();
    if path.ends_with("deps") {
        path.pop();
    }
    path
}

/// Returns a command that runs an ignored test function of this binary in a process of its own.
///
/// `module` is the `module_path!()` of the function.
pub fn function(module: &str, name: &str) -> Command {
    let path = match module.split_once("::") {
        Some((_binary, module)) => format!("{module}::{name}"),
        None => name.to_owned(),
    };
    let mut command = clean(env::current_exe().unwrap());
    command.args(["--exact", &path, "--ignored", "--nocapture", "--test-threads=1"]);
    command
}

/// Returns a command that runs `command` in a shell, after the shell has run `before`.
pub fn after(before: &str, command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("{before} exec \"$@\"")).arg("sh").arg(command.get_program());
    shell.args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    if let Some(directory) = command.get_current_dir() {
        shell.current_dir(directory);
    }
    shell
}

/// Returns a command without the inherited variables that configure telemetry, colours or proxies.
pub fn clean(program: PathBuf) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        let configures =
            ["OTEL_", "AUTOTEL_", "RUST_LOG", "NO_COLOR"].iter().any(|prefix| name.starts_with(prefix));
        if configures || name.to_lowercase().ends_with("_proxy") {
            command.env_remove(&*name);
        }
    }
    command
}

/// Runs a command to its end and asserts that it succeeds.
pub fn run(mut command: Command) -> Output {
    let output = command.output().unwrap();
    let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).chars().take(2000).collect::<String>();
    assert!(
        output.status.success(),
        "{command:?} failed: {}\n{}\n{}",
        output.status,
        shown(&output.stdout),
        shown(&output.stderr)
    );
    output
}

/// Returns a variable of the process that runs the tests.
pub fn variable(name: &str) -> Option<String> {
    let (_, value) = env::vars_os().find(|(other, _)| other == name)?;
    Some(value.into_string().unwrap())
}

/// Returns the number in a variable, or `default`.
pub fn count_of(name: &str, default: u64) -> u64 {
    variable(name).map_or(default, |count| count.parse().unwrap())
}

/// A child process that is killed when it is dropped.
#[derive(Debug)]
pub struct Process(Child);

impl Process {
    pub fn spawn(command: &mut Command) -> Self {
        Self(command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")))
    }

    /// Sends a signal such as `TERM` or `STOP`.
    pub fn signal(&self, name: &str) {
        let id = self.id().to_string();
        let status = Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap();
        assert!(status.success());
    }

    /// Ends the process at once and waits for its end.
    pub fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Deref for Process {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.0
    }
}

impl DerefMut for Process {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
