//! The layer for `tracing`: its place in a subscriber, and a context that is borrowed.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use autotelemetry::{
    ObservabilityTools,
    opentelemetry::trace::{SpanContext, get_active_span},
    prelude::*,
};
use serde_json::Value;
use test_support::{builder, line_buffer::LineBuffer};
use tracing::{
    Event, Metadata, Subscriber,
    level_filters::LevelFilter,
    span::{Attributes, Id},
};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::{
    Layer, Registry,
    layer::{Context as LayerContext, SubscriberExt as _},
    reload,
};

/// Returns tools that write logs and spans to a buffer.
fn tools() -> (ObservabilityTools, LineBuffer) {
    let lines = LineBuffer::default();
    let builder = builder().service_name("shop").set("traces.exporters", "console").json_logs(true);
    (builder.console_writer(lines.clone()).build().unwrap(), lines)
}

fn with_subscriber(subscriber: impl Subscriber + Send + Sync, events: impl FnOnce()) {
    tracing::subscriber::with_default(subscriber, events);
}

/// Returns the line with this message, or of the span with this name.
fn line(lines: &LineBuffer, name: &str) -> Value {
    let lines = lines.json();
    let mut found = lines.iter().filter(|line| line["message"] == name || line["span"] == name);
    let line = found.next().unwrap_or_else(|| panic!("no {name} in {lines:#?}")).clone();
    assert_eq!(found.next(), None, "twice");
    line
}

fn ids(line: &Value) -> (&Value, &Value) {
    (&line["trace_id"], &line["span_id"])
}

/// Asserts that a record belongs to a span. An empty name is that of no span.
fn assert_belongs(lines: &LineBuffer, record: &str, span: &str) {
    let record = line(lines, record);
    if span.is_empty() {
        assert_eq!(ids(&record), (&Value::Null, &Value::Null), "{record}");
    } else {
        assert_eq!(ids(&record), ids(&line(lines, span)), "{record} belongs to {span}");
        assert_ne!(record["trace_id"], Value::Null);
    }
}

fn emit() {
    let root = tracing::info_span!("root", shown = %"value");
    tracing::info!(parent: &root, "of root");
    tracing::error!(parent: &root, number = 1, "error of root");
    tracing::info!("outside");
    let child = tracing::info_span!(parent: &root, "child");
    child.in_scope(|| {
        tracing::info!("in child");
        tracing::info!(parent: &root, "of root in child");
        tracing::info!(parent: None, "of none");
        tracing::info_span!("grandchild").in_scope(|| tracing::error!("in grandchild"));
        tracing::debug_span!("hidden").in_scope(|| tracing::info!("in hidden"));
        tracing::debug!("hidden too");
    });
}

fn assert_emitted(lines: &LineBuffer) {
    for (record, span) in [
        ("of root", "root"),
        ("error of root", "root"),
        ("outside", ""),
        ("in child", "child"),
        ("of root in child", "root"),
        ("of none", ""),
        ("in grandchild", "grandchild"),
        ("in hidden", "child"),
    ] {
        assert_belongs(lines, record, span);
    }
    assert_eq!(line(lines, "child")["parent_span_id"], line(lines, "root")["span_id"]);
    assert_eq!(line(lines, "grandchild")["parent_span_id"], line(lines, "child")["span_id"]);
    assert!(!lines.text().contains("hidden too") && !lines.text().contains("\"hidden\""));
}

#[test]
fn layer_in_any_place_gives_the_same_records_and_spans() {
    let (tools, lines) = tools();
    let mut expected = None;
    let mut check = |place: &str| {
        assert_emitted(&lines);
        let mut shapes: Vec<_> =
            lines.json().iter().map(|line| format!("{:?}", line["attributes"])).collect();
        shapes.sort();
        let expected = expected.get_or_insert_with(|| shapes.clone());
        assert_eq!(&shapes, expected, "{place}");
        lines.take();
    };
    with_subscriber(Registry::default().with(tools.tracing_layer()), emit);
    check("directly");
    with_subscriber(Registry::default().with(Some(tools.tracing_layer())), emit);
    check("Option");
    with_subscriber(
        Registry::default().with(Some(tools.tracing_layer()).with_filter(LevelFilter::DEBUG)),
        emit,
    );
    check("Option with a filter");
    with_subscriber(Registry::default().with(vec![tools.tracing_layer()]), emit);
    check("Vec");
    with_subscriber(Registry::default().with(vec![Some(tools.tracing_layer()).boxed()]), emit);
    check("Vec of a Box");
    with_subscriber(Registry::default().with(tools.tracing_layer().boxed()), emit);
    check("Box");
    with_subscriber(Registry::default().with(reload::Layer::new(tools.tracing_layer()).0), emit);
    check("reload::Layer");
    with_subscriber(Registry::default().with(reload::Layer::new(Some(tools.tracing_layer())).0), emit);
    check("reload::Layer with an Option");
}

