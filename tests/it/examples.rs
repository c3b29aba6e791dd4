//! What the examples emit, item by item.

use std::{
    io::Write as _,
    process::{Command, Output, Stdio},
};

use crate::support::{
    collector::{Collector, field, sections, sections_with},
    program,
    sink::Sink,
};
use serde_json::{Value, json};

/// The lines of standard output, which are JSON.
fn lines(output: &Output) -> Vec<Value> {
    let out = str::from_utf8(&output.stdout).unwrap();
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The lines that have these members.
fn with<'l>(lines: &'l [Value], members: &Value) -> Vec<&'l Value> {
    let has = |line: &&Value| members.as_object().unwrap().iter().all(|(name, value)| line[name] == *value);
    lines.iter().filter(has).collect()
}

/// The only one of them.
fn only<'l>(lines: &'l [Value], members: &Value) -> &'l Value {
    let found = with(lines, members);
    assert_eq!(found.len(), 1, "{members} in {lines:#?}");
    found[0]
}

fn same_span(log: &str, span: &str) {
    for id in ["Trace ID", "Span ID"] {
        let name = if id == "Span ID" { "ID" } else { id };
        assert_eq!(field(log, id), field(span, name), "{log}\n{span}");
    }
}

#[test]
fn quickstart() {
    let mut command = program::example("quickstart");
    command.env("AUTOTEL_CONSOLE__FORMAT", "json");
    let lines = lines(&program::run(command));
    // Per order three spans and a log record, one more for the one that failed, and two metrics for two ways to pay.
    assert_eq!(lines.len(), 3 * 4 + 1 + 2 * 2);

    for order in 1..=3 {
        let payment = json!({ "payment": if order == 2 { "card" } else { "invoice" } });
        let failed = order == 3;
        let (status, why) = if failed { ("error", json!("card refused")) } else { ("unset", Value::Null) };
        let span = only(&lines, &json!({ "span": "process_order", "attributes": { "order.id": order } }));
        assert_eq!(
            (&span["status"], &span["status_description"], &span["events"], &span["parent_span_id"]),
            (&status.into(), &why, &json!([]), &Value::Null)
        );
        let child = |name: &str| only(&lines, &json!({ "span": name, "parent_span_id": span["span_id"] }));
        assert_eq!(child("check_stock")["status"], "unset");
        let charge = child("charge");
        assert_eq!((&charge["status"], &charge["status_description"]), (&status.into(), &why));
        assert_eq!(charge["events"][0]["attributes"]["exception.message"], why);
        for child in [child("check_stock"), charge] {
            assert_eq!((&child["trace_id"], &child["scope"]), (&span["trace_id"], &"shop".into()));
        }

        let logs = with(&lines, &json!({ "target": "shop", "span_id": span["span_id"] }));
        let said: Vec<_> = logs.iter().map(|log| (&log["level"], &log["message"])).collect();
        let expected = [("INFO", "order received"), ("ERROR", "order failed")];
        let expected = expected.map(|(level, message)| (json!(level), json!(message)));
        let expected: Vec<_> = expected[..=usize::from(failed)].iter().map(|(l, m)| (l, m)).collect();
        assert_eq!(said, expected);
        assert_eq!(logs[0]["attributes"], payment);
        if failed {
            assert_eq!(logs[1]["attributes"]["exception.message"], why);
        }

        let count = if order == 2 { 1 } else { 2 };
        let metric = |name: &str| only(&lines, &json!({ "metric": name, "attributes": payment }));
        let orders = metric("orders.processed");
        assert_eq!((&orders["value"], &orders["unit"]), (&count.into(), &"{order}".into()));
        let duration = metric("order.duration");
        assert_eq!((&duration["count"], &duration["unit"]), (&count.into(), &"ms".into()));
        assert!(duration["sum"].as_f64().unwrap() >= 15.0 * f64::from(count), "{duration}");
    }
}

