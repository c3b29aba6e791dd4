//! Syntax errors and encodings of the file: all problems are reported at once.

use std::fs;

use autotelemetry::explain::Explanation;
use test_support::{with_env, with_file};

fn explained(bytes: &[u8]) -> (Explanation, String) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("autotelemetry.toml");
    fs::write(&path, bytes).unwrap();
    let explained = with_env(&[]).config_file(&path).explain();
    let errors: Vec<String> = explained.errors().iter().map(ToString::to_string).collect();
    let errors = errors.join("\n") + "\n";
    let errors = errors.replace(&format!("{}/", directory.path().display()), "");
    (explained, errors)
}

fn errors(text: &str) -> String {
    explained(text.as_bytes()).1
}

#[test]
fn syntax_errors_hide_no_other_problem() {
    let text = r#"[service]
name = "x
[otlp]
endpiont = "http://c"
timeout = 10
compression
protocol = grpc
[traces]
sampler_arg = 2
batch = { max_queue_size = 10, max_export_batch_size = 20 }
exporters = ["oltp"]
[logs]
level = "inof"
"#;
    let errors = errors(text);
    for expected in [
        "autotelemetry.toml:2:10: service.name: invalid basic string",
        "autotelemetry.toml:4:1: otlp.endpiont: unknown key",
        "autotelemetry.toml:5:11: otlp.timeout: expected a duration",
        "autotelemetry.toml:6:12: key with no value",
        "autotelemetry.toml:7:12: otlp.protocol: the value is not in quotes",
        "autotelemetry.toml:9:15: traces.sampler_arg: 2 is not between",
        "autotelemetry.toml:10:56: traces.batch.max_export_batch_size: the batch size of 20 exceeds",
        "autotelemetry.toml:11:14: traces.exporters: there is no exporter \"oltp\"",
        "autotelemetry.toml:13:9: logs.level: \"inof\" is not one of",
    ] {
        assert!(errors.contains(expected), "{expected:?} is not in\n{errors}");
    }
    let lines = errors.lines().filter(|line| !line.starts_with("    ")).count();
    assert_eq!(lines, 9, "{errors}");
}

/// Values that are not closed contain the rest of the file.
#[test]
fn value_that_is_not_closed_hides_only_itself() {
    for (value, message) in [
        ("exporters = [\"otlp\"", "autotelemetry.toml:4:13: traces.exporters: unclosed array"),
        ("batch = { max_queue_size = 10", "autotelemetry.toml:4:9: traces.batch: unclosed inline table"),
        (
            "sampler = \"\"\"always_on",
            "autotelemetry.toml:4:1: traces.sampler: invalid multi-line basic string",
        ),
        (
            "sampler = '''always_on",
            "autotelemetry.toml:4:1: traces.sampler: invalid multi-line literal string",
        ),
    ] {
        let errors =
            errors(&format!("[service]\nname = \"x\"\n[traces]\n{value}\n[logs]\nlevel = \"inof\"\n"));
        let lines: Vec<&str> = errors.lines().filter(|line| !line.starts_with("    ")).collect();
        assert_eq!(lines.len(), 2, "{errors}");
        assert!(lines[0].starts_with(message), "{errors}");
        assert!(lines[1].starts_with("autotelemetry.toml:6:9: logs.level: "), "{errors}");
    }
}

#[test]
fn header_with_an_error_causes_no_other_error() {
    for header in
        ["[service", "[service # comment", "[[service", "[", "[]", "[ser vice]", "service]", "[service.]"]
    {
        let errors = errors(&format!("{header}\nname = \"x\"\nversion = \"1\"\n[logs]\nlevel = \"inof\"\n"));
        let lines: Vec<&str> = errors.lines().filter(|line| !line.starts_with("    ")).collect();
        assert!(lines[0].starts_with("autotelemetry.toml:1:"), "{header}: {errors}");
        // An array of tables is valid TOML without its error.
        let expected = if header == "[[service" { 3 } else { 2 };
        assert!(lines.len() <= expected, "{header}: {errors}");
        assert!(
            lines[lines.len() - 1].starts_with("autotelemetry.toml:5:9: logs.level: "),
            "{header}: {errors}"
        );
    }
}

#[test]
fn duplicate_keys_name_the_key_and_both_places() {
    let text = "service.name = \"x\"\n[logs]\nlevel = \"info\"\nlevel = \"warn\"\n[traces]\n[logs]\n\
                code_location = 1\n[otlp]\nheaders = { a = \"1\", b = \"2\", a = \"3\" }\ntls.insecure = true\n\
                tls.insecure = false\n";
    assert_eq!(
        errors(text),
        "autotelemetry.toml:4:1: logs.level: duplicate key, first set in line 3, column 1\n\
         autotelemetry.toml:6:2: logs: duplicate key, first set in line 2, column 2\n\
         autotelemetry.toml:7:17: logs.code_location: expected a boolean, found an integer\n\
         autotelemetry.toml:9:31: otlp.headers.a: duplicate key, first set in line 9, column 13\n\
         autotelemetry.toml:11:5: otlp.tls.insecure: duplicate key, first set in line 10, column 5\n"
    );
}

#[test]
fn invalid_utf8_has_a_place_and_hides_nothing() {
    let (_, errors) = explained(b"[service]\nname = \"ab\xe4c\" # \xf6\n[logs]\nlevel = \"inof\"\n");
    let lines: Vec<&str> = errors.lines().collect();
    assert_eq!(lines[0], "autotelemetry.toml:2:11: the file is not valid UTF-8: byte 0xE4", "{errors}");
    assert_eq!(lines[1], "    help: save the file as UTF-8", "{errors}");
    assert!(lines[2].starts_with("autotelemetry.toml:4:9: logs.level: "), "{errors}");
}

#[test]
fn utf16_file_is_named_and_hides_nothing() {
    let text = "[service]\r\nname = \"x\"\r\n[logs]\r\nlevel = \"inof\"\r\n";
    let encoded = |mark: &[u8], bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        mark.iter().copied().chain(text.encode_utf16().flat_map(bytes)).collect()
    };
    for bytes in [
        encoded(b"\xff\xfe", u16::to_le_bytes),
        encoded(b"\xfe\xff", u16::to_be_bytes),
        encoded(b"", u16::to_le_bytes),
        encoded(b"", u16::to_be_bytes),
    ] {
        let (_, errors) = explained(&bytes);
        let lines: Vec<&str> = errors.lines().collect();
        assert_eq!(lines[0], "autotelemetry.toml:1:1: the file is encoded as UTF-16, not UTF-8", "{errors}");
        assert!(lines[2].starts_with("autotelemetry.toml:4:9: logs.level: "), "{errors}");
    }
}

#[test]
fn arbitrary_bytes_give_a_bounded_number_of_problems() {
    let text: Vec<u8> = (0..200_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let (explained, errors) = explained(&text);
    assert!(!explained.errors().is_empty() && explained.errors().len() < 500, "{errors}");
}

#[test]
fn profile_in_a_file_with_syntax_errors_is_selected() {
    let text = "profile = \"p\"\n[service]\nname = \"x\"\nversion = \n[profiles.p.logs]\nlevel = \"debug\"\n";
    let (builder, _directory) = with_file(text, &[]);
    let explained = builder.explain();
    assert_eq!(explained.errors().len(), 1, "{explained}");
    assert!(explained.to_string().contains("profile: p"), "{explained}");
}
