//! Values, spans and instruments beyond what can be sent are cut or ignored, and reported.

use std::thread;

use autotelemetry::{
    Signal,
    opentelemetry::{
        Context, Key,
        logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _},
        trace::{Span as _, TraceContextExt as _, Tracer as _},
    },
    prelude::*,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use test_support::{builder, line_buffer::LineBuffer, mock_collector::MockCollector, process};

use super::export::{PROTOCOLS, exporting};

/// The greatest number of lists and maps around a value.
const MAX_DEPTH: usize = 24;

fn nested_list(depth: usize) -> AnyValue {
    (0..depth).fold(AnyValue::Int(1), |value, _| AnyValue::ListAny(Box::new(vec![value])))
}

fn nested_map(depth: usize) -> AnyValue {
    let map = |value| AnyValue::Map(Box::new([(Key::new("k"), value)].into()));
    (0..depth).fold(AnyValue::Int(1), |value, _| map(value))
}

/// Runs `work` on a thread whose stack has `kib` KiB.
fn with_stack(kib: usize, work: impl FnOnce() + Send + 'static) {
    thread::Builder::new().stack_size(kib << 10).spawn(work).unwrap().join().unwrap();
}

/// Returns the number of lists and maps around the innermost value, and that value.
fn innermost(value: &Value) -> (usize, &Value) {
    let inner = match value {
        Value::ArrayValue(list) => list.values[0].value.as_ref(),
        Value::KvlistValue(map) => map.values[0].value.as_ref().and_then(|value| value.value.as_ref()),
        _ => return (0, value),
    };
    let (depth, value) = innermost(inner.unwrap());
    (depth + 1, value)
}

#[test]
fn deeply_nested_value_is_cut_and_its_record_arrives() {
    // The program drops values of its own, so it has the stack to do so.
    with_stack(16 << 10, || {
        for protocol in PROTOCOLS {
            let mock = MockCollector::start();
            let tools = exporting()
                .otlp_endpoint(mock.url())
                .set("otlp.protocol", protocol)
                .set("metrics.exporters", "none")
                .set("diagnostics.level", "off")
                .build()
                .unwrap();
            tools.logger("test").info(nested_list(3_001), &[]);
            let bridge = tools.logger_provider().logger("bridge");
            let mut record = bridge.create_log_record();
            record.set_severity_number(Severity::Info);
            record.set_body(nested_list(MAX_DEPTH));
            record.add_attribute("deep", nested_map(3_001));
            bridge.emit(record);
            tools.shutdown().unwrap();
            let stats = tools.stats();
            assert_eq!(stats.exporter(Signal::Logs, "otlp").unwrap().exported(), 2, "{protocol}");
            if protocol == "http/json" {
                continue;
            }
            let logs = mock.logs();
            let body = |scope| {
                let (_, record) = logs.iter().find(|(name, _)| name == scope).unwrap();
                record.body.as_ref().unwrap().value.as_ref().unwrap()
            };
            assert_eq!(innermost(body("test")), (MAX_DEPTH, &Value::StringValue("[…]".to_owned())));
            assert_eq!(innermost(body("bridge")), (MAX_DEPTH, &Value::IntValue(1)));
            let (_, record) = logs.iter().find(|(name, _)| name == "bridge").unwrap();
            let deep = record.attributes[0].value.as_ref().unwrap().value.as_ref().unwrap();
            assert_eq!(innermost(deep), (MAX_DEPTH, &Value::StringValue("{…}".to_owned())));
        }
    });
}