#[test]
#[ignore = "needs the OpenTelemetry Collector (OTELCOL)"]
fn without_tokio() {
    let collector = Collector::start();
    let mut command = program::example("without_tokio");
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url("http/protobuf"));
    assert_eq!(lines(&program::run(command)).len(), 3);

    let output = collector.wait(|text| {
        sections(text, "Span").len() == 4
            && sections(text, "LogRecord").len() == 3
            && sections(text, "NumberDataPoints").len() == 1
    });
    let parent = sections_with(&output, "Span", "Name", "make_thumbnails")[0];
    assert_eq!(field(parent, "Parent ID"), "");
    let children = sections_with(&output, "Span", "Name", "make_thumbnail");
    for image in ["cat.png", "dog.png", "emu.png"] {
        let image = format!("Str({image})");
        let child = children.iter().find(|child| field(child, "-> image") == image).unwrap();
        assert_eq!(field(child, "Parent ID"), field(parent, "ID"));
        assert_eq!(field(child, "Trace ID"), field(parent, "Trace ID"));
        let log = sections_with(&output, "LogRecord", "-> image", &image)[0];
        assert_eq!((field(log, "Body"), field(log, "SeverityText")), ("Str(thumbnail made)", "INFO"));
        same_span(log, child);
    }
    let metric = sections(&output, "Metric")[0];
    assert_eq!((field(metric, "-> Name"), field(metric, "-> Unit")), ("thumbnails.made", "{image}"));
    assert_eq!(field(sections(&output, "NumberDataPoints")[0], "Value"), "3");
}

#[test]
#[ignore = "needs the OpenTelemetry Collector (OTELCOL)"]
fn own_subscriber() {
    let collector = Collector::start();
    let mut command = program::example("own_subscriber");
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url("http/protobuf"));
    let printed = program::run(command);
    let printed: Vec<_> = str::from_utf8(&printed.stdout).unwrap().lines().collect();
    assert_eq!(printed.len(), 2, "{printed:?}");
    assert!(printed[0].ends_with(" INFO open_door{door=7}: own_subscriber: door opened"), "{printed:?}");
    assert!(printed[1].contains(" WARN open_door{door=7}: ") && printed[1].contains("in need of oil"));

    let output =
        collector.wait(|text| sections(text, "Span").len() == 1 && sections(text, "LogRecord").len() == 3);
    let span = sections(&output, "Span")[0];
    assert_eq!((field(span, "Name"), field(span, "-> door")), ("open_door", "Int(7)"));
    // By body, since the scopes come in any order.
    for (level, body, has_key) in
        [("DEBUG", "key turned", true), ("INFO", "door opened", false), ("WARN", "in need of oil", false)]
    {
        let log = sections_with(&output, "LogRecord", "Body", &format!("Str({body})"))[0];
        assert_eq!(field(log, "SeverityText"), level);
        assert_eq!(has_key, log.contains("-> key: Str(brass)"), "{log}");
        same_span(log, span);
    }
    assert!(output.contains("InstrumentationScope hinges"), "{output}");
}

#[test]
fn instrument() {
    let lines = lines(&program::run(program::example("instrument")));
    assert_eq!(lines.len(), 2 * (5 + 3));
    for order in [1, 2] {
        // By `tracing` and by hand, in turns.
        let root = only(&lines, &json!({ "span": "place_order", "attributes": { "order": order } }));
        assert_eq!((&root["parent_span_id"], &root["scope"]), (&Value::Null, &"tracing".into()));
        let child = |of: &Value, name: &str, scope: &str| {
            let parent = json!({ "span": name, "parent_span_id": of["span_id"] });
            let span = only(&lines, &parent);
            assert_eq!((&span["scope"], &span["trace_id"]), (&scope.into(), &root["trace_id"]));
            span
        };
        let tax = child(child(root, "sum_up", "shop"), "add_tax", "tracing");
        assert_eq!(tax["attributes"], json!({ "percent": 19 }));
        let charge = child(child(root, "payment", "shop"), "charge", "tracing");
        assert_eq!(charge["attributes"], json!({ "method": "card" }));

        for (message, span) in [("order received", root), ("tax added", tax), ("charged", charge)] {
            let log = only(&lines, &json!({ "message": message, "span_id": span["span_id"] }));
            assert_eq!(
                (&log["level"], &log["trace_id"], &log["target"]),
                (&"INFO".into(), &root["trace_id"], &"instrument".into())
            );
        }
    }
    let ids: Vec<_> =
        with(&lines, &json!({ "span": "place_order" })).iter().map(|span| &span["trace_id"]).collect();
    assert_ne!(ids[0], ids[1]);
}

