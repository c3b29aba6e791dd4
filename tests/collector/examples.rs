//! The examples, with a real Collector.

use test_support::{
    collector::{Collector, field, sections, sections_with},
    examples::{change_levels, several_destinations},
    json_lines::lines,
    process, require,
};

fn same_span(log: &str, span: &str) {
    for id in ["Trace ID", "Span ID"] {
        let name = if id == "Span ID" { "ID" } else { id };
        assert_eq!(field(log, id), field(span, name), "{log}\n{span}");
    }
}

#[test]
fn without_tokio_reaches_the_collector() {
    require!(Collector);
    let collector = Collector::start();
    let mut command = process::example("without_tokio");
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url("http/protobuf"));
    assert_eq!(lines(&process::run(command)).len(), 3);

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
fn own_subscriber_reaches_the_collector() {
    require!(Collector);
    let collector = Collector::start();
    let mut command = process::example("own_subscriber");
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url("http/protobuf"));
    let printed = process::run(command);
    let printed: Vec<_> = str::from_utf8(&printed.stdout).unwrap().lines().collect();
    assert_eq!(printed.len(), 2, "{printed:?}");
    assert!(printed[0].ends_with(" INFO open_door{door=7}: own_subscriber: door opened"), "{printed:?}");
    assert!(printed[1].contains(" WARN open_door{door=7}: ") && printed[1].contains("in need of oil"));

    let output =
        collector.wait(|text| sections(text, "Span").len() == 1 && sections(text, "LogRecord").len() == 3);
    let span = sections(&output, "Span")[0];
    assert_eq!((field(span, "Name"), field(span, "-> door")), ("open_door", "Int(7)"));
    // By body, since the order of the scopes varies.
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
fn several_destinations_receive_their_records() {
    require!(Collector);
    let (own, vendor) = (Collector::start(), Collector::start());
    let command = several_destinations(&own.url("http/protobuf"), &vendor.url("grpc"));
    let printed = lines(&process::run(command));
    let logged: Vec<_> =
        printed.iter().map(|line| (line["level"].clone(), line["message"].clone())).collect();
    assert_eq!(
        logged,
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
fn console_examples_reach_the_collector() {
    require!(Collector);
    let collector = Collector::start();
    let example = |name| {
        let mut command = process::example(name);
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url("http/protobuf"));
        command
    };
    let mut instrument = example("instrument");
    instrument.env("OTEL_TRACES_EXPORTER", "otlp");
    process::run(instrument);
    change_levels(example("log_level"));
    process::run(example("disabled_fallback"));

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
