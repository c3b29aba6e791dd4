//! Samplers that are configured as a tree.

use autotelemetry::{
    ObservabilityTools,
    opentelemetry::{
        StringValue, Value as AttributeValue,
        trace::{SpanContext, TraceFlags, TraceState},
    },
    prelude::*,
    testing::{self, Captured},
};
use serde_json::{Value, json};
use test_support::{with_env, with_file};
use tracing_subscriber::layer::SubscriberExt as _;

/// Returns tools that keep their spans in memory, with this `[traces]`.
fn sampling(traces: &str) -> (ObservabilityTools, Captured) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("autotelemetry.toml");
    std::fs::write(&path, format!("[traces]\n{traces}\n")).unwrap();
    testing::builder().configure(|builder| builder.config_file(path)).build()
}

/// Returns a context with a parent span.
fn parent(is_remote: bool, is_sampled: bool) -> Context {
    let flags = if is_sampled { TraceFlags::SAMPLED } else { TraceFlags::NOT_SAMPLED };
    let ids = SpanContext::new(1_u128.into(), 1_u64.into(), flags, is_remote, TraceState::default());
    Context::new().with_remote_span_context(ids)
}

/// Returns the names of the spans that are captured.
fn names(captured: &Captured) -> Vec<String> {
    let mut names: Vec<_> = captured.spans().iter().map(|span| span.name.to_string()).collect();
    names.sort();
    names
}

#[test]
fn each_branch_of_parent_based_has_its_sampler() {
    for (branch, is_remote, is_sampled) in [
        ("root", None, false),
        ("remote_parent_sampled", Some(true), true),
        ("remote_parent_not_sampled", Some(true), false),
        ("local_parent_sampled", Some(false), true),
        ("local_parent_not_sampled", Some(false), false),
    ] {
        for (sampler, is_kept) in [("{ always_on = {} }", true), ("\"always_off\"", false)] {
            let (tools, captured) =
                sampling(&format!("sampler = {{ parent_based = {{ {branch} = {sampler} }} }}"));
            let context = is_remote.map_or_else(Context::new, |is_remote| parent(is_remote, is_sampled));
            tools.tracer("test").start_with_context("span", &context).end();
            assert_eq!(captured.spans().len(), usize::from(is_kept), "{branch} = {sampler}");
        }
    }
}

#[test]
fn branches_that_are_not_set_follow_the_parent() {
    let (tools, captured) = sampling("sampler.parent_based = {}");
    let tracer = tools.tracer("test");
    tracer.start("root").end();
    for (is_remote, is_sampled) in [(true, true), (true, false), (false, true), (false, false)] {
        let context = parent(is_remote, is_sampled);
        tracer.start_with_context(format!("{is_remote} {is_sampled}"), &context).end();
    }
    assert_eq!(names(&captured), ["false true", "root", "true true"]);
}

#[test]
fn ratio_in_a_tree_keeps_its_share() {
    let (tools, captured) =
        sampling("sampler = { parent_based = { root = { trace_id_ratio_based = { ratio = 0.25 } } } }");
    let tracer = tools.tracer("test");
    (0..4000).for_each(|_| tracer.start("span").end());
    let kept = captured.spans().len();
    // Five standard deviations.
    assert!((863..=1137).contains(&kept), "{kept}");
}

#[test]
fn always_record_records_dropped_spans_and_exports_none() {
    let (tools, captured) = sampling("sampler = { always_record = { root = \"always_off\" } }");
    let span = tools.tracer("test").start("span");
    assert!(span.is_recording() && !span.span_context().is_sampled());
    drop(span);
    assert_eq!(captured.spans().len(), 0);

    let (tools, captured) = sampling("sampler = { always_record = { root = { parent_based = {} } } }");
    tools.tracer("test").start("span").end();
    assert_eq!(captured.spans().len(), 1);
}

fn explained(text: &str, profile: &str, variables: &[(&str, &str)]) -> Value {
    let (builder, directory) = with_file(text, variables);
    let builder = if profile.is_empty() { builder } else { builder.profile(profile) };
    let json = builder.explain().to_json().replace(&format!("{}/", directory.path().display()), "");
    serde_json::from_str(&json).unwrap()
}

