//! Texts that are not a configuration: no panic, no hang, little memory.

use std::{fmt::Write as _, path::Path};

use crate::{
    config::Registered,
    load::{
        declarative::{parse::parse, read::from_text, variables::Variables},
        environment::Environment,
    },
};

fn fatal(text: &str) -> String {
    let environment = Environment::default();
    match parse(text, &Variables::new(&environment), &mut Vec::new()) {
        Ok(_) => String::new(),
        Err(fault) => fault.error.message,
    }
}

#[test]
fn nesting_and_expansion_are_limited() {
    assert_eq!(fatal(&"[".repeat(100)), "more than 64 levels");
    assert_eq!(fatal(&"- ".repeat(100)), "more than 64 levels");
    assert!(!fatal(&"[".repeat(100_000)).is_empty());
    assert!(!fatal(&"- ".repeat(100_000)).is_empty());
    assert!(!fatal(&"{a: ".repeat(100_000)).is_empty());
    let mut laughs = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n".to_owned();
    for level in 1..9 {
        let below = format!("*a{}, ", level - 1).repeat(10);
        writeln!(laughs, "a{level}: &a{level} [{below}]").unwrap();
    }
    assert!(fatal(&laughs).starts_with("more than 10000 values"), "{}", fatal(&laughs));
    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(500_000), "*a, ".repeat(1_000));
    assert_eq!(fatal(&long), "the values need more than 16 MiB");
    let keys = (0..60).map(|level| format!("{}{}:\n", " ".repeat(level), "k".repeat(1_000)));
    let paths = format!("{}{}", keys.collect::<String>(), format!("{}- 1\n", " ".repeat(60)).repeat(1_000));
    assert_eq!(fatal(&paths), "the values need more than 16 MiB");
}

#[test]
fn yaml_beyond_the_schema_is_refused() {
    for (text, expected) in [
        ("a: 1\n---\nb: 2\n", "a second document"),
        ("1: a\n", "a key that is not a string"),
        ("? [a]\n: 1\n", "a key that is not a string"),
        ("null: a\n", "a key that is not a string"),
        ("a: &a {b: 1}\nc:\n  <<: *a\n", "`<<` does not merge"),
        ("a: !x 1\n", ""),
        ("a: !!set {}\n", "the tag `!!set`"),
        ("a: &a [*a]\n", "an alias inside of its own anchor"),
        ("a: *b\n", "invalid YAML"),
        ("a: [1\n", "invalid YAML"),
        ("a: b: c\n", "invalid YAML"),
    ] {
        let found = fatal(text);
        assert!(found.starts_with(expected), "{text:?}: {found}");
    }
}

/// A generator of numbers that needs no seed from outside.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

const PARTS: &[&str] = &[
    "file_format: \"1.1\"\n",
    "tracer_provider:",
    "processors:",
    "- ",
    "\n",
    "  ",
    "    ",
    "batch:",
    "exporter:",
    "otlp_http:",
    "console:",
    "sampler:",
    "parent_based:",
    "root:",
    "always_on:",
    "${A:-b}",
    "${",
    "$$",
    "\"",
    "'",
    "[",
    "]",
    "{",
    "}",
    ":",
    ",",
    "&a ",
    "*a",
    "|\n",
    ">\n",
    "!!str ",
    "!x ",
    "#",
    "---\n",
    "...\n",
    "%",
    "@",
    "`",
    "\t",
    "\u{feff}",
    "\u{0}",
    "é",
    "0x1f",
    "1e9",
    ".inf",
    "-",
    "? ",
    "<<: *a",
    "null",
    "~",
    "true",
    "headers:",
    "name:",
    "value:",
    "resource:",
    "attributes:",
    "distribution:",
    "autotelemetry:",
    "views:",
    "\r\n",
];

/// Reads `count` random texts, which change from `start` on.
fn read_random(start: u64, count: usize) {
    let environment = Environment::new([("A", "1")]);
    let mut numbers = Numbers(start);
    let mut text = String::new();
    for _ in 0..count {
        text.clear();
        if numbers.below(2) == 0 {
            text.push_str("file_format: \"1.1\"\n");
        }
        for _ in 0..numbers.below(40) {
            text.push_str(PARTS[numbers.below(PARTS.len())]);
        }
        let (mut problems, mut warnings) = (Vec::new(), Vec::new());
        let declared = from_text(
            Path::new("a.yaml"),
            &text,
            &environment,
            &Registered::default(),
            &mut problems,
            &mut warnings,
        );
        assert!(declared.is_some() || !problems.is_empty(), "{text:?}");
    }
}

#[test]
fn random_texts_are_read_or_refused() {
    read_random(1, 20_000);
}

#[test]
#[ignore = "takes minutes"]
fn million_random_texts_are_read_or_refused() {
    read_random(2, 1_000_000);
}
