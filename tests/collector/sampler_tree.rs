//! Each sampler of the tree at a real Collector.

use autotelemetry::{
    opentelemetry::trace::{SpanContext, TraceFlags, TraceState},
    prelude::*,
};
use test_support::{
    collector::{Collector, field, sections, sections_with},
    http::serve,
    require, with_file,
};

/// Sends the spans that `emit` starts to a Collector, with this sampler. Returns its output.
fn received(sampler: &str, emit: impl FnOnce(&ObservabilityTools)) -> String {
    let collector = Collector::start();
    let text = format!(
        "[service]\nname = \"shop\"\n[otlp]\nendpoint = \"{}\"\nprotocol = \"grpc\"\n[metrics]\nexporters = []\n\
         [traces]\nsampler = {sampler}\n",
        collector.url("grpc")
    );
    let (builder, _directory) = with_file(&text, &[]);
    let tools = builder.build().unwrap();
    emit(&tools);
    tools.shutdown().unwrap();
    collector.stop()
}

/// Returns the names of the spans that a Collector received, sorted.
fn names(output: &str) -> Vec<&str> {
    let mut names: Vec<_> = sections(output, "Span").into_iter().map(|span| field(span, "Name")).collect();
    names.sort_unstable();
    names
}

/// Starts a span for each kind of parent, and one inside of each.
fn each_parent(tools: &ObservabilityTools) {
    let tracer = tools.tracer("shop");
    let parent = |is_remote, flags| {
        let ids = SpanContext::new(1_u128.into(), 1_u64.into(), flags, is_remote, TraceState::default());
        Context::new().with_remote_span_context(ids)
    };
    tracer.start_with_context("root", &Context::new()).end();
    for (place, is_remote) in [("remote", true), ("local", false)] {
        for (decision, flags) in [("kept", TraceFlags::SAMPLED), ("dropped", TraceFlags::NOT_SAMPLED)] {
            tracer.start_with_context(format!("{place} {decision}"), &parent(is_remote, flags)).end();
        }
    }
}

#[test]
fn each_sampler_decides_by_the_parent() {
    require!(Collector);
    let all = ["local dropped", "local kept", "remote dropped", "remote kept", "root"];
    for (sampler, expected) in [
        ("\"always_on\"", &all[..]),
        ("\"always_off\"", &[]),
        ("\"parentbased_always_on\"", &["local kept", "remote kept", "root"]),
        ("\"parentbased_always_off\"", &["local kept", "remote kept"]),
        ("{ parent_based = { root = \"always_off\" } }", &["local kept", "remote kept"]),
        ("{ parent_based = { remote_parent_sampled = \"always_off\" } }", &["local kept", "root"]),
        (
            "{ parent_based = { remote_parent_not_sampled = \"always_on\" } }",
            &["local kept", "remote dropped", "remote kept", "root"],
        ),
        ("{ parent_based = { local_parent_sampled = \"always_off\" } }", &["remote kept", "root"]),
        (
            "{ parent_based = { local_parent_not_sampled = \"always_on\" } }",
            &["local dropped", "local kept", "remote kept", "root"],
        ),
        ("{ trace_id_ratio_based = { ratio = 0 } }", &[]),
        ("{ probability = { ratio = 1 } }", &all),
        ("{ always_record = { root = { parent_based = {} } } }", &["local kept", "remote kept", "root"]),
        ("{ composite = { parent_threshold = { root = \"always_off\" } } }", &["local kept", "remote kept"]),
        (
            "{ rule_based = { rules = [{ parent = [\"local\"], sampler = \"always_on\" }] } }",
            &["local dropped", "local kept"],
        ),
    ] {
        assert_eq!(names(&received(sampler, each_parent)), expected, "{sampler}");
    }
}

