//! The chapter about typical mistakes: each with the problems that the library reports, in the long
//! and in the short form.

use std::{fmt::Write as _, path::Path};

use test_support::{golden, guide::Document, with_file};

const CHAPTER: &str = "docs/src/mistakes.md";

/// A heading, the file, and the environment.
type Mistake = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const MISTAKES: [Mistake; 20] = [
    ("A misspelt key", "[otlp]\nendpiont = \"http://collector:4318\"\n", &[]),
    ("A misspelt table", "[trace]\nsampler = \"always_on\"\n", &[]),
    ("A key of another table", "[otlp]\nsampler = \"always_on\"\n", &[]),
    ("No name of the service", "[traces]\nexporters = [\"console\"]\n", &[("OTEL_SERVICE_NAME", "")]),
    ("A string without its end", "[otlp]\nendpoint = \"http://collector:4318\n", &[]),
    ("A duration without a unit", "[otlp]\ntimeout = 5\n", &[]),
    ("An unknown unit", "[metrics]\ninterval = \"30 sec\"\n", &[]),
    ("A ratio above one", "[traces]\nsampler = \"traceidratio\"\nsampler_arg = 10\n", &[]),
    ("The name of another sampler", "[traces]\nsampler = \"ratio\"\n", &[]),
    ("A misspelt level", "[logs]\nlevel = \"inof,hyper=warn\"\n", &[]),
    ("An incomplete protocol", "[otlp]\nprotocol = \"http\"\n", &[]),
    ("An endpoint without a scheme", "[otlp]\nendpoint = \"collector:4318\"\n", &[]),
    ("The port of the other protocol", "[otlp]\nendpoint = \"http://collector:4317\"\n", &[]),
    ("A password in the endpoint", "[otlp]\nendpoint = \"https://user:secret@collector:4318\"\n", &[]),
    ("An exporter that does not exist", "[traces]\nexporters = [\"jaeger\"]\n", &[]),
    ("An exporter of another signal", "[traces]\nexporters = [\"prometheus\"]\n", &[]),
    ("A variable that is not set", "[otlp.headers]\nauthorization = \"Bearer ${TOKEN}\"\n", &[]),
    (
        "A profile that does not exist",
        "[profiles.production]\nlogs = { level = \"warn\" }\n",
        &[("AUTOTEL_PROFILE", "prodction")],
    ),
    (
        "A batch larger than the queue",
        "[traces.batch]\nmax_queue_size = 100\nmax_export_batch_size = 512\n",
        &[],
    ),
    ("A misspelt variable", "", &[("OTEL_EXPORTER_OTLP_ENDPIONT", "http://collector:4318")]),
];

#[test]
fn chapter_of_mistakes_is_current() {
    let mut shown = String::new();
    for (title, text, environment) in MISTAKES {
        let is_named = environment.iter().any(|(name, _)| *name == "OTEL_SERVICE_NAME");
        let named = [("OTEL_SERVICE_NAME", "checkout")];
        let variables = environment.iter().chain(if is_named { &[] } else { &named[..] });
        let variables: Vec<_> = variables.copied().collect();
        let (builder, directory) = with_file(text, &variables);
        let explained = builder.explain();
        let errors = explained.errors().iter().map(|problem| format!("error: {problem}\n"));
        let warnings = explained.warnings().iter().map(|problem| format!("warning: {problem}\n"));
        let problems: String = errors.chain(warnings).collect();
        assert!(!problems.is_empty(), "{title}");
        let problems = problems.replace(&format!("{}/", directory.path().display()), "");

        write!(shown, "\n## {title}\n\n```text\n").unwrap();
        for (name, value) in environment.iter().filter(|(_, value)| !value.is_empty()) {
            writeln!(shown, "{name}={value}").unwrap();
        }
        let report = explained.report().to_string().replace(&format!("{}/", directory.path().display()), "");
        write!(shown, "{text}```\n\n```text\n{report}\n```\n\n```text\n{problems}```\n").unwrap();
    }

    let chapter = Document::read(CHAPTER).text;
    let (begin, end) = ("<!-- mistakes: generated -->\n", "<!-- end -->");
    let (before, rest) = chapter.split_once(begin).unwrap();
    let (_, after) = rest.split_once(end).unwrap();
    let current = format!("{before}{begin}{shown}\n{end}{after}");
    golden::assert_current(&Path::new(env!("CARGO_MANIFEST_DIR")).join(CHAPTER), &current);
}
