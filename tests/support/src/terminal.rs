//! Programs on a terminal, recorded by `script` of util-linux.

use std::{
    fs,
    io::{Read as _, Write as _},
    path::Path,
    process::{Command, ExitStatus, Stdio},
};

use crate::programs::Program;

/// A recorded run.
#[derive(Debug)]
pub struct Recording {
    columns: u16,
    /// What the program wrote to the terminal, with its control sequences.
    pub output: String,
    pub status: ExitStatus,
}

/// Runs a line of shell on a terminal of this width. `prepare` sets the environment and the
/// directory.
pub fn record(line: &str, columns: u16, prepare: impl FnOnce(&mut Command)) -> Recording {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("session");
    let mut script = script(line, columns, &file);
    prepare(&mut script);
    let status = script.output().unwrap().status;
    Recording { columns, output: recorded(&file), status }
}

/// Same as [`record`], and types the keys of each pair as soon as the terminal shows its text.
pub fn converse(
    line: &str,
    columns: u16,
    dialogue: &[(&str, &str)],
    prepare: impl FnOnce(&mut Command),
) -> Recording {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("session");
    let mut script = script(line, columns, &file);
    prepare(&mut script);
    let mut script = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut keys, mut screen) = (script.stdin.take().unwrap(), script.stdout.take().unwrap());
    let mut shown = Vec::new();
    for (text, typed) in dialogue {
        while !String::from_utf8_lossy(&shown).contains(text) {
            let mut bytes = [0; 1024];
            let length = screen.read(&mut bytes).unwrap();
            assert!(length > 0, "{text:?} is not shown: {}", String::from_utf8_lossy(&shown));
            shown.extend_from_slice(&bytes[..length]);
        }
        // The next text is shown after these keys.
        shown.clear();
        keys.write_all(typed.as_bytes()).unwrap();
    }
    screen.read_to_end(&mut shown).unwrap();
    let status = script.wait().unwrap();
    Recording { columns, output: recorded(&file), status }
}

fn script(line: &str, columns: u16, file: &Path) -> Command {
    let mut script = Program::Script.command();
    let line = format!("stty cols {columns} && {line}");
    script.args(["--quiet", "--return", "--flush", "--command", &line]).arg(file);
    script.env("TERM", "xterm-256color");
    script
}

/// Returns what a session holds between the first line and the last, which are those of `script`.
fn recorded(session: &Path) -> String {
    let bytes = fs::read(session).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let (_, text) = text.split_once('\n').unwrap();
    let (text, _) = text.rsplit_once("\nScript done ").unwrap();
    text.to_owned()
}

impl Recording {
    /// Replays the output on a terminal with this number of rows.
    pub fn replay(&self, rows: u16) -> vt100::Parser {
        let mut terminal = vt100::Parser::new(rows.try_into().unwrap(), self.columns.try_into().unwrap(), 0);
        terminal.process(self.output.as_bytes());
        terminal
    }
}
