//! The long form of problems: lines of the file and variables, with a mark.

use std::fs;

use autotelemetry::{Error, explain::Explanation};
use test_support::{with_env, with_file};

/// Returns the report of a file in these variables, without its directory.
fn report_with(text: &str, variables: &[(&str, &str)]) -> String {
    let (builder, directory) = with_file(text, variables);
    let report = builder.set("service.name", "x").explain().report().to_string();
    report.replace(&format!("{}/", directory.path().display()), "")
}

fn report(text: &str) -> String {
    report_with(text, &[])
}

#[test]
fn problem_shows_its_line_with_a_mark_and_help() {
    assert_eq!(
        report("[otlp]\ntimeout = 5 # seconds\n"),
        r#"error: expected a duration such as "10s", found an integer
 --> autotelemetry.toml:2:11
  |
2 | timeout = 5
  |           ^ otlp.timeout
  |
  = help: write a number with a unit, for example "5s" (ms, s, m or h)"#
    );
}

#[test]
fn problems_of_a_file_follow_each_other_before_those_of_variables() {
    let text = "[logs]\nlevel = \"inof\"\nexporter = [\"otlp\"]\n[traces]\nsampler_arg = 0.5\n";
    let variables =
        [("AUTOTEL_OTLP__TIMEOUT", "5"), ("OTEL_BSP_SCHEDULE_DELAY", "soon"), ("OTEL_X", "hunter2")];
    assert_eq!(
        report_with(text, &variables),
        r#"error: "inof" is not one of "off", "error", "warn", "info", "debug" and "trace"
 --> autotelemetry.toml:2:9
  |
2 | level = "inof"
  |         ^^^^^^ logs.level
  |
  = help: did you mean "info"?

error: unknown key
 --> autotelemetry.toml:3:1
  |
3 | exporter = […]
  | ^^^^^^^^ logs.exporter
  |
  = help: did you mean `exporters`?

warning: has no effect on the sampler "parentbased_always_on"
 --> autotelemetry.toml:5:15
  |
5 | sampler_arg = 0.5
  |               ^^^ traces.sampler_arg
  |
  = help: use "traceidratio" or "parentbased_traceidratio", or remove this key

error: "5" is not a duration
--> environment
 |
 | AUTOTEL_OTLP__TIMEOUT=5
 |                       ^ otlp.timeout
 |
 = help: write a number with a unit, for example "5s" (ms, s, m or h)

warning: "soon" is not a whole number of milliseconds, ignored
--> environment
 |
 | OTEL_BSP_SCHEDULE_DELAY=soon
 |                         ^^^^

warning: unknown variable
--> environment
 |
 | OTEL_X=…
 | ^^^^^^"#
    );
}

#[test]
fn error_ends_with_the_number_of_problems() {
    let (builder, directory) = with_file("[otlp]\ntimeout = 5\n", &[]);
    let error = builder.build().unwrap_err();
    let report = error.report().to_string().replace(&format!("{}/", directory.path().display()), "");
    assert!(report.starts_with("error: expected a duration"), "{report}");
    let end = "error: service.name: is required but not set\n  |\n  = help: write `name = \"…\"` in [service], or set OTEL_SERVICE_NAME\n\ninvalid telemetry configuration: 2 problems";
    assert!(report.replace("\n |\n = ", "\n  |\n  = ").ends_with(end), "{report}");
    // The short form stays as it is.
    assert!(error.to_string().starts_with("invalid telemetry configuration: 2 problems\n  "), "{error}");
}

#[test]
fn error_without_problems_is_its_short_form() {
    let installed = with_env(&[("OTEL_SDK_DISABLED", "true")]).install();
    let error: Error = with_env(&[("OTEL_SDK_DISABLED", "true")]).install().unwrap_err();
    assert_eq!(error.report().to_string(), error.to_string());
    drop(installed);
}

