//! Log records: types, keys, limits, levels per exporter, and code locations.

use std::fmt;

use autotelemetry::{
    Builder, ObservabilityTools, Signal,
    opentelemetry::logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _},
    prelude::*,
};
use serde_json::json;
use test_support::{
    builder,
    line_buffer::{LineBuffer, member},
    mock_collector::MockCollector,
    with_file,
};
use tracing_subscriber::layer::SubscriberExt as _;

/// Returns tools whose console is a buffer, and the buffer.
fn with_lines(settings: impl FnOnce(Builder) -> Builder) -> (ObservabilityTools, LineBuffer) {
    let lines = LineBuffer::default();
    let builder = builder().service_name("shop").console_writer(lines.clone());
    (settings(builder).build().unwrap(), lines)
}

fn json(builder: Builder) -> Builder {
    builder.json_logs(true)
}

/// Runs `events` with a subscriber that feeds `tools`.
fn traced(tools: &ObservabilityTools, events: impl FnOnce()) {
    let subscriber = tracing_subscriber::registry().with(tools.tracing_layer());
    tracing::subscriber::with_default(subscriber, events);
}

#[test]
fn exception_attributes_include_the_source_chain() {
    #[derive(Debug)]
    struct Outer(std::io::Error);
    impl fmt::Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("cannot load")
        }
    }
    impl std::error::Error for Outer {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }

    let (tools, lines) = with_lines(json);
    let error = Outer(std::io::Error::other("disk on fire"));
    let logger = tools.logger("shop");
    logger.exception("load failed", &error, &[KeyValue::new("file", "a.csv")]);
    logger.exception("load failed", &error, &[KeyValue::new("exception.message", "hidden")]);
    let lines = lines.json();
    assert_eq!(lines[0]["level"], "ERROR");
    assert_eq!(
        lines[0]["attributes"],
        json!({
            "file": "a.csv",
            "exception.type": lines[0]["attributes"]["exception.type"],
            "exception.message": "cannot load",
            "exception.stacktrace": "cannot load\ncaused by: disk on fire",
        })
    );
    assert!(lines[0]["attributes"]["exception.type"].as_str().unwrap().ends_with("::Outer"));
    assert_eq!(lines[1]["attributes"]["exception.message"], "hidden", "the argument of the caller wins");
}

