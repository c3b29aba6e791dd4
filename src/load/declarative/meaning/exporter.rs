//! Exporters.

use super::{
    super::{fault::Fault, node::Node, writer::Writer},
    tls,
};
use crate::{
    config::{
        Signal,
        value::{ConfigValue as _, ParseError, header::HeaderName},
    },
    load::percent_pairs::pairs,
};

/// The range of the limits of requests and responses, in bytes.
const MIN_SIZE: i64 = 64_000;
const MAX_SIZE: i64 = 1 << 40;

/// An exporter whose keys are written.
pub(super) enum Written {
    /// An exporter of OTLP, with the table of its keys for the signal.
    Otlp(String),
    /// It exports batches, but has no table of its own.
    Other,
    Console,
    Prometheus,
}

impl Written {
    /// Returns the table that may hold keys for this exporter alone.
    pub(super) fn table(&self) -> Option<&str> {
        match self {
            Self::Otlp(table) => Some(table),
            Self::Other | Self::Console | Self::Prometheus => None,
        }
    }
}

/// The exporters of one signal.
pub(super) struct Exporters<'n> {
    signal: Signal,
    names: Vec<String>,
    /// Each exporter as it is written.
    written: Vec<(&'n str, &'n Node)>,
    otlp: usize,
}

impl<'n> Exporters<'n> {
    pub(super) fn new(signal: Signal) -> Self {
        Self { signal, names: Vec::new(), written: Vec::new(), otlp: 0 }
    }

    /// Writes the keys of an exporter; `None` if it is not valid.
    pub(super) fn add(&mut self, choice: &'n Node, w: &mut Writer) -> Option<Written> {
        let (kind, node) = choice.choice()?;
        let is_repeated = self.written.contains(&(kind, node));
        self.written.push((kind, node));
        Some(match kind {
            "otlp_http" | "otlp_grpc" => {
                if is_repeated {
                    let warning =
                        ParseError::of_key("is the same as another exporter: each item is sent twice");
                    w.warn(node, warning.with_help("remove one of them"));
                }
                Written::Otlp(self.otlp(kind == "otlp_grpc", node, w))
            }
            "otlp_file/development" => {
                output_stream(node, w);
                self.add_once("otlp_file", node, w);
                Written::Other
            }
            "prometheus/development" => {
                prometheus(node, w);
                self.names.push("prometheus".to_owned());
                Written::Prometheus
            }
            _ => {
                self.add_once(kind, node, w);
                if kind == "console" { Written::Console } else { Written::Other }
            }
        })
    }

    /// Adds an exporter that a signal has once.
    fn add_once(&mut self, name: &str, node: &Node, w: &mut Writer) {
        if self.names.iter().any(|known| known == name) {
            w.warn(
                node,
                ParseError::of_key("is used once, though it is written twice")
                    .with_help("remove one of them"),
            );
        } else {
            self.names.push(name.to_owned());
        }
    }

    /// Writes the keys of an exporter of OTLP. Returns their table.
    fn otlp(&mut self, is_grpc: bool, node: &Node, w: &mut Writer) -> String {
        let signal = self.signal;
        self.otlp += 1;
        let (name, table) = match self.otlp {
            1 => ("otlp".to_owned(), format!("otlp.{signal}")),
            number => (format!("otlp_{number}"), format!("exporters.otlp_{number}.{signal}")),
        };
        self.names.push(name);
        let endpoint = node.some("endpoint");
        match endpoint {
            Some(_) => w.copy(&format!("{table}.endpoint"), node, "endpoint"),
            None if is_grpc => w.set_default(&format!("{table}.endpoint"), "http://localhost:4317"),
            None => w.set_default(&format!("{table}.endpoint"), format!("http://localhost:4318/v1/{signal}")),
        }
        let encoding = node.some("encoding");
        let protocol = match encoding.and_then(Node::text) {
            _ if is_grpc => "grpc",
            Some("json") => "http/json",
            _ => "http/protobuf",
        };
        w.set(&format!("{table}.protocol"), protocol, encoding.unwrap_or(node));
        w.copy(&format!("{table}.compression"), node, "compression");
        w.copy_millis(&format!("{table}.timeout"), node, "timeout", 0);
        if let Some(files) = node.some("tls") {
            let text = endpoint.and_then(Node::text).unwrap_or("http://localhost").to_ascii_lowercase();
            let is_insecure = files.some("insecure").and_then(Node::boolean).unwrap_or_default();
            let is_encrypted =
                text.starts_with("https://") || (!text.contains("://") && is_grpc && !is_insecure);
            tls::write(&table, files, is_encrypted, w);
        }
        headers(&table, node, w);
        for name in ["max_request_size", "max_response_size"] {
            if let Some((size, bytes)) = node.some(name).and_then(|size| Some((size, size.integer()?))) {
                // No limit.
                let bytes = if bytes == 0 { MAX_SIZE } else { bytes };
                let bytes = w.clamp(size, bytes, MIN_SIZE, MAX_SIZE, " bytes");
                w.set(&format!("{table}.{name}"), format!("{bytes}B"), size);
            }
        }
        table
    }