const LAYERS: &str = "service.name = \"x\"
traces.sampler = { parent_based = { root = \"always_off\" } }
[profiles.all.traces]
sampler = { always_on = {} }
[profiles.some.traces]
sampler = \"parentbased_traceidratio\"
sampler_arg = 0.5
";

/// A sampler has one value. A part of a weaker one never remains.
#[test]
fn stronger_sampler_replaces_the_whole_tree() {
    let of = |profile, variables: &[(&str, &str)]| {
        let all = explained(LAYERS, profile, variables);
        assert_eq!(all["errors"], json!([]));
        let mut value = all["values"]["traces.sampler"].clone();
        let overrides = value.as_object_mut().unwrap().remove("overridden").is_some();
        assert_eq!(overrides, !(profile.is_empty() && variables.is_empty()));
        value
    };
    let on = json!({ "always_on": {} });
    let off = json!({ "always_off": {} });
    let tree = json!({ "parent_based": {
        "root": off,
        "remote_parent_sampled": on,
        "remote_parent_not_sampled": off,
        "local_parent_sampled": on,
        "local_parent_not_sampled": off,
    } });
    let file = |value, at: &str| json!({ "value": value, "origin": "file", "at": at });
    assert_eq!(of("", &[]), file(tree, "autotelemetry.toml:2:18"));
    assert_eq!(of("all", &[]), file(on, "autotelemetry.toml:4:11"));
    assert_eq!(of("some", &[]), file("parentbased_traceidratio".into(), "autotelemetry.toml:6:11"));
    for name in ["OTEL_TRACES_SAMPLER", "AUTOTEL_TRACES__SAMPLER"] {
        let expected = json!({ "value": "always_on", "origin": "env", "at": name });
        assert_eq!(of("", &[(name, "always_on")]), expected);
        assert_eq!(of("all", &[(name, "always_on")]), expected);
    }
}

/// A profile could not remove the argument of a weaker sampler.
#[test]
fn table_replaces_the_argument_of_a_weaker_sampler() {
    let text = "service.name = \"x\"\n\
                [traces]\nsampler = \"traceidratio\"\nsampler_arg = 0.5\n\
                [profiles.all.traces]\nsampler = { always_on = {} }\n";
    let remote = [
        ("OTEL_TRACES_SAMPLER", "parentbased_jaeger_remote"),
        ("OTEL_TRACES_SAMPLER_ARG", "endpoint=http://localhost:5778"),
    ];
    for (profile, variables) in [("all", &[][..]), ("", &remote)] {
        let all = explained(text, profile, variables);
        assert_eq!(
            (&all["errors"], &all["values"]["traces.sampler_arg"]["value"]),
            (&json!([]), &Value::Null)
        );
        assert!(all["values"]["traces.sampler"]["value"].is_object(), "{all}");
    }
    let all = explained(text, "all", &[("AUTOTEL_TRACES__SAMPLER_ARG", "0.1")]);
    assert_eq!(all["errors"].as_array().map(Vec::len), Some(1), "{all}");
}

#[test]
fn tree_is_one_value_of_explain() {
    let all = explained(LAYERS, "", &[]);
    let keys = all["values"].as_object().unwrap().keys();
    let of_sampler: Vec<_> = keys.filter(|key| key.starts_with("traces.sampler")).collect();
    assert_eq!(of_sampler, ["traces.sampler", "traces.sampler_arg"]);
    assert_eq!(all["values"]["traces.sampler_arg"]["value"], Value::Null);
}

#[test]
fn references_in_a_tree_are_replaced() {
    let text = "service.name = \"x\"
traces.sampler = { parent_based = { root = { trace_id_ratio_based = { ratio = \"${RATIO:-0.5}\" } } } }\n";
    let ratio = |variables: &[(&str, &str)]| {
        let all = explained(text, "", variables);
        all["values"]["traces.sampler"]["value"]["parent_based"]["root"]["trace_id_ratio_based"]["ratio"]
            .clone()
    };
    assert_eq!((ratio(&[]), ratio(&[("RATIO", "0.25")])), (0.5.into(), 0.25.into()));
}

#[test]
fn variable_cannot_set_a_part_of_a_tree() {
    for (name, help) in [
        ("AUTOTEL_TRACES__SAMPLER__ALWAYS_ON", "set `traces.sampler` as a whole"),
        ("AUTOTEL_TRACES__SAMPLER__PARENT_BASED__ROOT", "set `traces.sampler` as a whole"),
    ] {
        let explained = with_env(&[(name, "x"), ("OTEL_SERVICE_NAME", "x")]).explain();
        let [error] = explained.errors() else { panic!("{:?}", explained.errors()) };
        assert_eq!(error.help(), Some(help), "{error}");
    }
}

/// The depth is limited, however deep a file nests.
#[test]
fn deep_tree_is_refused() {
    for (levels, is_good) in [(15, true), (16, false), (30, false)] {
        let tree =
            format!("{}\"always_on\"{}", "{ always_record = { root = ".repeat(levels), " } }".repeat(levels));
        let explained = explained(&format!("service.name = \"x\"\ntraces.sampler = {tree}\n"), "", &[]);
        let errors = explained["errors"].as_array().unwrap();
        assert_eq!(errors.is_empty(), is_good, "{levels}: {errors:?}");
    }
}

/// Drops health checks, keeps checkout, and samples nothing else.
const RULES: &str = r#"
[[traces.sampler.parent_based.root.rule_based.rules]]
attribute_values = { key = "url.path", values = ["/healthz", "/readyz"] }
sampler = "always_off"

[[traces.sampler.parent_based.root.rule_based.rules]]
span_name = "POST /checkout*"
sampler = "always_on"

[[traces.sampler.parent_based.root.rule_based.rules]]
sampler = { trace_id_ratio_based = { ratio = 0.0 } }
"#;

#[test]
fn first_rule_that_matches_decides() {
    let (tools, captured) = sampling(RULES);
    let tracer = tools.tracer("test");
    for (name, path) in [
        ("GET /healthz", "/healthz"),
        ("POST /checkout/{id}", "/checkout/7"),
        ("POST /checkout with the path of a health check", "/healthz"),
        ("GET /orders", "/orders"),
    ] {
        let span = tracer.span_builder(name).with_attributes([KeyValue::new("url.path", path)]);
        let span = tracer.build_with_context(span, &Context::new());
        let context = Context::new().with_span(span);
        tracer.start_with_context(format!("in {name}"), &context).end();
    }
    assert_eq!(names(&captured), ["POST /checkout/{id}", "in POST /checkout/{id}"]);
}

/// Only attributes that are given when the span is created reach the sampler.
#[test]
fn rules_see_the_fields_of_tracing_spans() {
    let (tools, captured) = sampling(RULES);
    let subscriber = tracing_subscriber::Registry::default().with(tools.tracing_layer());
    tracing::subscriber::with_default(subscriber, || {
        tracing::info_span!("request", otel.name = "POST /checkout", url.path = "/checkout").in_scope(|| {
            tracing::info_span!("query").in_scope(|| ());
        });
        let dropped = tracing::info_span!("request", otel.name = "POST /checkout", url.path = "/healthz");
        dropped.in_scope(|| tracing::info_span!("dropped query").in_scope(|| ()));
        let late = tracing::info_span!("POST /checkout late", url.path = tracing::field::Empty);
        late.in_scope(|| late.record("url.path", "/healthz"));
    });
    assert_eq!(names(&captured), ["POST /checkout", "POST /checkout late", "query"]);
}

#[test]
fn conditions_hold_as_documented() {
    let number = || KeyValue::new("http.response.status_code", 404);
    let list =
        || KeyValue::new("tags", AttributeValue::Array(vec![StringValue::from("a"), "b".into()].into()));
    let path = || KeyValue::new("url.path", "/a/b");
    for (rule, attributes, is_kept) in [
        (
            "attribute_values = { key = \"http.response.status_code\", values = [\"500\", \"404\"] }",
            vec![number()],
            true,
        ),
        (
            "attribute_values = { key = \"http.response.status_code\", values = [\"40\"] }",
            vec![number()],
            false,
        ),
        ("attribute_values = { key = \"tags\", values = [\"b\"] }", vec![list()], true),
        ("attribute_values = { key = \"tags\", values = [\"c\"] }", vec![list()], false),
        ("attribute_values = { key = \"absent\", values = [\"\"] }", vec![list()], false),
        ("attribute_patterns = { key = \"url.path\" }", vec![path()], true),
        ("attribute_patterns = { key = \"url.path\" }", vec![], false),
        ("attribute_patterns = { key = \"url.path\", included = [\"/a/*\"] }", vec![path()], true),
        (
            "attribute_patterns = { key = \"url.path\", included = [\"/a/*\"], excluded = [\"*/b\"] }",
            vec![path()],
            false,
        ),
        ("attribute_patterns = { key = \"url.path\", excluded = [\"/b/*\"] }", vec![path()], true),
        // Of equal keys, the last one counts, as in the exported span.
        (
            "attribute_values = { key = \"url.path\", values = [\"/a/b\"] }",
            vec![path(), KeyValue::new("url.path", "/c")],
            false,
        ),
        ("span_kinds = [\"client\", \"internal\"]", vec![], true),
        ("span_kinds = [\"server\"]", vec![], false),
        ("parent = [\"none\"]", vec![], true),
        ("parent = [\"remote\", \"local\"]", vec![], false),
        ("span_name = \"s?an\", parent = [\"none\"]", vec![], true),
        ("span_name = \"S*\"", vec![], false),
        ("span_name = \"s*\", span_kinds = [\"server\"]", vec![], false),
    ] {
        let (tools, captured) = sampling(&format!(
            "sampler = {{ rule_based = {{ rules = [{{ {rule}, sampler = \"always_on\" }}] }} }}"
        ));
        let tracer = tools.tracer("test");
        let span = tracer.span_builder("span").with_attributes(attributes);
        tracer.build_with_context(span, &Context::new()).end();
        assert_eq!(captured.spans().len(), usize::from(is_kept), "{rule}");
    }
}

#[test]
fn rules_tell_parents_apart() {
    for (kind, kept) in [("none", "root"), ("remote", "of remote"), ("local", "of local")] {
        let rule = format!("{{ parent = [\"{kind}\"], sampler = \"always_on\" }}");
        let (tools, captured) = sampling(&format!("sampler = {{ rule_based = {{ rules = [{rule}] }} }}"));
        let tracer = tools.tracer("test");
        tracer.start_with_context("root", &Context::new()).end();
        tracer.start_with_context("of remote", &parent(true, true)).end();
        tracer.start_with_context("of local", &parent(false, false)).end();
        assert_eq!(names(&captured), [kept]);
    }
}

#[test]
fn probability_writes_its_threshold_into_the_trace_state() {
    let (tools, captured) = sampling("sampler = { probability = { ratio = 0.25 } }");
    let tracer = tools.tracer("test");
    (0..4000).for_each(|_| tracer.start("span").end());
    let spans = captured.spans();
    // Five standard deviations.
    assert!((863..=1137).contains(&spans.len()), "{}", spans.len());
    for span in spans {
        assert_eq!(span.span_context.trace_state().header(), "ot=th:c");
    }
}

/// Rules below a threshold of the parent: health checks are dropped, also those that a caller
/// sampled, and all other spans follow their parent.
#[test]
fn composite_rules_give_thresholds() {
    let (tools, captured) = sampling(
        r#"
        [[traces.sampler.composite.rule_based.rules]]
        span_name = "GET /healthz"
        span_kinds = ["server"]
        sampler = "always_off"

        [[traces.sampler.composite.rule_based.rules]]
        span_name = "POST /checkout"
        parent = ["none"]
        sampler = "always_on"

        [[traces.sampler.composite.rule_based.rules]]
        sampler = { parent_threshold = { root = { probability = { ratio = 0 } } } }
        "#,
    );
    let tracer = tools.tracer("test");
    for context in [Context::new(), parent(true, true), parent(true, false)] {
        for name in ["GET /healthz", "POST /checkout", "GET /orders"] {
            let span =
                tracer.build_with_context(tracer.span_builder(name).with_kind(SpanKind::Server), &context);
            tracer.start_with_context(format!("in {name}"), &Context::new().with_span(span)).end();
        }
    }
    let states = captured.spans();
    let mut states: Vec<_> =
        states.iter().map(|span| (&*span.name, span.span_context.trace_state().header())).collect();
    states.sort();
    assert_eq!(
        states,
        [
            ("GET /orders", String::new()),
            ("POST /checkout", String::new()),
            ("POST /checkout", "ot=th:0".to_owned()),
            ("in GET /orders", String::new()),
            ("in POST /checkout", String::new()),
            ("in POST /checkout", "ot=th:0".to_owned()),
        ]
    );
}

/// The rate is so low that no second token appears during the test.
#[test]
fn rate_limit_counts_traces_and_keeps_them_whole() {
    let (tools, captured) = sampling("sampler = { rate_limiting = { per_second = 0.001 } }");
    let tracer = tools.tracer("test");
    for name in ["first", "second"] {
        let context = Context::new().with_span(tracer.start_with_context(name, &Context::new()));
        tracer.start_with_context(format!("in {name}"), &context).end();
    }
    tracer.start_with_context("of remote", &parent(true, true)).end();
    assert_eq!(names(&captured), ["first", "in first"]);

    let (tools, captured) = sampling("sampler = { rate_limiting = { per_second = 1e6 } }");
    (0..100).for_each(|_| tools.tracer("test").start("span").end());
    assert_eq!(captured.spans().len(), 100);
}