/// Counts the events and spans of this file.
#[derive(Clone, Default)]
struct Count(Arc<AtomicUsize>);

impl Count {
    fn add(&self, metadata: &Metadata<'_>) {
        if metadata.target() == module_path!() {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl<S: Subscriber> Layer<S> for Count {
    fn on_event(&self, event: &Event<'_>, _: LayerContext<'_, S>) {
        self.add(event.metadata());
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: LayerContext<'_, S>) {
        self.add(attributes.metadata());
    }
}

#[test]
fn layer_that_is_reloaded_later_works_beside_other_layers() {
    let count = Count::default();
    let (layer, handle) = reload::Layer::new(None::<Box<dyn Layer<Registry> + Send + Sync>>);
    let subscriber = Registry::default().with(layer).with(count.clone());
    let mut seen = Vec::new();
    with_subscriber(subscriber, || {
        let before = tracing::info_span!("before");
        let (tools, lines) = tools();
        handle.reload(Some(tools.tracing_layer().boxed())).unwrap();
        tracing::info!(parent: &before, "of a span before");
        tracing::info_span!("other").in_scope(|| tracing::info!(parent: &before, "of a span before other"));
        before.in_scope(|| tracing::info!("in a span before"));
        drop(before);
        assert_belongs(&lines, "of a span before", "");
        assert_belongs(&lines, "of a span before other", "");
        assert_belongs(&lines, "in a span before", "");
        lines.take();
        seen.push(count.0.swap(0, Ordering::Relaxed));
        emit();
        seen.push(count.0.swap(0, Ordering::Relaxed));
        assert_emitted(&lines);
        tools.set_log_level("debug").unwrap();
        tracing::debug!("enabled now");
        line(&lines, "enabled now");
        // The layer of other tools takes its place.
        let (others, other_lines) = self::tools();
        handle.reload(Some(others.tracing_layer().boxed())).unwrap();
        lines.take();
        count.0.store(0, Ordering::Relaxed);
        emit();
        assert_emitted(&other_lines);
        assert_eq!(lines.text(), "");
        seen.push(count.0.swap(0, Ordering::Relaxed));
    });
    // Other layers see everything, whatever this one enables.
    assert_eq!(seen, [5, 13, 13]);
}

#[test]
fn remote_parent_is_set_through_the_layer() {
    let (tools, lines) = tools();
    let parent = SpanContext::new(
        0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736_u128.into(),
        0x00f0_67aa_0ba9_02b7_u64.into(),
        autotelemetry::opentelemetry::TraceFlags::SAMPLED,
        true,
        autotelemetry::opentelemetry::trace::TraceState::default(),
    );
    with_subscriber(Registry::default().with(Some(tools.tracing_layer())), || {
        let span = tracing::info_span!("server", route = %"/orders");
        span.set_parent(Context::new().with_remote_span_context(parent.clone())).unwrap();
        assert_eq!(span.context().span().span_context().trace_id(), parent.trace_id());
        span.in_scope(|| tracing::info!("handled"));
    });
    assert_belongs(&lines, "handled", "server");
    let server = line(&lines, "server");
    assert_eq!(server["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(server["parent_span_id"], "00f067aa0ba902b7");
}

#[tracing::instrument]
fn load(id: u64) -> i64 {
    tracing::info!("in load");
    tracing::info_span!("query").in_scope(|| tracing::error!("in query"));
    tracing::info!("in load again");
    7
}

#[test]
fn borrowed_context_accepts_events_and_spans() {
    let (tools, lines) = tools();
    with_subscriber(Registry::default().with(tools.tracing_layer()), || {
        let handle = tools.tracer("t").start_as_current_span("handle");
        get_active_span(|span| {
            tracing::info!("current");
            tracing::info!(parent: None, "of no span");
            tools.logger("t").info("of a logger", &[]);
            let manual = tools.tracer("t").start_as_current_span("manual");
            manual.set_attribute(KeyValue::new("is", "recorded"));
            drop(manual);
            span.set_attribute(KeyValue::new("n", load(7)));
        });
        tracing::info!("after");
        let entered = tracing::info_span!("entered before").entered();
        get_active_span(|_| drop(entered));
        drop(handle);
    });
    for (record, span) in [
        ("current", "handle"),
        ("of no span", ""),
        ("of a logger", "handle"),
        ("in load", "load"),
        ("in query", "query"),
        ("in load again", "load"),
        ("after", "handle"),
    ] {
        assert_belongs(&lines, record, span);
    }
    let span = |name: &str| line(&lines, name);
    assert_eq!(span("handle")["attributes"]["n"], 7);
    assert_eq!(span("manual")["attributes"]["is"], "recorded");
    assert_eq!(span("manual")["parent_span_id"], span("handle")["span_id"]);
    assert_eq!(span("load")["parent_span_id"], span("handle")["span_id"]);
    assert_eq!(span("query")["parent_span_id"], span("load")["span_id"]);
    span("entered before");
}

#[test]
fn suppressed_context_is_not_lifted_by_a_parent() {
    let (tools, lines) = tools();
    with_subscriber(Registry::default().with(tools.tracing_layer()), || {
        let span = tracing::info_span!("span");
        let _suppressed = Context::enter_telemetry_suppressed_scope();
        tracing::info!("suppressed");
        tracing::info!(parent: None, "suppressed without a parent");
        tracing::info!(parent: &span, "suppressed with a parent");
        tracing::error!(parent: None, "suppressed error");
        tools.logger("t").info("suppressed too", &[]);
    });
    assert!(!lines.text().contains("suppressed"), "{}", lines.text());
}

#[test]
fn span_that_follows_itself_does_not_block() {
    let (tools, lines) = tools();
    with_subscriber(Registry::default().with(tools.tracing_layer()), || {
        let span = tracing::info_span!("circular");
        span.follows_from(&span);
    });
    line(&lines, "circular");
}

/// Names that begin like those of the OpenTelemetry crates belong to the program.
#[test]
fn target_that_begins_like_an_internal_one_is_recorded() {
    let (tools, lines) = tools();
    with_subscriber(Registry::default().with(tools.tracing_layer()), || {
        let span = tracing::info_span!(target: "opentelemetry_demo_checkout::api", "order").entered();
        tracing::info!(target: "opentelemetry_demo_checkout::api", "placed");
        tracing::error!(target: "opentelemetry-demo", "refused");
        drop(span);
        tracing::warn!(target: "opentelemetry_sdk::trace", "not recorded");
        tracing::error!(target: "opentelemetry-otlp", "not recorded");
        tracing::info_span!(target: "opentelemetry", "not recorded").in_scope(|| {});
    });
    assert_belongs(&lines, "placed", "order");
    assert_belongs(&lines, "refused", "order");
    assert!(!lines.text().contains("not recorded"), "{}", lines.text());
}

/// The layer disables nothing for other layers on the threads of the program.
#[test]
fn other_layers_see_what_this_one_disables() {
    let (tools, _) = tools();
    let count = Count::default();
    let after = Count::default();
    let subscriber = Registry::default().with(count.clone()).with(tools.tracing_layer()).with(after.clone());
    with_subscriber(subscriber, || {
        tracing::trace_span!("detail").in_scope(|| tracing::trace!("detail"));
        tracing::error!("recorded");
    });
    assert_eq!(count.0.load(Ordering::Relaxed), 3);
    assert_eq!(after.0.load(Ordering::Relaxed), 3);
}

#[test]
fn spans_that_follow_each_other_do_not_block() {
    let (tools, _) = tools();
    with_subscriber(Registry::default().with(tools.tracing_layer()), || {
        let (a, b) = (tracing::info_span!("a"), tracing::info_span!("b"));
        let (done, finished) = mpsc::channel();
        for (span, follows) in [(a.clone(), b.clone()), (b, a)] {
            let done = done.clone();
            thread::spawn(move || {
                for _ in 0..20_000 {
                    span.follows_from(&follows);
                }
                done.send(()).unwrap();
            });
        }
        for _ in 0..2 {
            finished.recv_timeout(Duration::from_secs(60)).expect("the threads wait for each other");
        }
    });
}

#[test]
fn span_that_a_panic_exits_in_a_borrowed_context_ends() {
    let (tools, lines) = tools();
    with_subscriber(Registry::default().with(tools.tracing_layer()), || {
        let handle = tools.tracer("t").start_as_current_span("handle");
        let moved = tracing::info_span!("moved").entered();
        let result = catch_unwind(AssertUnwindSafe(|| {
            get_active_span(move |_| {
                let _moved = moved;
                panic!("of the program");
            });
        }));
        assert!(result.is_err());
        tracing::info!("after");
        drop(handle);
    });
    assert_belongs(&lines, "after", "handle");
    line(&lines, "moved");
}

#[test]
fn context_that_is_left_while_borrowed_is_detached_later() {
    let (tools, lines) = tools();
    let tracer = tools.tracer("t");
    let logger = tools.logger("t");
    with_subscriber(Registry::default().with(tools.tracing_layer()), || {
        let entered = tracing::info_span!("entered").entered();
        get_active_span(move |_| drop(entered));
        logger.info("after entered", &[]);
        tracing::info_span!("next").in_scope(|| tracing::info!("in next"));
        let active = tracer.start_as_current_span("active");
        get_active_span(move |_| drop(active));
        let next = tracer.start_as_current_span("next active");
        logger.info("in next active", &[]);
        drop(next);
        logger.info("after active", &[]);
        let span = tracing::info_span!("twice");
        let outer = span.enter();
        Context::map_current(|_| {
            drop(outer);
            span.in_scope(|| tracing::info!("in twice"));
        });
        tracing::info!("after twice");
    });
    for (record, span) in [
        ("after entered", ""),
        ("in next", "next"),
        ("in next active", "next active"),
        ("after active", ""),
        ("in twice", "twice"),
        ("after twice", ""),
    ] {
        assert_belongs(&lines, record, span);
    }
    for root in ["next", "next active"] {
        assert_eq!(line(&lines, root)["parent_span_id"], Value::Null, "{root}");
    }
}

#[test]
fn second_layer_records_events_and_no_spans() {
    let (first, first_lines) = tools();
    let (second, second_lines) = tools();
    let check = |place: &str| {
        assert_emitted(&first_lines);
        let span = line(&first_lines, "grandchild");
        assert_eq!(ids(&line(&second_lines, "in grandchild")), ids(&span), "{place}");
        assert_eq!(ids(&line(&second_lines, "of root")), ids(&line(&first_lines, "root")), "{place}");
        assert!(second_lines.json().iter().all(|line| line["message"] != Value::Null), "{place}");
        first_lines.take();
        second_lines.take();
    };
    with_subscriber(Registry::default().with(first.tracing_layer()).with(second.tracing_layer()), emit);
    check("directly");
    let layers = vec![first.tracing_layer().boxed(), Some(second.tracing_layer()).boxed()];
    with_subscriber(Registry::default().with(layers), emit);
    check("Vec");
}

#[test]
fn layer_beside_another_bridge_leaves_the_spans_to_it() {
    let (tools, lines) = tools();
    let own = tracing_opentelemetry::layer().with_tracer(tools.tracer("own"));
    with_subscriber(Registry::default().with(own).with(tools.tracing_layer()), || {
        let outer = tracing::info_span!("outer").entered();
        tracing::info!("in outer");
        tracing::info_span!("inner", shown = %"value").in_scope(|| tracing::error!("in inner"));
        tracing::info!("in outer again");
        drop(outer);
        tracing::info!("after");
    });
    for (record, span) in
        [("in outer", "outer"), ("in inner", "inner"), ("in outer again", "outer"), ("after", "")]
    {
        assert_belongs(&lines, record, span);
    }
    assert_eq!(line(&lines, "inner")["parent_span_id"], line(&lines, "outer")["span_id"]);
}

#[test]
fn span_of_a_reloaded_layer_is_recorded_after_the_level_changes() {
    let (layer, handle) = reload::Layer::new(None::<Box<dyn Layer<Registry> + Send + Sync>>);
    with_subscriber(Registry::default().with(layer), || {
        let (tools, lines) = tools();
        tools.set_log_level("debug").unwrap();
        handle.reload(Some(tools.tracing_layer().boxed())).unwrap();
        let span = tracing::debug_span!("detail", late = tracing::field::Empty);
        let entered = span.enter();
        tools.set_log_level("info").unwrap();
        tracing::info!("inside");
        drop(entered);
        span.record("late", 1);
        span.in_scope(|| tracing::info!("inside again"));
        tracing::info!("outside");
        drop(span);
        assert_belongs(&lines, "inside", "detail");
        assert_belongs(&lines, "inside again", "detail");
        assert_belongs(&lines, "outside", "");
        assert_eq!(line(&lines, "detail")["attributes"]["late"], 1);
    });
}