    /// Writes the names of the exporters.
    pub(super) fn finish(self, list: &Node, w: &mut Writer) {
        w.set(&format!("{}.exporters", self.signal), self.names, list);
    }
}

/// Writes headers. A single header wins over the same one in the list.
fn headers(table: &str, node: &Node, w: &mut Writer) {
    let set = |name: &str, value: &str, at: &Node, place: &Node, w: &mut Writer| match HeaderName::parse_str(
        name,
    ) {
        Ok(name) => {
            let mut path: Vec<String> = table.split('.').map(str::to_owned).collect();
            path.extend(["headers".to_owned(), name.as_str().to_owned()]);
            w.set_path(&path, value, place);
        }
        Err(error) => w.faults.push(Fault::at(at, ParseError { blames_key: false, ..error })),
    };
    if let Some(list) = node.some("headers_list") {
        for entry in pairs(list.text().unwrap_or_default()) {
            match entry {
                Ok((name, value)) => set(name, &value, list, list, w),
                Err(error) => {
                    let help = "write `name=value,name=value`, percent-encoded; the entry is not shown because it may be a secret";
                    w.error(list, error.message(), help);
                }
            }
        }
    }
    let Some(headers) = node.get("headers") else { return };
    let mut seen: Vec<String> = Vec::new();
    for header in headers.items() {
        let Some((name_node, name)) = header.get("name").and_then(|node| Some((node, node.text()?))) else {
            continue;
        };
        let Some(value) = header.some("value") else { continue };
        let folded = name.to_lowercase();
        if seen.contains(&folded) {
            w.warn(name_node, ParseError::new("the header is set twice, the last one counts"));
        }
        seen.push(folded);
        set(name, value.text().unwrap_or_default(), name_node, value, w);
    }
}

fn output_stream(node: &Node, w: &mut Writer) {
    match node.some("output_stream").and_then(|stream| Some((stream, stream.text()?))) {
        Some((stream, "stdout")) => w.set("otlp_file.output", "stdout", stream),
        Some((stream, _)) => w.error(
            stream,
            "is not supported: files have names with a prefix and a date, and rotate",
            "write `stdout`, or remove it and set `directory` in `distribution.autotelemetry.otlp_file`",
        ),
        None => {}
    }
}

fn prometheus(node: &Node, w: &mut Writer) {
    for (name, key) in [
        ("host", "host"),
        ("port", "port"),
        ("scope_info_enabled", "scope_info"),
        ("target_info_enabled/development", "target_info"),
    ] {
        w.copy(&format!("prometheus.{key}"), node, name);
    }
    if let Some(strategy) = node.some("translation_strategy") {
        let name = strategy.text().unwrap_or_default();
        w.set("prometheus.translation_strategy", name.trim_end_matches("/development"), strategy);
    }
    if let Some(labels) = node.get("resource_constant_labels") {
        super::resource::include_exclude("prometheus.resource_labels", labels, w);
    }
}
