//! Rules for files and for lines on standard output.

use super::rule_violation::RuleViolation;
use crate::config::{
    Config, ExporterName, OtlpLines, Signal, Stream, key_path::KeyPath, value::byte_size::ByteSize,
};

pub(super) fn check(config: &Config, found: &mut Vec<RuleViolation>) {
    sizes("file", config.file.max_size, config.file.max_total_size, found);
    sizes("otlp_file", config.otlp_file.max_size, config.otlp_file.max_total_size, found);
    let on_stdout = Signal::ALL.into_iter().flat_map(|signal| lines_on_stdout(config, signal));
    let first = on_stdout.min_by_key(|(signal, _)| *signal as usize);
    for signal in Signal::ALL {
        twice(config, signal, found);
    }
    if let Some((signal, name)) = first {
        beside_console(config, signal, name, found);
    }
}

fn sizes(table: &str, one: Option<ByteSize>, all: Option<ByteSize>, found: &mut Vec<RuleViolation>) {
    if let (Some(one), Some(all)) = (one, all)
        && one.bytes() > all.bytes()
    {
        let (one_key, all_key) = (format!("{table}.max_size"), format!("{table}.max_total_size"));
        let message = format!("a file of \"{one}\" exceeds the size of all files, \"{all}\" ({all_key})");
        let help = format!("reduce `{one_key}`, for example to \"{}\"", all.divided_by(8));
        found.push(RuleViolation::error(&[&one_key, &all_key], message).with_help(help));
    }
}

/// Returns the exporters that write lines of OTLP to standard output.
fn lines_on_stdout(config: &Config, signal: Signal) -> impl Iterator<Item = (Signal, &ExporterName)> {
    let exporters = config.exporters(signal).iter();
    exporters
        .filter(move |name| config.otlp_lines(name, signal) == Some(OtlpLines::Stdout))
        .map(move |name| (signal, name))
}

/// Reports a signal that is written to standard output by two exporters.
fn twice(config: &Config, signal: Signal, found: &mut Vec<RuleViolation>) {
    let exporters: Vec<_> = lines_on_stdout(config, signal).collect();
    if exporters.len() > 1 {
        let message = format!(
            "\"{}\" and \"{}\" write the same lines to standard output",
            exporters[0].1, exporters[1].1
        );
        let violation =
            RuleViolation::of_entry(&format!("{signal}.exporters"), exporters[1].1.as_str(), message);
        found.push(violation.with_help("remove one of them, or set `otlp_file.directory`"));
    }
}

/// Warns about two kinds of lines on standard output.
fn beside_console(config: &Config, signal: Signal, name: &ExporterName, found: &mut Vec<RuleViolation>) {
    let uses_console = |signal: &Signal| config.exporters(*signal).contains(&ExporterName::Console);
    let Some(of_console) = Signal::ALL.into_iter().find(uses_console) else { return };
    if config.console.stream == Stream::Stdout && !config.disabled {
        let message = format!(
            "\"{name}\" writes to standard output, and so does \"console\" for {of_console}; a reader gets two kinds of lines"
        );
        let key: KeyPath = vec![signal.to_string(), "exporters".into()];
        let violation = RuleViolation::warning(&[&key.join(".")], message);
        found.push(violation.with_help(format!(
            "set `console.stream = \"stderr\"`, or remove \"console\" from `{of_console}.exporters`"
        )));
    }
}