fn several_destinations(own: &str, vendor: &str) -> Command {
    let mut command = program::example("several_destinations");
    command
        .env("OTLP_TOKEN", "secret")
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", own)
        .env("VENDOR_ENDPOINT", vendor);
    command
}

#[test]
#[ignore = "needs the OpenTelemetry Collector (OTELCOL)"]
fn several_destinations_get_what_is_theirs() {
    let (own, vendor) = (Collector::start(), Collector::start());
    let command = several_destinations(&own.url("http/protobuf"), &vendor.url("grpc"));
    let printed = lines(&program::run(command));
    let said: Vec<_> = printed.iter().map(|line| (line["level"].clone(), line["message"].clone())).collect();
    assert_eq!(
        said,
        [("INFO", "left the port"), ("WARN", "high waves")].map(|(level, text)| (level.into(), text.into()))
    );

    let all = [("DEBUG", "ropes loosened"), ("INFO", "left the port"), ("WARN", "high waves")];
    for (collector, logs) in [(&own, &all[..]), (&vendor, &all[2..])] {
        let output = collector.wait(|text| {
            sections(text, "Span").len() == 1
                && sections(text, "LogRecord").len() == logs.len()
                && sections(text, "NumberDataPoints").len() == 1
        });
        let span = sections(&output, "Span")[0];
        assert_eq!((field(span, "Name"), field(span, "-> route")), ("cross", "Str(north)"));
        for (log, (level, text)) in sections(&output, "LogRecord").iter().zip(logs) {
            assert_eq!((field(log, "SeverityText"), field(log, "Body")), (*level, &*format!("Str({text})")));
            assert_eq!(field(log, "-> route"), "Str(north)");
            same_span(log, span);
        }
        let metric = sections(&output, "Metric")[0];
        assert_eq!((field(metric, "-> Name"), field(metric, "-> Unit")), ("ferry.passengers", "{person}"));
        let point = sections(&output, "NumberDataPoints")[0];
        assert_eq!((field(point, "Value"), field(point, "-> route")), ("42", "Str(north)"));
    }
}

#[test]
fn several_destinations_share_no_header() {
    let (own, vendor) = (Sink::start(), Sink::start());
    program::run(several_destinations(&own.url(), &vendor.url()));
    for (sink, token, compression) in [(&own, None, None), (&vendor, Some("Bearer secret"), Some("gzip"))] {
        let received = sink.received();
        assert!(received.len() >= 3, "each signal");
        for request in received {
            assert_eq!(request.header("authorization"), token, "{}", request.path);
            let encoding = request.header("grpc-encoding").or(request.header("content-encoding"));
            assert_eq!(encoding, compression, "{}", request.path);
        }
    }
}

/// Runs `log_level` with levels of all kinds.
fn change_levels(mut command: Command) -> Output {
    let mut process =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    process.stdin.take().unwrap().write_all(b"debug\nwarn,stock=trace\nloud\noff\n").unwrap();
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    output
}

#[test]
fn log_level() {
    let lines = lines(&change_levels(program::example("log_level")));
    let member = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    let said: Vec<_> = lines.iter().map(|line| (member(line, "target"), member(line, "level"))).collect();
    let said: Vec<_> = said.iter().map(|(target, level)| (&**target, &**level)).collect();
    let expected = [
        // As it starts, at level info.
        &[("doors", "INFO"), ("fridge", "WARN")][..],
        &[("stock", "DEBUG"), ("doors", "INFO"), ("fridge", "WARN")],
        &[("stock", "TRACE"), ("stock", "DEBUG"), ("fridge", "WARN")],
        // What is no level is told, and off is off.
        &[("log_level", "ERROR")],
    ];
    assert_eq!(said, expected.concat());
    let refused = only(&lines, &json!({ "message": "level not changed" }));
    let why = refused["attributes"]["exception.message"].as_str().unwrap();
    assert!(why.contains("\"loud\" is not one of"), "{why}");
}

