//! JSON lines of random records, parsed by another implementation of JSON.
//!
//! `LINES=1000000 cargo test --release --test stress json_lines` runs more.

use std::collections::HashMap;

use autotelemetry::opentelemetry::{
    Key,
    logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _, Severity},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};
use test_support::{builder, line_buffer::LineBuffer};

/// A deterministic sequence of pseudorandom numbers.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn character(&mut self) -> char {
        let code = match self.below(8) {
            0 => self.below(0x20),
            1 => [0x22, 0x5c, 0x7f, 0x2028, 0xfeff, 0xfffd, 0xc2, 0x9b]
                [usize::try_from(self.below(8)).unwrap()],
            2 => 0x80 + self.below(0x100),
            3 => self.below(0x11_0000),
            _ => 0x20 + self.below(0x5f),
        };
        char::from_u32(u32::try_from(code).unwrap()).unwrap_or('\u{0}')
    }

    fn text(&mut self) -> String {
        // Near the lengths at which the writer changes its method.
        let length = if self.below(50) == 0 { self.below(2000) } else { self.below(20) };
        let plain = self.below(2) == 0;
        (0..length).map(|_| if plain { 'x' } else { self.character() }).collect()
    }

    fn double(&mut self) -> f64 {
        match self.below(8) {
            0 => f64::NAN,
            1 => f64::INFINITY,
            2 => f64::NEG_INFINITY,
            3 => -0.0,
            #[expect(clippy::cast_precision_loss, reason = "any number will do")]
            4 => self.next() as f64,
            _ => f64::from_bits(self.next()),
        }
    }

    fn bytes(&mut self) -> Vec<u8> {
        (0..self.below(10)).map(|_| u8::try_from(self.below(256)).unwrap()).collect()
    }

    /// Returns a value, and its JSON as a parser must see it.
    fn value(&mut self, depth: u32) -> (AnyValue, Value) {
        match self.below(if depth == 0 { 5 } else { 7 }) {
            0 => {
                let number = i64::from_ne_bytes(self.next().to_ne_bytes()) >> self.below(64);
                (number.into(), number.into())
            }
            1 => {
                let number = self.double();
                let name = if number.is_nan() {
                    "NaN".into()
                } else if number == f64::INFINITY {
                    "Infinity".into()
                } else if number == f64::NEG_INFINITY {
                    "-Infinity".into()
                } else {
                    Value::from(number)
                };
                (number.into(), name)
            }
            2 => {
                let boolean = self.below(2) == 0;
                (boolean.into(), boolean.into())
            }
            3 => {
                let bytes = self.bytes();
                let text = STANDARD.encode(&bytes);
                (AnyValue::Bytes(Box::new(bytes)), text.into())
            }
            4 => {
                let text = self.text();
                (text.clone().into(), text.into())
            }
            5 => {
                let (items, expected): (Vec<_>, Vec<_>) =
                    (0..self.below(4)).map(|_| self.value(depth - 1)).unzip();
                (AnyValue::ListAny(Box::new(items)), expected.into())
            }
            _ => {
                let mut entries = HashMap::new();
                let mut expected = Map::new();
                for _ in 0..self.below(4) {
                    let key = self.text();
                    let (value, seen) = self.value(depth - 1);
                    entries.insert(Key::new(key.clone()), value);
                    expected.insert(key, seen);
                }
                (AnyValue::Map(Box::new(entries)), expected.into())
            }
        }
    }
}

#[test]
fn json_lines_parse_to_the_emitted_values() {
    let count = test_support::process::count_of("LINES", 20_000);
    let lines = LineBuffer::default();
    let tools = builder().service_name("x").json_logs(true).console_writer(lines.clone()).build().unwrap();
    let logger = tools.logger_provider().logger("a scope");
    let mut random = Random(20_261_123);
    let mut expected = Vec::new();
    for number in 0..count {
        let mut record = logger.create_log_record();
        record.set_severity_number(Severity::Error);
        let (body, message) = random.value(2);
        record.set_body(body);
        let mut attributes = Map::new();
        for _ in 0..random.below(12) {
            let key = random.text();
            let (value, seen) = random.value(2);
            record.add_attribute(key.clone(), value);
            attributes.insert(key, seen);
        }
        logger.emit(record);
        expected.push((message, Value::Object(attributes)));
        if expected.len() == 1000 || number + 1 == count {
            let text = lines.take();
            assert_eq!(text.lines().count(), expected.len(), "a record is a line");
            assert!(
                !text.contains(|c: char| c.is_control() && c != '\n'),
                "no control character gets through"
            );
            for (line, (message, attributes)) in text.lines().zip(expected.drain(..)) {
                let line: Value =
                    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
                // Not `assert_eq!`, which would print values that can be long.
                assert!(line["message"] == message && line["attributes"] == attributes, "record {number}");
                assert_eq!((&line["level"], &line["target"]), (&"ERROR".into(), &"a scope".into()));
            }
        }
    }
    println!("{count} lines");
}
