//! Random files, variables and references: loading ends soon and without a panic.
//!
//! Runs a few thousand inputs; `FUZZ_INPUTS=1000000 cargo test --release --test stress config_fuzz`
//! runs more.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use test_support::{process, with_env};

/// xorshift64*: the same sequence for the same seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33).unwrap()
    }

    fn below(&mut self, end: usize) -> usize {
        self.next() % end.max(1)
    }

    fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.below(from.len())]
    }
}

/// The texts that mutations insert: tokens of TOML and of the configuration, and inputs that break
/// parsers.
const TOKENS: &[&str] = &[
    "\n",
    "\r\n",
    "=",
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "\"",
    "'",
    "\"\"\"",
    "'''",
    "#",
    ".",
    ",",
    " ",
    "\t",
    "\\",
    "\\u0000",
    "${",
    "${A}",
    "${A:-b}",
    "${env:A}",
    "$$",
    "}",
    ":-",
    "\u{feff}",
    "\u{0}",
    "\u{1b}",
    "ä",
    "🦀",
    "\u{202e}",
    "0",
    "-1",
    "1e999",
    "nan",
    "inf",
    "0x",
    "1_000",
    "99999999999999999999",
    "1979-05-27T07:32:00Z",
    "true",
    "false",
    "none",
    "\"1h 1m\"",
    "[service]\nname = \"x\"\n",
    "[otlp]\n",
    "[otlp.headers]\n",
    "[exporters.a]\n",
    "[profiles.p]\n",
    "[profiles.p.otlp]\n",
    "endpoint = \"http://[::1]:1\"\n",
    "endpoint = \"c:1\"\n",
    "headers = { a = { file = \"/dev/null\" } }\n",
    "exporters = [\"otlp\", \"a\"]\n",
    "level = \"info,a=b\"\n",
    "protocol = \"grpc\"\n",
    "profile = \"p\"\n",
    "disabled = true\n",
];

/// Tokens of YAML and of the declarative configuration.
#[cfg(feature = "declarative")]
const YAML_TOKENS: &[&str] = &[
    "\n",
    "\n  ",
    "\n      ",
    "\r\n",
    "\t",
    "- ",
    ": ",
    "? ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "\"",
    "'",
    "|\n",
    ">-\n",
    "#",
    "&a ",
    "*a",
    "<<: *a",
    "!!str ",
    "!!int ",
    "!x ",
    "---\n",
    "...\n",
    "%YAML 1.1\n",
    "@",
    "`",
    "${A}",
    "${A:-b}",
    "${env:A}",
    "${file:x}",
    "${",
    "$$",
    "\u{feff}",
    "\u{0}",
    "\u{202e}",
    "ä",
    "null",
    "~",
    "true",
    "-1",
    "0x1f",
    "1e999",
    ".nan",
    "99999999999999999999",
    "\"1\"",
    "file_format: \"1.1\"\n",
    "exporter:\n",
    "otlp_http:\n",
    "otlp_grpc:\n",
    "console:\n",
    "batch:\n",
    "simple:\n",
    "periodic:\n",
    "sampler:\n",
    "parent_based:\n",
    "always_on:\n",
    "endpoint: http://[::1]:1\n",
    "headers_list: a=b,c=%20\n",
    "schedule_delay: 1\n",
    "distribution:\n",
    "autotelemetry:\n",
];

/// A format of configuration files.
struct Format {
    name: &'static str,
    extension: &'static str,
    /// The directories with files to start from.
    directories: &'static [&'static str],
    tokens: &'static [&'static str],
}

const TOML: Format = Format {
    name: "autotelemetry.toml",
    extension: "toml",
    directories: &["tests/fixtures/invalid", "config-examples", "examples"],
    tokens: TOKENS,
};

#[cfg(feature = "declarative")]
const YAML: Format = Format {
    name: "otel.yaml",
    extension: "yaml",
    directories: &["tests/fixtures/declarative", "cli/src"],
    tokens: YAML_TOKENS,
};