#[test]
fn each_condition_of_a_rule_selects() {
    require!(Collector);
    for condition in [
        "span_name = \"GET /cart*\"",
        "attribute_values = { key = \"url.path\", values = [\"/cart\"] }",
        "attribute_patterns = { key = \"url.path\", included = [\"/c*\"], excluded = [\"*s\"] }",
        "span_kinds = [\"server\"]",
        "parent = [\"none\"]",
    ] {
        let sampler =
            format!("{{ rule_based = {{ rules = [{{ {condition}, sampler = \"always_on\" }}] }} }}");
        let output = received(&sampler, |tools| {
            let tracer = tools.tracer("shop");
            let start = |name: &'static str, path: &'static str, kind, context: &Context| {
                let span = tracer.span_builder(name).with_kind(kind);
                let span = span.with_attributes([KeyValue::new("url.path", path)]);
                tracer.build_with_context(span, context)
            };
            let selected = start("GET /cart/7", "/cart", SpanKind::Server, &Context::new());
            let inside = Context::new().with_span(selected);
            start("query", "/carts", SpanKind::Client, &inside).end();
        });
        assert_eq!(names(&output), ["GET /cart/7"], "{condition}");
    }
}

#[test]
fn ratios_keep_their_share() {
    require!(Collector);
    for (sampler, writes_state) in [
        ("\"traceidratio\"\nsampler_arg = 0.25", false),
        ("\"parentbased_traceidratio\"\nsampler_arg = 0.25", false),
        ("{ trace_id_ratio_based = { ratio = 0.25 } }", false),
        ("{ probability = { ratio = 0.25 } }", true),
        ("{ composite = { probability = { ratio = 0.25 } } }", true),
    ] {
        let output = received(sampler, |tools| {
            let tracer = tools.tracer("shop");
            (0..1000).for_each(|_| tracer.start_with_context("order", &Context::new()).end());
        });
        let kept = sections(&output, "Span").len();
        // Six standard deviations.
        assert!((167..=333).contains(&kept), "{sampler}: {kept}");
        // Samplers of the specification's stable part write no state.
        assert_eq!(output.matches("TraceState").count(), if writes_state { kept } else { 0 }, "{sampler}");
        assert_eq!(output.matches(": ot=th:c\n").count(), if writes_state { kept } else { 0 }, "{sampler}");
    }
}

/// The rate is so low that no second trace starts during the test.
#[test]
fn rate_limit_counts_traces_and_keeps_them_whole() {
    require!(Collector);
    for (rate, expected) in [("0.001", 1), ("1000", 5)] {
        let output = received(&format!("{{ rate_limiting = {{ per_second = {rate} }} }}"), |tools| {
            let tracer = tools.tracer("shop");
            for _ in 0..5 {
                let context = Context::new().with_span(tracer.start_with_context("order", &Context::new()));
                tracer.start_with_context("query", &context).end();
            }
        });
        assert_eq!(sections_with(&output, "Span", "Name", "order").len(), expected, "{rate}");
        assert_eq!(sections_with(&output, "Span", "Name", "query").len(), expected, "{rate}");
    }
}

/// The Collector here has no extension that serves strategies, so the test does.
#[test]
fn strategy_of_a_server_decides() {
    require!(Collector);
    let (sender, requests) = std::sync::mpsc::channel();
    let server = serve(move || {
        let _ = sender.send(());
        let strategy = r#"{"operationSampling": {"defaultSamplingProbability": 1.0, "perOperationStrategies":
            [{"operation": "GET /healthz", "probabilisticSampling": {"samplingRate": 0.0}}]}}"#;
        ("application/json".to_owned(), strategy.into())
    });
    let sampler = format!(
        "{{ jaeger_remote = {{ endpoint = \"http://{server}\", interval = \"100ms\", initial_sampler = {{ rule_based = \
         {{ rules = [{{ span_name = \"first\", sampler = \"always_on\" }}] }} }} }} }}"
    );
    let output = received(&sampler, |tools| {
        let start = |name: &'static str| tools.tracer("shop").start_with_context(name, &Context::new()).end();
        // A second request follows the strategy.
        (0..2).for_each(|_| requests.recv_timeout(test_support::TIMEOUT).unwrap());
        ["GET /healthz", "GET /cart"].into_iter().for_each(start);
    });
    assert_eq!(names(&output), ["GET /cart"], "{output}");

    // Without a strategy, the initial sampler decides.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let sampler = sampler.replace(&server.to_string(), &silent.local_addr().unwrap().to_string());
    let output = received(&sampler, |tools| {
        let start = |name: &'static str| tools.tracer("shop").start_with_context(name, &Context::new()).end();
        ["first", "GET /cart"].into_iter().for_each(start);
    });
    assert_eq!(names(&output), ["first"], "{output}");
}