#[test]
fn field_types_of_tracing_and_log_are_kept() {
    let (tools, lines) = with_lines(json);
    let error = std::io::Error::other("broken");
    traced(&tools, || {
        tracing::info!(
            small = 1_u64,
            big = u64::MAX,
            wide = i128::MIN,
            ratio = f64::NAN,
            ok = true,
            text = "t",
            bytes = &b"\xff\0a"[..],
            shown = %"display",
            debugged = ?Some(1),
            error = &error as &(dyn std::error::Error + 'static),
            none = tracing::field::Empty,
            "a {}", "message"
        );
    });
    assert_eq!(lines.json()[0]["message"], "a message");
    assert_eq!(
        lines.json()[0]["attributes"],
        json!({
            "small": 1,
            "big": u64::MAX.to_string(),
            "wide": i128::MIN.to_string(),
            "ratio": "NaN",
            "ok": true,
            "text": "t",
            "bytes": "/wBh",
            "shown": "display",
            "debugged": "Some(1)",
            "exception.message": "broken",
            "error": "broken",
        })
    );
}

#[test]
fn duplicate_keys_keep_the_last_value() {
    let (tools, lines) = with_lines(json);
    tools.logger("shop").info(
        "twice",
        &[KeyValue::new("key", 1), KeyValue::new("other", true), KeyValue::new("key", "last")],
    );
    let many: Vec<_> = (0..100).map(|number| KeyValue::new(format!("key{}", number % 50), number)).collect();
    tools.logger("shop").info("many", &many);
    traced(&tools, || tracing::info!(target: "shop", key = 1, key = 2, "twice"));
    let text = lines.text();
    assert_eq!(text.matches("\"key\":").count(), 2, "{text}");
    let lines = lines.json();
    assert_eq!(lines[0]["attributes"], json!({ "key": "last", "other": true }));
    assert_eq!(lines[1]["attributes"].as_object().unwrap().len(), 50);
    assert_eq!(lines[1]["attributes"]["key7"], 57);
    assert_eq!(lines[2]["attributes"], json!({ "key": 2 }));
}

#[test]
fn limits_truncate_values_and_drop_attributes() {
    let text = "[service]\nname = \"shop\"\n[attribute_limits]\nattribute_count_limit = 1\n\
                [logs.limits]\nattribute_count_limit = 3\nattribute_value_length_limit = 4\n\
                [traces.limits]\nattribute_value_length_limit = 2\nevent_count_limit = 1\n";
    let mock = MockCollector::start();
    let (builder, _directory) = with_file(text, &[]);
    let lines = LineBuffer::default();
    let tools = builder.otlp_endpoint(mock.url()).console_writer(lines.clone()).build().unwrap();
    let attributes = [
        KeyValue::new("long", "äöüß€"),
        KeyValue::new("short", "äöüß"),
        KeyValue::new("list", ["abcdef", "b"].map(autotelemetry::opentelemetry::StringValue::from).to_list()),
        KeyValue::new("dropped", 1),
    ];
    tools.logger("shop").info("äöüß€", &attributes);
    // Records of SDK loggers can also have bytes, maps and other values.
    let sdk = tools.logger_provider().logger("of the SDK");
    let mut record = sdk.create_log_record();
    record.set_event_name("event");
    record.add_attribute("bytes", AnyValue::from(&b"abcdef"[..]));
    record.add_attribute("map", AnyValue::Map(Box::new([("k".into(), "abcdef".into())].into())));
    sdk.emit(record);
    let span = tools.tracer("shop").start_as_current_span("work");
    span.set_attributes(attributes);
    span.add_event("first", &[KeyValue::new("long", "abc")]);
    span.add_event("second", &[]);
    drop(span);
    tools.shutdown().unwrap();

    let json = lines.json();
    assert_eq!(json[0]["message"], "äöüß");
    assert_eq!(json[0]["attributes"], json!({ "long": "äöüß", "short": "äöüß", "list": ["abcd", "b"] }));
    assert_eq!(json[1]["attributes"], json!({ "bytes": "YWJjZA==", "map": { "k": "abcd" } }));
    assert_eq!(mock.logs().len(), 2);
    let spans = mock.spans();
    assert_eq!((spans[0].attributes.len(), spans[0].dropped_attributes_count), (1, 3));
    assert_eq!((spans[0].events.len(), spans[0].dropped_events_count), (1, 1));
    let shown = format!("{:?}", spans[0]);
    assert!(shown.contains("\"äö\"") && shown.contains("\"ab\""), "{shown}");
}

#[test]
fn exporter_levels_filter_independently() {
    let directory = tempfile::tempdir().unwrap();
    let (tools, lines) = with_lines(|builder| {
        builder
            .set("logs.exporters", "console,file")
            .set("file.directory", directory.path().display())
            .set("file.rotation", "never")
            .set("logs.level", "warn")
            .set("logs.levels.file", "debug,noisy=off")
    });
    let logger = tools.logger("shop");
    assert!(logger.enabled(Severity::Debug) && !logger.enabled(Severity::Trace));
    let emit = || {
        logger.debug("debug", &[]);
        logger.warn("warn", &[]);
        tools.logger("noisy").warn("noisy", &[]);
        traced(&tools, || {
            tracing::debug!(target: "shop", "debug");
            tracing::error!(target: "noisy", "noisy");
        });
    };
    emit();
    // Only the general level changes.
    tools.set_log_level("error").unwrap();
    emit();
    tools.shutdown().unwrap();
    assert_eq!(member(&lines.json(), "message"), ["warn", "noisy", "noisy", "noisy"]);
    let file = std::fs::read_to_string(directory.path().join("shop.log")).unwrap();
    let file: Vec<serde_json::Value> = file.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(member(&file, "message"), ["debug", "warn", "debug", "debug", "warn", "debug"]);
    let stats = tools.stats();
    let exported = |exporter| stats.exporter(Signal::Logs, exporter).unwrap().exported();
    assert_eq!((exported("console"), exported("file")), (4, 6));
}

#[test]
fn invalid_level_leaves_the_level_unchanged() {
    let (tools, lines) = with_lines(json);
    let error = tools.set_log_level("info,[span]=debug").unwrap_err().to_string();
    assert!(error.contains("logs.level: \"[span]=debug\" filters on spans or fields"), "{error}");
    tools.logger("shop").info("still there", &[]);
    tools.set_log_level("off").unwrap();
    tools.logger("shop").fatal("gone", &[]);
    assert_eq!(member(&lines.json(), "message"), ["still there"]);
}

#[test]
fn more_detailed_level_enables_disabled_callsites() {
    let (tools, lines) = with_lines(json);
    let logger = tools.logger("shop");
    traced(&tools, || {
        let emit = || {
            tracing::trace!(target: "shop", "of tracing");
            logger.trace("of the logger", &[]);
        };
        emit();
        tools.set_log_level("info,shop=trace").unwrap();
        emit();
        tools.set_log_level("info").unwrap();
        emit();
    });
    assert_eq!(member(&lines.json(), "message"), ["of tracing", "of the logger"]);
}

#[test]
fn code_location_is_recorded_when_enabled() {
    let (tools, lines) = with_lines(|builder| json(builder).set("logs.code_location", true));
    let line = line!() + 1;
    tools.logger("shop").info("here", &[]);
    traced(&tools, || tracing::info!("there"));
    let place = |at: u32| json!({ "code.file.path": "tests/it/logs.rs", "code.line.number": at });
    assert_eq!(member(&lines.json(), "attributes"), [place(line), place(line + 1)]);
}

#[test]
fn text_format_escapes_control_characters() {
    let (tools, lines) = with_lines(|builder| builder.set("console.format", "text"));
    tools.logger("shop").warn(
        "two\nlines \u{1b}[31m",
        &[
            KeyValue::new("plain", "a/b"),
            KeyValue::new("spaces", "a b"),
            KeyValue::new("quotes", "say \"x\" \\"),
            KeyValue::new("list", [1, 2].to_list()),
            KeyValue::new("nan", f64::NAN),
        ],
    );
    let text = lines.text();
    let (_, rest) = text.split_once("Z  ").unwrap();
    assert_eq!(
        rest,
        "WARN shop: two\\nlines \\u{1b}[31m plain=a/b spaces=\"a b\" quotes=\"say \\\"x\\\" \\\\\" \
         list=[1, 2] nan=NaN\n"
    );
}

#[test]
fn panicking_display_does_not_propagate() {
    #[derive(Debug)]
    struct Bad;
    impl fmt::Display for Bad {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            Err(fmt::Error)
        }
    }
    impl std::error::Error for Bad {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            // A cycle.
            Some(&Self)
        }
    }
    let (tools, lines) = with_lines(json);
    tools.logger("shop").exception("failed", &Bad, &[]);
    traced(&tools, || {
        tracing::error!(error = &Bad as &(dyn std::error::Error + 'static), shown = %Bad, "failed {}", Bad);
    });
    assert_eq!(member(&lines.json(), "message"), ["failed", "failed "]);
}

#[test]
fn records_of_sdk_loggers_follow_the_levels() {
    let (tools, lines) = with_lines(|builder| json(builder).set("logs.level", "warn,loud=debug"));
    let emit = |scope: &'static str, severity: Severity| {
        let logger = tools.logger_provider().logger(scope);
        let mut record = logger.create_log_record();
        record.set_body(scope.into());
        record.set_severity_number(severity);
        logger.emit(record);
    };
    emit("quiet", Severity::Info);
    emit("quiet", Severity::Warn);
    emit("loud", Severity::Debug);
    tools.set_log_level("error").unwrap();
    emit("loud", Severity::Debug);
    assert_eq!(member(&lines.json(), "message"), ["quiet", "loud"]);
}

trait ToList {
    fn to_list(self) -> Value;
}

impl<const N: usize, T> ToList for [T; N]
where
    Vec<T>: Into<autotelemetry::opentelemetry::Array>,
{
    fn to_list(self) -> Value {
        Value::Array(Vec::from(self).into())
    }
}
