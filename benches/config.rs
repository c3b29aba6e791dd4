//! The cost of loading the configuration, compared with parsing the same text.
//!
//! `cargo bench --bench config [-- FILE.yaml …]`. For the command line, run
//! `cargo build --release -p autotelemetry-cli` first.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and may panic")]

use std::{
    env,
    fmt::Write as _,
    fs,
    hint::black_box,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use autotelemetry::ObservabilityTools;

/// Returns the median of many runs, which other load disturbs less than the mean.
fn median(runs: usize, mut run: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..runs)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    times.sort();
    times[runs / 2]
}

/// Returns a file with `lines` lines: common keys, then profiles.
fn file(lines: usize) -> String {
    let mut text = String::from(
        "[service]\nname = \"checkout\"\nversion = \"1.4.2\"\n\n[resource.attributes]\nteam = \"data\"\n\n\
         [otlp]\nprotocol = \"grpc\"\nendpoint = \"http://collector:4317\"\ncompression = \"gzip\"\n\
         headers = { authorization = \"Bearer ${TOKEN}\" }\n\n[traces]\nsampler = \"parentbased_traceidratio\"\n\
         sampler_arg = 0.1\nbatch = { schedule_delay = \"2s\", max_queue_size = 4096 }\nexporters = []\n\n\
         [metrics]\ninterval = \"30s\"\nexporters = []\n\n[logs]\nlevel = \"info,hyper=warn\"\nexporters = []\n\n\
         [profiles.production.traces]\nsampler_arg = 0.05\n",
    );
    let mut number = 0;
    while text.lines().count() + 5 <= lines {
        let _ = write!(
            text,
            "\n[profiles.p{number}.otlp]\nendpoint = \"http://collector{number}:4317\"\ntimeout = \"5s\"\ncompression = \"none\"\n"
        );
        number += 1;
    }
    text
}

fn main() {
    let directory = tempfile::tempdir().unwrap();
    for lines in [60, 200] {
        let path = directory.path().join(format!("{lines}.toml"));
        let text = file(lines);
        fs::write(&path, &text).unwrap();
        let parse = median(500, || drop(black_box(toml::from_str::<toml::Table>(black_box(&text)).unwrap())));
        let variables =
            [("TOKEN", "x"), ("AUTOTEL_PROFILE", "production"), ("OTEL_BSP_MAX_QUEUE_SIZE", "1024")];
        let load = median(500, || {
            let builder = ObservabilityTools::builder().env_vars(variables).config_file(&path);
            drop(black_box(builder.force("disabled", true).build().unwrap()));
        });
        println!(
            "{lines} lines: toml::from_str {parse:?}, load and validate {load:?}, {:.1} x",
            ratio(load, parse)
        );
        match command_line() {
            Some(program) => check(&program, &path, lines),
            None => println!("{lines} lines: check is skipped, the command line is not built"),
        }
    }
    declarative(&directory.path().join("guide.yaml"), &declarative_file(70));
    for path in env::args().skip(1).filter(|argument| !argument.starts_with("--")) {
        declarative(Path::new(&path), &fs::read_to_string(&path).unwrap());
    }
    long_map();
}

/// Returns the file of the guide, with attributes in addition.
fn declarative_file(attributes: usize) -> String {
    let guide = include_str!("../docs/src/declarative.md");
    let (file, _) = guide.split_once("```yaml\n").unwrap().1.split_once("```").unwrap();
    let added = (0..attributes).fold(String::from("  attributes:\n"), |mut text, n| {
        let _ = write!(text, "    - name: k{n}\n      value: v\n");
        text
    });
    file.replacen("  attributes:\n", &added, 1)
}

/// Measures a declarative file.
fn declarative(path: &Path, text: &str) {
    if !path.exists() {
        fs::write(path, text).unwrap();
    }
    let parse = median(500, || {
        let events = saphyr_parser::Parser::new_from_str(black_box(text));
        black_box(events.map(Result::unwrap).count());
    });
    let load = median(500, || {
        let builder = ObservabilityTools::builder().env_vars([("OTLP_TOKEN", "x")]).config_file(path);
        drop(black_box(builder.force("disabled", true).build().unwrap()));
    });
    let (lines, name) = (text.lines().count(), path.file_name().unwrap().display());
    let ratio = ratio(load, parse);
    println!("{name}, {lines} lines: saphyr_parser {parse:?}, load and validate {load:?}, {ratio:.1} x");
}

/// Measures a long map in a variable, which must not take longer than its length requires.
fn long_map() {
    let attributes: String = (0..19_000).fold(String::new(), |mut text, n| {
        let _ = write!(text, "k{n}=v,");
        text
    });
    let variables = [("OTEL_SERVICE_NAME", "x"), ("OTEL_RESOURCE_ATTRIBUTES", &attributes)];
    let load = median(20, || {
        let builder = ObservabilityTools::builder().env_vars(variables);
        drop(black_box(builder.force("disabled", true).build().unwrap()));
    });
    println!("{} kB of OTEL_RESOURCE_ATTRIBUTES: {load:?}", attributes.len() / 1000);
}

/// Returns the program in the directory of this build, `target/release`.
fn command_line() -> Option<PathBuf> {
    let directory = env::current_exe().ok()?.parent()?.parent()?.to_owned();
    Some(directory.join("autotelemetry")).filter(|program| program.exists())
}

/// Measures `check` as a whole process, compared with a process that does nothing.
fn check(program: &Path, path: &Path, lines: usize) {
    let run = |arguments: &[&str]| {
        let output = Command::new(program).args(arguments).env("TOKEN", "x").output().unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    let nothing = median(50, || run(&["--version"]));
    let check = median(50, || run(&["check", path.to_str().unwrap()]));
    println!("{lines} lines: check {check:?} as a process, --version {nothing:?}");
}

fn ratio(a: Duration, b: Duration) -> f64 {
    a.as_secs_f64() / b.as_secs_f64()
}
