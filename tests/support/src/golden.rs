//! Golden files: `UPDATE_GOLDEN=1` in the environment rewrites them.

use std::{env, fs, path::Path, thread};

use crate::process;

/// Returns whether golden files are to be rewritten.
pub fn is_update() -> bool {
    process::variable("UPDATE_GOLDEN").as_deref() == Some("1")
}

/// Returns the command that rewrites the golden files of the running test.
pub fn update_command() -> String {
    let program = env::current_exe().unwrap();
    let program = program.file_stem().unwrap().to_string_lossy();
    // Cargo adds a hash to the name of the binary.
    let binary = program.rsplit_once('-').map_or(&*program, |(name, _)| name);
    let current = thread::current();
    let test = current.name().unwrap_or_default();
    format!("UPDATE_GOLDEN=1 cargo test --all-features --test {binary} {test}")
}

/// Compares a file with `actual`, or rewrites it when asked to. Returns a description of the
/// difference.
pub fn difference(path: &Path, actual: &str) -> Option<String> {
    if is_update() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, actual).unwrap();
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    let is_equal = |(old, new): &(&str, &str)| old == new;
    let line = 1 + expected.lines().zip(actual.lines()).take_while(is_equal).count();
    let actual_line = actual.lines().nth(line - 1).unwrap_or("(end of file)");
    let expected_line = expected.lines().nth(line - 1).unwrap_or("(end of file)");
    (expected != actual).then(|| {
        format!("{}, line {line}\n  expected: {expected_line}\n    actual: {actual_line}\n", path.display())
    })
}

/// Asserts that a file holds `actual`, or rewrites it when asked to.
pub fn assert_current(path: &Path, actual: &str) {
    if let Some(difference) = difference(path, actual) {
        panic!("{difference}run: {}", update_command());
    }
}