#[test]
fn disabled_fallback() {
    for (variables, telemetry) in [(&[][..], true), (&[("AUTOTEL_LOGS__LEVEL", "loud")], false)] {
        let mut command = program::example("disabled_fallback");
        command.envs(variables.iter().copied());
        let output = program::run(command);
        let (out, said) = (str::from_utf8(&output.stdout).unwrap(), str::from_utf8(&output.stderr).unwrap());
        let (logs, results): (Vec<_>, Vec<_>) = out.lines().partition(|line| line.starts_with('{'));
        assert_eq!(results, ["55"], "with and without telemetry");
        if telemetry {
            let log: Value = serde_json::from_str(logs[0]).unwrap();
            assert_eq!((&log["level"], &log["target"]), (&"INFO".into(), &"sums".into()));
            assert_eq!(
                (&log["message"], &log["attributes"]),
                (&"summed up".into(), &json!({ "numbers": 10 }))
            );
            assert!(logs.len() == 1 && !said.contains("there is no telemetry"), "{out}{said}");
        } else {
            assert_eq!(logs, [""; 0]);
            assert!(
                said.starts_with("there is no telemetry: ") && said.contains("AUTOTEL_LOGS__LEVEL"),
                "{said}"
            );
        }
    }
}

#[test]
#[ignore = "needs the OpenTelemetry Collector (OTELCOL)"]
fn those_for_the_console_send_to_a_collector_too() {
    let collector = Collector::start();
    let example = |name| {
        let mut command = program::example(name);
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url("http/protobuf"));
        command
    };
    let mut instrument = example("instrument");
    instrument.env("OTEL_TRACES_EXPORTER", "otlp");
    program::run(instrument);
    change_levels(example("log_level"));
    program::run(example("disabled_fallback"));

    let output = collector
        .wait(|text| sections(text, "Span").len() == 2 * 5 && sections(text, "LogRecord").len() == 6 + 9 + 1);
    let roots = sections_with(&output, "Span", "Name", "place_order");
    for order in ["-> order: Int(1)", "-> order: Int(2)"] {
        let root = *roots.iter().find(|root| root.contains(order)).unwrap();
        assert_eq!(field(root, "Parent ID"), "");
        let child = |of: &str, name: &str| {
            let mut children = sections_with(&output, "Span", "Parent ID", field(of, "ID"));
            children.retain(|span| field(span, "Name") == name);
            assert_eq!(children.len(), 1, "{name} of {of}");
            assert_eq!(field(children[0], "Trace ID"), field(root, "Trace ID"));
            children[0]
        };
        let tax = child(child(root, "sum_up"), "add_tax");
        let charge = child(child(root, "payment"), "charge");
        assert_eq!((field(tax, "-> percent"), field(charge, "-> method")), ("Int(19)", "Str(card)"));
        for (body, span) in [("order received", root), ("tax added", tax), ("charged", charge)] {
            let mut logs = sections_with(&output, "LogRecord", "Body", &format!("Str({body})"));
            logs.retain(|log| field(log, "Span ID") == field(span, "ID"));
            assert_eq!(logs.len(), 1, "{body}");
            same_span(logs[0], span);
        }
    }
    let severities = |body: &str| -> Vec<&str> {
        let logs = sections_with(&output, "LogRecord", "Body", &format!("Str({body})"));
        logs.iter().map(|log| field(log, "SeverityText")).collect()
    };
    for (body, expected) in [
        ("shelf read", &["TRACE"][..]),
        ("shelves compared", &["DEBUG"; 2]),
        ("doors counted", &["INFO"; 2]),
        ("warm", &["WARN"; 3]),
        ("level not changed", &["ERROR"]),
        ("summed up", &["INFO"]),
    ] {
        assert_eq!(severities(body), expected, "{body}");
    }
    let sum = sections_with(&output, "LogRecord", "Body", "Str(summed up)")[0];
    assert_eq!(field(sum, "-> numbers"), "Int(10)");
}
