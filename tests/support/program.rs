//! Programs that tests run: the examples, and test functions that need a process of their own.

use std::{
    path::PathBuf,
    process::{Command, Output},
};

/// The example of this name, which `cargo test` built.
pub fn example(name: &str) -> Command {
    let mut path: PathBuf = std::env::current_exe().unwrap();
    path.pop();
    if path.ends_with("deps") {
        path.pop();
    }
    let mut command = clean(path.join("examples").join(name));
    command.current_dir(tempdir_of_the_process());
    command
}

/// Returns a command that runs an ignored test function of this binary in a process of its own.
///
/// `module` is the `module_path!()` of the function.
pub fn function(module: &str, name: &str) -> Command {
    let path = match module.split_once("::") {
        Some((_binary, module)) => format!("{module}::{name}"),
        None => name.to_owned(),
    };
    let mut command = clean(std::env::current_exe().unwrap());
    command.args(["--exact", &path, "--ignored", "--nocapture", "--test-threads=1"]);
    command
}

/// Without the variables of whoever runs the tests.
pub fn clean(program: PathBuf) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        let is_ours =
            ["OTEL_", "AUTOTEL_", "RUST_LOG", "NO_COLOR"].iter().any(|prefix| name.starts_with(prefix));
        if is_ours || name.to_lowercase().ends_with("_proxy") {
            command.env_remove(&*name);
        }
    }
    command
}

fn tempdir_of_the_process() -> PathBuf {
    std::env::temp_dir()
}

/// Runs to the end, which must be a good one.
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

/// A variable of whoever runs the tests.
pub fn variable(name: &str) -> Option<String> {
    let (_, value) = std::env::vars_os().find(|(other, _)| other == name)?;
    Some(value.into_string().unwrap())
}

/// How many of something the variable `name` asks for.
pub fn count_of(name: &str, otherwise: u64) -> u64 {
    variable(name).map_or(otherwise, |count| count.parse().unwrap())
}

/// The program that the variable `name` names, else that of the search path.
pub fn named(name: &str, otherwise: &str) -> String {
    variable(name).unwrap_or_else(|| otherwise.to_owned())
}

/// Whether golden files shall be rewritten.
pub fn updates_golden() -> bool {
    variable("UPDATE_GOLDEN").as_deref() == Some("1")
}