#[test]
fn depth_limit_of_values_is_configurable() {
    for (key, depth) in
        [("attribute_limits.attribute_value_depth_limit", 1), ("logs.limits.attribute_value_depth_limit", 2)]
    {
        let mock = MockCollector::start();
        let tools = exporting()
            .otlp_endpoint(mock.url())
            .set("metrics.exporters", "none")
            .set("diagnostics.level", "off")
            .set(key, depth)
            .build()
            .unwrap();
        let bridge = tools.logger_provider().logger("bridge");
        let mut record = bridge.create_log_record();
        record.set_severity_number(Severity::Info);
        for levels in 1..=4 {
            record.add_attribute(format!("list{levels}"), nested_list(levels));
        }
        bridge.emit(record);
        tools.shutdown().unwrap();
        let logs = mock.logs();
        let depths = logs[0].1.attributes.iter().map(|attribute| {
            let value = attribute.value.as_ref().unwrap().value.as_ref().unwrap();
            innermost(value)
        });
        let expected = (1..=4).map(|levels: i64| {
            if levels <= depth {
                (levels, Value::IntValue(1))
            } else {
                (depth, Value::StringValue("[…]".to_owned()))
            }
        });
        let depths = depths.map(|(levels, value)| (i64::try_from(levels).unwrap(), value.clone()));
        assert_eq!(depths.collect::<Vec<_>>(), expected.collect::<Vec<_>>(), "{key}");
    }
}

#[test]
fn long_chain_of_spans_is_printed_on_a_small_stack() {
    const SPANS: usize = 1_500;
    with_stack(256, || {
        let lines = LineBuffer::default();
        let tools = builder()
            .service_name("shop")
            .set("traces.exporters", "console")
            .set("console.format", "text")
            .console_writer(lines.clone())
            .build()
            .unwrap();
        let tracer = tools.tracer("shop");
        let mut chain = vec![Context::new().with_span(tracer.start("root"))];
        for _ in 1..SPANS {
            chain.push(Context::new().with_span(tracer.start_with_context("child", chain.last().unwrap())));
        }
        chain.iter().rev().for_each(|context| context.span().end());
        tools.shutdown().unwrap();
        let text = lines.text();
        assert_eq!(text.lines().count(), 1 + SPANS, "{}", text.len());
        // The indents of all levels would take more than 3 MiB.
        assert!(text.len() < 1 << 20, "{}", text.len());
    });
}

#[test]
fn data_beyond_limits_is_reported_once() {
    let output = process::run(process::function(module_path!(), "child_exceeds_limits"));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stderr}");
    let count = |text: &str| stderr.lines().filter(|line| line.contains(text)).count();
    for line in [
        "values of 1 log record cut: nested in more than 24 lists and maps",
        "updates of span attributes lost: more than 32,896 in one span",
        "instrument \"5xx\" is invalid, its measurements are lost: the name must start with an ASCII letter",
        "instrument \"http requests\" is invalid",
        "instrument \"sizes\" is invalid, its measurements are lost: the boundaries must increase",
        "instrument \"ö\" is invalid",
        "instrument \"used\" is invalid, its measurements are lost: the unit may contain only ASCII",
    ] {
        assert_eq!(count(line), 1, "{line}\n{stderr}");
    }
    assert_eq!(count(" is invalid, its measurements are lost"), 5, "{stderr}");
}

#[test]
#[ignore = "child process of other tests"]
fn child_exceeds_limits() {
    let tools = builder()
        .service_name("shop")
        .set("traces.exporters", "console")
        .set("metrics.exporters", "console")
        .console_writer(LineBuffer::default())
        .build()
        .unwrap();
    for _ in 0..3 {
        tools.logger("shop").info(nested_list(100), &[]);
    }
    let mut span = tools.tracer("shop").start("long");
    for progress in 0..40_000 {
        span.set_attribute(KeyValue::new("progress", progress));
    }
    span.end();
    let meter = tools.meter("shop");
    for _ in 0..3 {
        meter.u64_counter("5xx").build().add(1, &[]);
        meter.f64_histogram("http requests").build().record(1.0, &[]);
        meter.u64_histogram("sizes").with_boundaries(vec![2.0, 1.0]).build().record(1, &[]);
        meter.u64_observable_gauge("ö").with_callback(|observer| observer.observe(1, &[])).build();
        meter.i64_gauge("used").with_unit("°C").build().record(1, &[]);
        meter.u64_counter("http.requests_total/5xx-a").build().add(1, &[]);
    }
    tools.shutdown().unwrap();
}