fn mutate(random: &mut Random, text: &mut Vec<u8>, tokens: &[&str]) {
    for _ in 0..=random.below(6) {
        let at = random.below(text.len() + 1);
        match random.below(8) {
            0 if !text.is_empty() => {
                let at = at.min(text.len() - 1);
                text[at] ^= 1 << random.below(8);
            }
            1 if !text.is_empty() => {
                let end = (at + random.below(20)).min(text.len());
                text.drain(at..end);
            }
            2 => {
                let end = (at + random.below(200)).min(text.len());
                let piece = text[at..end].to_vec();
                let to = random.below(text.len() + 1);
                text.splice(to..to, piece);
            }
            // Rare, since long and deeply nested inputs take a thousand times as long.
            3 if random.below(500) == 0 => {
                let token = random.pick(tokens).repeat(1 << random.below(16));
                text.splice(at..at, token.into_bytes());
            }
            _ => {
                let token = random.pick(tokens).bytes();
                text.splice(at..at, token);
            }
        }
    }
}

impl Format {
    fn seeds(&self) -> Vec<Vec<u8>> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        // The files that OpenTelemetry publishes are not part of this repository.
        let published = process::variable("OTEL_CONFIGURATION").into_iter();
        let published =
            published.flat_map(|root| ["examples", "snippets"].map(|name| Path::new(&root).join(name)));
        let directories = self.directories.iter().map(|directory| root.join(directory));
        directories
            .chain(published)
            .flat_map(|directory| fs::read_dir(directory).unwrap())
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == self.extension))
            .map(|path| fs::read(path).unwrap())
            .collect()
    }
}

const NAMES: &[&str] = &[
    "OTEL_RESOURCE_ATTRIBUTES",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "OTEL_PROPAGATORS",
    "OTEL_TRACES_SAMPLER_ARG",
    "OTEL_BSP_SCHEDULE_DELAY",
    "OTEL_METRICS_EXPORTER",
    "RUST_LOG",
    "AUTOTEL_PROFILE",
    "AUTOTEL_LOGS__LEVEL",
    "AUTOTEL_OTLP__HEADERS",
    "AUTOTEL_OTLP__TIMEOUT",
    "AUTOTEL_TRACES__EXPORTERS",
    "AUTOTEL_RESOURCE__ATTRIBUTES",
    "AUTOTEL_EXPORTERS__A__ENDPOINT",
    "AUTOTEL_PROMETHEUS__PORT",
    "A",
];

#[test]
fn loading_random_input_never_panics() {
    load_random_input(&TOML);
}

#[test]
#[cfg(feature = "declarative")]
fn loading_random_declarative_input_never_panics() {
    load_random_input(&YAML);
}

fn load_random_input(format: &Format) {
    let inputs = process::count_of("FUZZ_INPUTS", 2_000);
    let mut random = Random(process::count_of("FUZZ_SEED", 0x5eed));
    let seeds = format.seeds();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(format.name);
    let mut slowest = Duration::ZERO;
    let mut good = 0_u64;
    for input in 0..inputs {
        let mut text = random.pick(&seeds).clone();
        mutate(&mut random, &mut text, format.tokens);
        fs::write(&path, &text).unwrap();
        let mut environment = Vec::new();
        for _ in 0..random.below(4) {
            let mut value = random.pick(&seeds).get(..random.below(30)).unwrap_or_default().to_vec();
            mutate(&mut random, &mut value, format.tokens);
            // A variable can hold anything but a NUL.
            let value = String::from_utf8_lossy(&value).replace('\0', "");
            environment.push((*random.pick(NAMES), value));
        }
        let variables: Vec<_> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let start = Instant::now();
        let explained = with_env(&variables).config_file(&path).set("traces.sampler", "always_on").explain();
        let took = start.elapsed();
        slowest = slowest.max(took);
        good += u64::from(explained.errors().is_empty());
        // All problems and values can be displayed.
        let displayed = format!("{explained}{}", explained.to_json());
        let shown = || format!("input {input}: {:?} with {variables:?}", String::from_utf8_lossy(&text));
        assert!(took < Duration::from_secs(5), "{took:?}, {}", shown());
        for problem in explained.errors() {
            assert!(!problem.message().is_empty(), "{}", shown());
        }
        assert!(!displayed.is_empty());
    }
    assert!(good > 0 && good < inputs, "{good} of {inputs} are good, which tests one side only");
    assert!(slowest > Duration::ZERO);
    eprint_line(&format!(
        "{}: {inputs} inputs, {good} of them good; the slowest took {slowest:?}",
        format.name
    ));
}

fn eprint_line(line: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "{line}");
}