#[test]
fn tabs_and_wide_characters_are_aligned() {
    let report = report("[console]\n\tstream\t=\t\"日本\"\n");
    let lines: Vec<_> = report.lines().skip(3).take(2).collect();
    assert_eq!(lines, [r#"2 |     stream    =    "日本""#, "  |                    ^^^^^^ console.stream"]);
}

#[test]
fn odd_characters_are_escaped() {
    let report = report(
        "[logs]\nlevel = \"a\u{202e}b\"\n[traces]\nsampler = \"a\u{7f}\"\n[otlp]\nendpoint = \"http://u@c\u{202e}\"\n",
    );
    assert!(report.contains(r#"2 | level = "a\u{202e}b""#), "{report}");
    assert!(report.contains(r#"6 | endpoint = "http://***@c\u{202e}""#), "{report}");
    assert!(!report.contains(['\u{202e}', '\u{7f}', '\u{1b}']), "{report}");
}

#[test]
fn long_line_is_cut_around_the_mark() {
    let before = "\"console\", ".repeat(2000);
    let text = format!("[traces]\nexporters = [{before}\"jaeger\", {before}]\n");
    let (builder, _directory) = with_file(&text, &[]);
    let explained = builder.set("service.name", "x").explain();
    for width in 0..30 {
        assert!(explained.report().width(width).to_string().contains("jaeger"));
    }
    for width in [60, 140] {
        let report = explained.report().width(width).to_string();
        let line = report.lines().find(|line| line.starts_with("2 | ")).unwrap();
        assert!(line.chars().count() <= width && line.contains("\"jaeger\""), "{width}: {line}");
        let mark = report.lines().find(|line| line.contains("^^^^^^^^ traces.exporters")).unwrap();
        let column = |text: &str, part: &str| text[..text.find(part).unwrap()].chars().count();
        assert_eq!(column(mark, "^^^^"), column(line, "\"jaeger\""), "{report}");
    }
    assert!(explained.errors()[0].excerpt().unwrap().text().chars().count() < 1000);
}

#[test]
fn value_on_several_lines_shows_its_first_one() {
    let report = report("[redact]\nkeys = [\n  \"a*\",\n  5,\n]\n[traces]\nexporters = {\n  a = 1,\n}\n");
    assert!(report.contains("4 |   5,\n  |   ^ redact.keys"), "{report}");
    assert!(report.contains("7 | exporters = {\n  |             ^ traces.exporters"), "{report}");
}

#[test]
fn syntax_error_and_other_problems_show_the_lines_of_the_file() {
    let report = report("[otlp]\nendpoint = \"http://collector:4318\ntimeout = 5\nprotocol = grpc\n");
    assert!(
        report
            .contains("2 | endpoint = \"http://collector:4318\n  |                                  ^ otlp"),
        "{report}"
    );
    assert!(report.contains("3 | timeout = 5\n  |           ^ otlp.timeout"), "{report}");
    assert!(report.contains("4 | protocol = grpc\n  |            ^^^^ otlp.protocol"), "{report}");
}

#[test]
fn colors_are_an_option_and_warnings_can_be_errors() {
    let (builder, _directory) = with_file("[traces]\nsampler_arg = 0.5\n", &[]);
    let explained = builder.set("service.name", "x").explain();
    assert!(explained.report().to_string().starts_with("warning: "));
    let report = explained.report().strict(true).color(true).to_string();
    assert!(report.starts_with("\u{1b}[1m\u{1b}[91merror\u{1b}[0m"), "{report:?}");
}

const CANARY: &str = "c4nary-hunter2";

/// Asserts that no excerpt contains the canary, and that all can be rendered.
fn assert_no_canary(explained: &Explanation, text: &str) {
    assert!(!explained.report().width(20).to_string().is_empty() || explained.errors().is_empty(), "{text}");
    for problem in explained.errors().iter().chain(explained.warnings()) {
        let shown = problem.excerpt().map_or("", |excerpt| excerpt.text());
        assert!(!shown.to_lowercase().contains(CANARY), "{shown}\nin\n{text}");
    }
}

#[test]
fn secrets_are_masked_in_all_kinds_of_lines() {
    let texts = [
        "otlp.headers = { authorization = \"Bearer CANARY\", x = 5 }\n",
        "otlp.headers = { authorization = 'CANARY', \"not a name CANARY\" = \"x\" }\n",
        "[otlp.headers]\nauthorization = { path = \"CANARY\" }\n",
        "[otlp.headers]\nauthorization = [\"CANARY\"]\n",
        "[otlp.headers]\nauthorization = \"CANARY\"\nauthorization = \"CANARY\"\n",
        "[otlp.headers]\nauthorization = \"CANARY\"\nAuthorization = \"CANARY\"\n",
        "[otlp.headers]\nauthorization = \"CANARY\n",
        "[otlp.headers]\nauthorization = Bearer CANARY\n",
        "[otlp.headers]\nauthorization \"CANARY\"\n",
        "[otlp.headers]\nauthorization = \"Bearer\nCANARY\"\nx = y\n",
        "[otlp.headers]\nauthorization = \"\"\"Bearer\nCANARY\n",
        "[otlp.headers]\nauthorization = \"\"\"\\\n  CANARY\"\"\"\nx = 1\n",
        "[otlp.headers]\nauthorization = \"CANARY \\q\"\n",
        "[otlp.headers]\nauthorization = \"${CANARY\"\n",
        "[otlp.headers]\nauthorization = \"${UNSET} CANARY $${CANARY}\"\n",
        "[otlp]\nheaders = \"authorization=CANARY\"\n",
        "[otlp]\nheaders = [\"authorization=CANARY\"]\n",
        "[otlp]\nheaders = { authorization = \"CANARY\"\n",
        "[otlp]\nheder = { authorization = \"CANARY\" }\n",
        "[otlp.heder]\nauthorization = \"CANARY\"\n",
        "[otlp]\npassword = \"CANARY\"\ntoken = CANARY\n",
        "[otlp]\nendpoint = \"https://user:CANARY@collector:4318\"\n",
        "[otlp]\nendpoint = \"user:CANARY://x@collector\"\n",
        "[otlp]\nendpoint = \"ftp://c/?token=CANARY\"\n",
        "[otlp]\nendpoint = \"c?token=CANARY\"\n",
        "[otlp]\nendpoint = \"https://c/#CANARY\"\n",
        "[otlp]\nendpoint = \"https://user:CANARY@c\n",
        "[otlp]\nendpoint = https://user:CANARY@c\n",
        "[otlp]\nendpoint = \"https://user:CANARY\\u0040c\"\n",
        "[otlp]\nendpoint = \"http://c\", headers = { authorization = \"CANARY\" }\n",
        "[otlp]\nendpoint = 'http://c, headers = { authorization = \"CANARY\" }\n",
        "[otlp]\ntimeout = 5 # authorization = CANARY\n",
        "# CANARY\nCANARY\n",
        "[otlp.tls]\nkey_file = \"\"\"-----BEGIN PRIVATE KEY-----\nCANARY\"\"\"\ncert = \"CANARY\"\n",
        "[resource.attributes]\npassword = [\"CANARY\", 5]\n[redact]\nkeys = [\"password\"]\n",
        "[resource.attributes]\nuser = { password = \"CANARY\" }\n[redact]\nkeys = [\"user.password\"]\n",
        "[resource.attributes]\npassword = { a = \"CANARY\" }\n[redact]\nkeys = [5]\n",
        "[resource.attributes]\npassword = [\"CANARY\"\n",
        "[profiles.a.otlp]\nheaders = { authorization = [\"CANARY\"] }\n",
        "[profiles.a]\nCANARY\n",
        "[exporters.vendor.headers]\nauthorization = 5\nx = { CANARY = \"CANARY\" }\n",
        "[exporters.vendor]\nheaders.authorization = [\"CANARY\"]\n",
        "[traces.sampler.jaeger_remote]\nendpoint = \"http://u:CANARY@c\"\n",
        "[otlp.headers]\nauthorization = 2024-01-01 # CANARY\n",
    ];
    for text in texts.map(|text| text.replace("CANARY", CANARY)) {
        let (builder, _directory) = with_file(&text, &[]);
        let explained = builder.explain();
        assert!(!explained.errors().is_empty(), "{text}");
        assert_no_canary(&explained, &text);
    }
}

/// Returns the places of a text that do not split a canary.
fn outside_canaries(text: &str) -> Vec<usize> {
    let starts: Vec<usize> = text.match_indices(CANARY).map(|(at, _)| at).collect();
    let is_inside = |at: usize| starts.iter().any(|start| *start < at && at < start + CANARY.len());
    (0..text.len()).filter(|at| !is_inside(*at)).collect()
}

/// Errors at any place of a file reveal no secret.
#[test]
fn secrets_stay_masked_wherever_the_syntax_is_wrong() {
    let text = "[service]\nname = 'x'\n[otlp]\nendpoint = \"http://u:CANARY@c\"\ntimeout = 5\n\
                headers = { authorization = \"CANARY\", \"x-key\" = 'CANARY' }\n[otlp.logs.headers]\n\
                authorization = \"\"\"Bearer\nCANARY\"\"\"\n[redact]\nkeys = [\"a.*\"]\n\
                [profiles.a.otlp.headers]\nx = \"CANARY\"\n"
        .replace("CANARY", CANARY);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("autotelemetry.toml");
    let check = |changed: &str| {
        fs::write(&path, changed).unwrap();
        assert_no_canary(&with_env(&[]).config_file(&path).explain(), changed);
    };
    for at in outside_canaries(&text) {
        for inserted in ["\"", "'", "\"\"\"", "[", "\n", "#", "="] {
            check(&format!("{}{inserted}{}", &text[..at], &text[at..]));
        }
        // Without its `@`, the password looks like a port.
        if !text[at..].starts_with(CANARY) && !text[at..].starts_with('@') {
            check(&format!("{}{}", &text[..at], &text[at + 1..]));
        }
    }
}

#[test]
fn secrets_are_masked_in_variables() {
    for (name, value) in [
        ("OTEL_EXPORTER_OTLP_HEADERS", "CANARY"),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "a b=CANARY"),
        ("AUTOTEL_OTLP__HEADERS", "CANARY"),
        ("AUTOTEL_OTLP__HEADERS__AUTHORIZATION", "CANARY\u{1}"),
        ("AUTOTEL_OTLP__HEADER", "authorization=CANARY"),
        ("AUTOTEL_EXPORTERS__VENDOR__HEADERS", "CANARY"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://user:CANARY@c"),
        ("AUTOTEL_OTLP__ENDPOINT", "c?token=CANARY#"),
        ("OTEL_EXPORTER_OTLP_HEADER", "authorization=CANARY"),
        ("OTEL_RESOURCE_ATTRIBUTES", "CANARY"),
        ("AUTOTEL_RESOURCE__ATTRIBUTES", "CANARY"),
    ] {
        let value = value.replace("CANARY", CANARY);
        let explained = with_env(&[(name, &value)]).service_name("x").explain();
        assert!(!explained.errors().is_empty() || !explained.warnings().is_empty(), "{name}");
        assert_no_canary(&explained, name);
        let report = explained.report().to_string();
        assert!(report.contains(&format!("| {name}=")) && !report.contains(CANARY), "{report}");
    }
}

#[cfg(feature = "declarative")]
#[test]
fn secrets_are_masked_in_declarative_files() {
    let exporter = |rest: &str| {
        format!(
            "file_format: \"1.1\"\nresource:\n  attributes:\n  - name: a # CANARY\n    value: CANARY\n    typ: int\n\
             tracer_provider:\n  processors:\n  - simple:\n      exporter:\n        otlp_http:\n{rest}\n"
        )
    };
    let rests = [
        "          headers:\n          - name: authorization\n            value: [CANARY]\n",
        "          headers:\n          - name: authorization\n            val: CANARY\n",
        "          headers:\n          - {name: a, value: CANARY, name: b}\n",
        "          headers: {authorization: CANARY}\n",
        "          headers: CANARY\n",
        "          header:\n          - CANARY\n",
        "          headers_list: CANARY\n",
        "          headers_list: \"a=CANARY\n",
        "          headers_list: |\n            CANARY\n            CANARY\n",
        "          headers_list: 'a=b,CANARY'\n          timeout: a\n",
        "          headers_list: !!int CANARY\n",
        "          headers_list: &CANARY x\n          timeout: *CANARY\n",
        "          ? {CANARY: 1}\n          : 5\n",
        "          endpoint: https://u:CANARY@c\n",
        "          endpoint: \"https://u:CANARY\\x40c\"\n",
        "          endpoint: >-\n            https://u:CANARY@c\n",
        "          timeout: x\n          password: CANARY\n",
        "          timeout: x # CANARY\n",
        "          - CANARY\n         CANARY: x\n",
        "\tCANARY: x\n",
    ];
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("otel.yaml");
    for rest in rests {
        let text = exporter(rest).replace("CANARY", CANARY);
        fs::write(&path, &text).unwrap();
        let explained = with_env(&[]).config_file(&path).explain();
        assert!(!explained.errors().is_empty(), "{text}");
        assert_no_canary(&explained, &text);
    }
    // Errors at any place of the file.
    let text = exporter(rests[0]).replace("[CANARY]", "CANARY").replace("CANARY", CANARY);
    for at in outside_canaries(&text) {
        for inserted in ["\"", "'", "[", "{", "\n", "#", ":", "- ", "|", "\t"] {
            let changed = format!("{}{inserted}{}", &text[..at], &text[at..]);
            fs::write(&path, &changed).unwrap();
            assert_no_canary(&with_env(&[]).config_file(&path).explain(), &changed);
        }
    }
}
