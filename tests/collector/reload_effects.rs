//! The effect of a reload at real Collectors: on what spans and log records contain, and on where
//! they go.

use autotelemetry::{
    ObservabilityTools,
    opentelemetry::logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _, Severity},
    prelude::*,
};
use test_support::{
    collector::{Collector, field, sections},
    require,
    service::Service,
};

/// Returns a file whose traces and logs go to a Collector.
fn to(collector: &Collector, rest: &str) -> String {
    let url = collector.url("http/protobuf");
    format!(
        "otlp.endpoint = \"{url}\"\ntraces.exporters = [\"otlp\"]\nlogs.exporters = [\"otlp\"]\n\
         metrics.exporters = []\n{rest}"
    )
}

/// Returns a list of lists.
fn nested() -> AnyValue {
    let list = |value: AnyValue| AnyValue::ListAny(Box::new(vec![value]));
    list(list(list("deep".into())))
}

/// Emits a span, a log record of each severity, and one with lists.
fn emit(tools: &ObservabilityTools, round: i64) {
    let span = tools.tracer("shop").start_as_current_span("order");
    let attributes = [
        KeyValue::new("round", round),
        KeyValue::new("card", "4711-0815"),
        KeyValue::new("route", "/cart/items"),
    ];
    span.set_attributes(attributes.clone());
    let logger = tools.logger("shop");
    logger.debug("debug", &attributes);
    logger.info("info", &attributes);
    logger.error("error", &attributes);
    let bridge = tools.logger_provider().logger("bridge");
    let mut record = bridge.create_log_record();
    record.set_severity_number(Severity::Error);
    record.add_attribute("round", round);
    record.add_attribute("lists", nested());
    bridge.emit(record);
    drop(span);
    tools.force_flush().unwrap();
}

/// What a Collector shows of the items of one round.
struct Round {
    spans: Vec<String>,
    logs: Vec<String>,
}

impl Round {
    fn find(output: &str, round: usize) -> Self {
        let of = |kind: &str| {
            let found = sections_with_round(output, kind, round);
            found.into_iter().map(str::to_owned).collect()
        };
        Self { spans: of("Span"), logs: of("LogRecord") }
    }

    fn severities(&self) -> Vec<&str> {
        let of_shop = self.logs.iter().filter(|log| !log.contains("-> lists"));
        of_shop.map(|log| field(log, "SeverityText")).collect()
    }

    fn lists(&self) -> &str {
        field(self.logs.iter().find(|log| log.contains("-> lists")).unwrap(), "-> lists")
    }

    /// Returns an attribute of the span and of the log record with the severity `error`.
    fn attributes(&self, name: &str) -> [Option<String>; 2] {
        let of = |section: &str| {
            section.contains(&format!("-> {name}:")).then(|| field(section, &format!("-> {name}")).to_owned())
        };
        let is_error = |log: &&String| log.contains("SeverityText: ERROR") && !log.contains("-> lists");
        let log = self.logs.iter().find(is_error).unwrap();
        [of(&self.spans[0]), of(log)]
    }
}

fn sections_with_round<'t>(output: &'t str, kind: &str, round: usize) -> Vec<&'t str> {
    let mut found = sections(output, kind);
    found.retain(|section| section.contains(&format!("-> round: Int({round})\n")));
    found
}

/// Emits with each of these files, and returns what the Collector shows of each.
fn rounds<const N: usize>(texts: [&str; N]) -> [Round; N] {
    let collector = Collector::start();
    let service = Service::start(&to(&collector, ""));
    for (round, text) in texts.iter().enumerate() {
        service.reload(&to(&collector, text));
        emit(&service.tools, i64::try_from(round).unwrap());
    }
    service.tools.shutdown().unwrap();
    let output = collector.stop();
    let mut round = 0..;
    texts.map(|_| Round::find(&output, round.next().unwrap()))
}

