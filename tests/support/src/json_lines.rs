//! JSON lines that a program prints.

use std::process::Output;

use serde_json::Value;

/// Parses the lines of standard output.
pub fn lines(output: &Output) -> Vec<Value> {
    let out = str::from_utf8(&output.stdout).unwrap();
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Returns the lines that have these members.
pub fn matching<'l>(lines: &'l [Value], members: &Value) -> Vec<&'l Value> {
    let has = |line: &&Value| members.as_object().unwrap().iter().all(|(name, value)| line[name] == *value);
    lines.iter().filter(has).collect()
}

/// Returns the only line that has these members.
pub fn only<'l>(lines: &'l [Value], members: &Value) -> &'l Value {
    let found = matching(lines, members);
    assert_eq!(found.len(), 1, "{members} in {lines:#?}");
    found[0]
}
