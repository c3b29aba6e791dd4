//! Lines of OTLP, as a log collector forwards them to a real Collector.

use std::{fs, path::Path};

use autotelemetry::prelude::*;
use test_support::{
    collector::{Collector, field, sections},
    process, require, with_file,
};

/// Lines on standard output, as a log collector forwards them, arrive like a direct export.
#[test]
fn lines_of_otlp_equal_a_direct_export() {
    require!(Collector);
    for exporter in ["otlp/stdout", "otlp_file"] {
        lines_equal_a_direct_export(exporter);
    }
}

fn lines_equal_a_direct_export(exporter: &str) {
    let (direct, by_lines) = (Collector::start(), Collector::start());
    let mut program = process::function("collector::signals", "child_emits");
    program.env("OTEL_EXPORTER_OTLP_ENDPOINT", direct.url("http/protobuf"));
    for signal in ["TRACES", "METRICS", "LOGS"] {
        program.env(format!("AUTOTEL_{signal}__EXPORTERS"), format!("otlp,{exporter}"));
    }
    let printed = String::from_utf8(process::run(program).stdout).unwrap();
    // The test harness prints lines of its own.
    let lines: Vec<_> = printed.lines().filter(|line| line.contains("{\"resource")).collect();
    assert_eq!(lines.len(), 3, "{printed}");
    for line in lines {
        let line = &line[line.find("{\"resource").unwrap()..];
        let signals = [("Spans", "traces"), ("Metrics", "metrics"), ("Logs", "logs")];
        let is_signal = |(name, _): &(&str, &str)| line.starts_with(&format!("{{\"resource{name}\""));
        let (_, signal) = signals.into_iter().find(is_signal).unwrap();
        by_lines.post(signal, line);
    }
    let is_complete = |text: &str| {
        sections(text, "Span").len() == 2
            && sections(text, "LogRecord").len() == 4
            && sections(text, "Metric").len() == 4
            && sections(text, "HistogramDataPoints").len() == 1
    };
    let outputs = [direct, by_lines].map(|collector| {
        collector.wait(is_complete);
        collector.stop()
    });
    for kind in ["Span", "LogRecord", "Metric", "NumberDataPoints", "HistogramDataPoints"] {
        let [direct, by_lines] = outputs.each_ref().map(|output| {
            // A line of the Collector's own log follows the last item.
            let section = |section: &str| {
                let lines = section.lines().skip(1).take_while(|line| !line.starts_with('\t'));
                lines.collect::<Vec<_>>().join("\n")
            };
            let mut found: Vec<_> = sections(output, kind).into_iter().map(section).collect();
            found.sort();
            found
        });
        assert!(!direct.is_empty() && direct == by_lines, "{kind}: {direct:#?}\nis not\n{by_lines:#?}");
    }
}

/// Writes log records 0 to 19 to files with these keys. Returns the names of the files, and the
/// numbers of the records that a Collector receives from their lines.
fn forwarded(keys: &str) -> (Vec<String>, Vec<u32>) {
    let directory = tempfile::tempdir().unwrap();
    let files = directory.path().join("lines");
    let text = format!(
        "[service]\nname = \"shop\"\n[logs]\nexporters = [\"otlp_file\"]\n[otlp_file]\ndirectory = \"{}\"\n{keys}",
        files.display()
    );
    let (builder, _file) = with_file(&text, &[]);
    let tools = builder.build().unwrap();
    let padding = KeyValue::new("padding", "x".repeat(10_000));
    for number in 0..20 {
        tools.logger("shop").info(number.to_string(), std::slice::from_ref(&padding));
        tools.force_flush().unwrap();
    }
    tools.shutdown().unwrap();

    let collector = Collector::start();
    let names = names(&files);
    for name in &names {
        fs::read_to_string(files.join(name)).unwrap().lines().for_each(|line| collector.post("logs", line));
    }
    let output = collector.stop();
    let number = |record: &str| {
        let body = field(record, "Body").strip_prefix("Str(").unwrap();
        body.strip_suffix(')').unwrap().parse().unwrap()
    };
    let mut numbers: Vec<_> = sections(&output, "LogRecord").into_iter().map(number).collect();
    numbers.sort_unstable();
    (names, numbers)
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn lines_of_all_files_reach_the_collector() {
    require!(Collector);
    let all: Vec<_> = (0..20).collect();
    let (names, numbers) = forwarded("rotation = \"never\"\n");
    assert_eq!((names, &numbers), (vec!["shop-logs.jsonl".to_owned()], &all));

    let (names, numbers) = forwarded("output = \"files\"\nprefix = \"web\"\nmax_size = \"64kB\"\n");
    // Six records fit into one file, whose name has the date.
    assert_eq!((names.len(), &numbers), (4, &all), "{names:?}");
    let is_dated = |name: &String| name.starts_with("web-logs.20");
    assert!(names.iter().all(is_dated) && names[0].ends_with(".000001.jsonl"), "{names:?}");
}

#[test]
fn only_the_newest_lines_are_kept() {
    require!(Collector);
    for limit in ["max_size = \"64kB\"\nmax_files = 2\n", "max_size = \"64kB\"\nmax_total_size = \"100kB\"\n"]
    {
        let (names, numbers) = forwarded(&format!("rotation = \"never\"\n{limit}"));
        assert!(numbers.len() < 12 && numbers.ends_with(&[18, 19]), "{limit}: {names:?} {numbers:?}");
        assert!(names.len() <= 2 && names.contains(&"shop-logs.jsonl".to_owned()), "{limit}: {names:?}");
    }
}
