//! A client of the language server of taplo, as an editor is.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Stdio},
};

use serde_json::{Value, json};

use crate::programs::{self, Program};

/// A language server with one open document. It ends when this is dropped.
#[derive(Debug)]
pub struct LanguageServer {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    last_id: u64,
    uri: String,
    diagnostics: Vec<(u64, String)>,
}

/// Returns whether `TAPLO_SERVER` names a taplo with its language server, or prints the reason why
/// the test is skipped.
///
/// `REQUIRE_BACKENDS=1` does not require it, since no package contains it.
pub fn is_available() -> bool {
    let found = Program::TaploServer.path();
    if let Err(reason) = &found {
        programs::print_skipped(reason);
    }
    found.is_ok()
}

impl LanguageServer {
    /// Starts taplo in the directory of the file, and opens the file with this text.
    pub fn open(path: &Path, text: &str) -> Self {
        let directory = path.parent().unwrap();
        let mut command = Program::TaploServer.command();
        command.args(["lsp", "--no-auto-config", "stdio"]).current_dir(directory);
        let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = pipes.spawn().unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let uri = format!("file://{}", path.display());
        let mut server = Self { child, input, output, last_id: 0, uri, diagnostics: Vec::new() };
        let folders = json!([{ "uri": format!("file://{}", directory.display()), "name": "service" }]);
        let parameters =
            json!({ "processId": null, "rootUri": null, "capabilities": {}, "workspaceFolders": folders });
        server.request("initialize", &parameters);
        server.notify("initialized", &json!({}));
        let document = json!({ "uri": server.uri, "languageId": "toml", "version": 1, "text": text });
        server.notify("textDocument/didOpen", &json!({ "textDocument": document }));
        server.diagnostics = server.read_diagnostics();
        server
    }

    /// Returns the diagnostics of the document: the line of each, from 0, and its message.
    pub fn diagnostics(&self) -> &[(u64, String)] {
        &self.diagnostics
    }

    /// Reads the diagnostics of the syntax, of repeated keys and of the schema. The first that are
    /// not empty are the last.
    fn read_diagnostics(&mut self) -> Vec<(u64, String)> {
        const KINDS: usize = 3;
        let mut found = Vec::new();
        let mut published = 0;
        while found.is_empty() && published < KINDS {
            let message = self.read();
            let parameters = &message["params"];
            if message["method"] == "textDocument/publishDiagnostics"
                && parameters["uri"] == self.uri.as_str()
            {
                let line = |diagnostic: &Value| diagnostic["range"]["start"]["line"].as_u64().unwrap();
                let diagnostics = parameters["diagnostics"].as_array().unwrap().iter();
                found = diagnostics.map(|found| (line(found), text_of(&found["message"]))).collect();
                published += 1;
            }
        }
        found
    }

    /// Returns what can be written at a place: the texts, each with its documentation.
    pub fn completions(&mut self, line: u64, character: u64) -> Vec<(String, String)> {
        let result = self.at("textDocument/completion", line, character);
        let items = result.as_array().or_else(|| result["items"].as_array()).cloned().unwrap_or_default();
        let item = |item: &Value| (text_of(&item["label"]), text_of(&item["documentation"]));
        items.iter().map(item).collect()
    }

    /// Returns the documentation of what is at a place.
    pub fn hover(&mut self, line: u64, character: u64) -> String {
        text_of(&self.at("textDocument/hover", line, character)["contents"])
    }

    fn at(&mut self, method: &str, line: u64, character: u64) -> Value {
        let position = json!({ "line": line, "character": character });
        self.request(method, &json!({ "textDocument": { "uri": self.uri }, "position": position }))
    }

    fn request(&mut self, method: &str, parameters: &Value) -> Value {
        self.last_id += 1;
        let id = self.last_id;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": parameters }));
        loop {
            let message = self.read();
            if message["id"] == id && message.get("method").is_none() {
                assert!(message.get("error").is_none_or(Value::is_null), "{method}: {message}");
                return message["result"].clone();
            }
        }
    }

    fn notify(&mut self, method: &str, parameters: &Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": parameters }));
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.input.flush().unwrap();
    }

    /// Reads a message, and answers it if it is a request of the server.
    fn read(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "the language server has ended");
            if let Some(number) = line.strip_prefix("Content-Length: ") {
                length = number.trim().parse().unwrap();
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut text = vec![0; length];
        self.output.read_exact(&mut text).unwrap();
        let message: Value = serde_json::from_slice(&text).unwrap();
        if message.get("method").is_some() && message.get("id").is_some() {
            self.send(&json!({ "jsonrpc": "2.0", "id": message["id"], "result": null }));
        }
        message
    }
}

impl Drop for LanguageServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns a text, which may be that of an object with markup.
fn text_of(value: &Value) -> String {
    value.as_str().or_else(|| value["value"].as_str()).unwrap_or_default().to_owned()
}
