//! The intervals and timeouts of readers that push.

use super::{
    super::{fault::Fault, node::Node, writer::Writer},
    exporter::Written,
};
use crate::config::value::ParseError;

/// The defaults of the schema and the least interval, in milliseconds.
const INTERVAL: i64 = 60_000;
const TIMEOUT: i64 = 30_000;
const EXPORTER_TIMEOUT: i64 = 10_000;
const MIN_INTERVAL: i64 = 100;

/// A reader that pushes.
pub(super) struct PeriodicReader<'n> {
    pub(super) node: &'n Node,
    pub(super) exporter: &'n Node,
    pub(super) written: Written,
}

impl PeriodicReader<'_> {
    fn interval(&self) -> i64 {
        self.node.some("interval").and_then(Node::integer).unwrap_or(INTERVAL).max(MIN_INTERVAL)
    }

    /// Returns the limit of one export.
    fn timeout(&self) -> i64 {
        limit(self.node.some("timeout").and_then(Node::integer).unwrap_or(TIMEOUT))
    }

    fn exporter_timeout(&self) -> i64 {
        limit(self.exporter.some("timeout").and_then(Node::integer).unwrap_or(EXPORTER_TIMEOUT))
    }

    fn refuse(&self, name: &str, other: &Self, w: &mut Writer) {
        let error = ParseError::of_key(format!(
            "has another `{name}` than {}: exporters share it unless they send OTLP",
            other.node.path
        ));
        let at = self.node.some(name).unwrap_or(self.node);
        w.faults.push(Fault::at_key(at, error.with_help("use the same value")));
    }
}

/// Returns a timeout that can be compared: 0 stands for none.
fn limit(timeout: i64) -> i64 {
    if timeout == 0 { i64::MAX } else { timeout }
}

pub(super) fn write(readers: &[PeriodicReader<'_>], w: &mut Writer) {
    intervals(readers, w);
    timeouts(readers, w);
}

/// Writes one interval for the signal, and those of the other readers for their exporters.
fn intervals(readers: &[PeriodicReader<'_>], w: &mut Writer) {
    // An exporter without a table of its own needs the key of the signal.
    let general = readers.iter().find(|reader| reader.written.table().is_none()).or(readers.first());
    let Some(general) = general else { return };
    for reader in readers {
        if std::ptr::eq(reader, general) {
            w.copy_millis("metrics.interval", reader.node, "interval", MIN_INTERVAL);
        } else if reader.interval() != general.interval() {
            let Some(table) = reader.written.table() else {
                reader.refuse("interval", general, w);
                continue;
            };
            let key = format!("{table}.interval");
            match reader.node.some("interval") {
                Some(_) => w.copy_millis(&key, reader.node, "interval", MIN_INTERVAL),
                None => w.set(&key, format!("{INTERVAL}ms"), reader.node),
            }
        }
    }
}

/// Writes the longest timeout for the signal. A reader with a shorter one shortens the timeout of
/// its exporter.
fn timeouts(readers: &[PeriodicReader<'_>], w: &mut Writer) {
    // The console has no timeout, so its readers only count alone.
    let with_timeout = |reader: &&PeriodicReader<'_>| !matches!(reader.written, Written::Console);
    let longest = readers.iter().filter(with_timeout).max_by_key(|reader| reader.timeout());
    let Some(longest) = longest.or(readers.first()) else { return };
    w.copy_millis("metrics.timeout", longest.node, "timeout", 0);
    for reader in readers.iter().filter(with_timeout) {
        if reader.timeout() == longest.timeout() {
            continue;
        }
        match reader.written.table() {
            None => reader.refuse("timeout", longest, w),
            Some(table) if reader.timeout() < reader.exporter_timeout() => {
                let key = format!("{table}.timeout");
                match reader.node.some("timeout") {
                    Some(_) => w.copy_millis(&key, reader.node, "timeout", 0),
                    None => w.set(&key, format!("{TIMEOUT}ms"), reader.node),
                }
            }
            Some(_) => {}
        }
    }
}