#[test]
fn levels_scopes_and_samplers_follow() {
    require!(Collector);
    let [default, of_exporter, level, scope, none, all, others] = rounds([
        "",
        "logs.levels = { otlp = \"error\" }",
        "logs.level = \"debug\"",
        "logs.scopes = [{ name = \"shop\", minimum_severity = \"error\" }]",
        "traces.sampler = \"traceidratio\"\ntraces.sampler_arg = 0.0",
        "traces.sampler = \"traceidratio\"\ntraces.sampler_arg = 1.0",
        "traces.sampler = \"always_off\"",
    ]);
    assert_eq!(default.severities(), ["INFO", "ERROR"]);
    assert_eq!(of_exporter.severities(), ["ERROR"]);
    assert_eq!(scope.severities(), ["ERROR"]);
    assert_eq!(level.severities(), ["DEBUG", "INFO", "ERROR"]);
    let spans = [&default, &none, &all, &others].map(|round| round.spans.len());
    assert_eq!(spans, [1, 0, 1, 0]);
}

#[test]
fn limits_of_spans_and_records_follow() {
    require!(Collector);
    let [default, spans, logs, both, count, depth, depth_of_logs] = rounds([
        "",
        "traces.limits.attribute_value_length_limit = 4",
        "logs.limits.attribute_value_length_limit = 4",
        "attribute_limits.attribute_value_length_limit = 6",
        "logs.limits.attribute_count_limit = 2",
        "attribute_limits.attribute_value_depth_limit = 2",
        "logs.limits.attribute_value_depth_limit = 1",
    ]);
    let some = |value: &str| Some(format!("Str({value})"));
    let (whole, cut) = (some("/cart/items"), some("/car"));
    assert_eq!(default.attributes("route"), [whole.clone(), whole.clone()]);
    assert_eq!(spans.attributes("route"), [cut.clone(), whole.clone()]);
    assert_eq!(logs.attributes("route"), [whole.clone(), cut]);
    assert_eq!(both.attributes("route"), [some("/cart/"), some("/cart/")]);
    assert_eq!(count.attributes("route"), [whole, None]);
    let lists = [&default, &depth, &depth_of_logs, &logs].map(Round::lists);
    assert_eq!(lists[0], r#"Slice([[["deep"]]])"#);
    assert!(!lists[1].contains("deep") && lists[1].contains("[["), "{lists:?}");
    assert!(!lists[2].contains("[["), "{lists:?}");
    assert_eq!(lists[3], lists[0]);
}

#[test]
fn redaction_follows() {
    require!(Collector);
    let [none, masked, dropped, hashed, other] = rounds([
        "",
        "redact.keys = [\"card\"]",
        "redact = { keys = [\"card\"], action = \"drop\" }",
        "redact = { keys = [\"card\"], action = \"hash\" }",
        "redact.keys = [\"route\"]",
    ]);
    let both = |value: &str| [Some(format!("Str({value})")), Some(format!("Str({value})"))];
    assert_eq!(none.attributes("card"), both("4711-0815"));
    assert_eq!(masked.attributes("card"), both("***"));
    assert_eq!(dropped.attributes("card"), [None, None]);
    let [hash, _] = hashed.attributes("card");
    assert_eq!(hash.unwrap().len(), "Str()".len() + 64);
    assert_eq!((other.attributes("card"), other.attributes("route")), (both("4711-0815"), both("***")));
}

/// The endpoint of one signal, another exporter, and none.
#[test]
fn destinations_follow() {
    require!(Collector);
    let (first, second) = (Collector::start(), Collector::start());
    let other = second.url("http/protobuf");
    let with = |exporters: &str, rest: &str| {
        to(&first, &format!("{rest}\nexporters.second.endpoint = \"{other}\""))
            .replace("[\"otlp\"]", exporters)
    };
    let service = Service::start(&with("[\"otlp\"]", ""));
    let otlp = "[\"otlp\"]";
    let steps = [
        (otlp, String::new()),
        (otlp, format!("otlp.logs.endpoint = \"{other}/v1/logs\"")),
        (otlp, format!("otlp.traces.endpoint = \"{other}/v1/traces\"")),
        ("[\"second\"]", String::new()),
        ("[\"otlp\", \"second\"]", String::new()),
        ("[]", String::new()),
        (otlp, String::new()),
        (otlp, "disabled = true".to_owned()),
        (otlp, String::new()),
    ];
    for (round, (exporters, rest)) in steps.iter().enumerate() {
        service.reload(&with(exporters, rest));
        emit(&service.tools, i64::try_from(round).unwrap());
    }
    service.tools.shutdown().unwrap();
    let outputs = [first.stop(), second.stop()];
    let at = |kind: &str| {
        let count =
            |output: &String, round| usize::from(!sections_with_round(output, kind, round).is_empty());
        outputs.each_ref().map(|output| [0, 1, 2, 3, 4, 5, 6, 7, 8].map(|round| count(output, round)))
    };
    assert_eq!(at("Span"), [[1, 1, 0, 0, 1, 0, 1, 0, 1], [0, 0, 1, 1, 1, 0, 0, 0, 0]]);
    assert_eq!(at("LogRecord"), [[1, 0, 1, 0, 1, 0, 1, 0, 1], [0, 1, 0, 1, 1, 0, 0, 0, 0]]);
}

#[test]
#[cfg(feature = "tls")]
fn certificates_of_other_files_are_used() {
    use test_support::certificates::Authority;

    require!(Collector, Openssl);
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new(directory.path(), "authority");
    let (server, server_key) = authority.issue("server");
    let (client, client_key) = authority.issue("client");
    let other = tempfile::tempdir().unwrap();
    let others = Authority::new(other.path(), "other");
    let (stranger, stranger_key) = others.issue("client");
    let collector = Collector::start_mtls(&server, &server_key, &authority.file());
    let url = collector.url("http/protobuf").replace("http://127.0.0.1", "https://localhost");
    let with = |tls: &str| {
        format!(
            "otlp = {{ endpoint = \"{url}\", retry.max_attempts = 1{tls} }}\nmetrics.exporters = []\n\
             logs.exporters = []\ndiagnostics.level = \"off\"\ntraces.batch.schedule_delay = \"1h\""
        )
    };
    let with_files = |authority: &Authority, certificate, key| {
        let ca_file = authority.file();
        format!(", tls = {{ ca_file = {ca_file:?}, cert_file = {certificate:?}, key_file = {key:?} }}")
    };
    let service = Service::start(&with(""));
    let trusted = with_files(&authority, &client, &client_key);
    let steps = [
        (String::new(), false),
        (trusted.clone(), true),
        (with_files(&authority, &stranger, &stranger_key), false),
        (trusted.clone(), true),
        (with_files(&others, &client, &client_key), false),
        (trusted, true),
        (String::new(), false),
    ];
    for (tls, arrives) in &steps {
        service.reload(&with(tls));
        service.tools.tracer("shop").start("order").end();
        assert_eq!(service.tools.force_flush().is_ok(), *arrives, "{tls}");
    }
    assert_eq!(sections(&collector.stop(), "Span").len(), 3);
}

#[test]
#[cfg(all(feature = "tls", feature = "grpc"))]
fn encryption_can_be_left_out_later() {
    require!(Collector);
    let collector = Collector::start();
    let with = |insecure: bool| {
        format!(
            "otlp = {{ endpoint = \"{}\", protocol = \"grpc\", retry.max_attempts = 1, tls.insecure = {insecure} }}\n\
             metrics.exporters = []\nlogs.exporters = []\ndiagnostics.level = \"off\"",
            collector.address("grpc")
        )
    };
    let service = Service::start(&with(false));
    for (insecure, arrives) in [(false, false), (true, true), (false, false)] {
        service.reload(&with(insecure));
        service.tools.tracer("shop").start("order").end();
        assert_eq!(service.tools.force_flush().is_ok(), arrives, "{insecure}");
    }
    assert_eq!(sections(&collector.stop(), "Span").len(), 1);
}
