//! Messages of failed assertions of the testing kit.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
};

use autotelemetry::{
    prelude::*,
    testing::{self, Captured},
};
use test_support::fixture::captured_orders;

/// Returns the message of a failed assertion.
fn complaint(assertion: impl FnOnce(&Captured)) -> String {
    let telemetry = captured_orders();
    let panic = catch_unwind(AssertUnwindSafe(|| assertion(&telemetry))).expect_err("it fails");
    *panic.downcast::<String>().unwrap()
}

/// Returns the first line of the message.
fn headline(assertion: impl FnOnce(&Captured)) -> String {
    complaint(assertion).lines().next().unwrap().to_owned()
}

#[test]
fn first_condition_without_match_fails() {
    for (expected, line) in [
        ("expected span \"refund\", found none", headline(|t| drop(t.assert_span("refund")))),
        (
            "expected span \"charge\" with payment=cash, found 1 x span \"charge\" (no payment)",
            headline(|t| drop(t.assert_span("charge").with_attribute("payment", "cash"))),
        ),
        (
            "expected span \"order\" under \"charge\", found 2 x span \"order\" (without a parent)",
            headline(|t| drop(t.assert_span("order").with_parent("charge"))),
        ),
        (
            "expected span \"charge\" under \"order\" without a parent, found 1 x span \"charge\" under \"order\" \
             (with the parent 00000002000000000000000000000000-0000000000000002)",
            headline(|t| drop(t.assert_span("charge").with_parent("order").root())),
        ),
        ("expected 3 x span \"order\", found 2 x", headline(|t| drop(t.assert_span("order").times(3)))),
        ("expected no span \"charge\", found one", headline(|t| t.assert_no_span("charge"))),
        (
            "expected log at INFO with body \"order sent\", found 2 x log at INFO (\"order received\")",
            headline(|t| drop(t.assert_log(Severity::Info).with_body("order sent"))),
        ),
        (
            "expected log at ERROR in span \"order\", found 1 x log at ERROR (in span \"charge\")",
            headline(|t| drop(t.assert_log(Severity::Error).in_span("order"))),
        ),
        ("expected log at WARN, found none", headline(|t| drop(t.assert_log(Severity::Warn)))),
        (
            "expected no log at WARN or above, found one at ERROR",
            headline(|t| t.assert_no_log(Severity::Warn)),
        ),
        (
            "expected counter \"orders\" to be 3, found 2",
            headline(|t| drop(t.assert_counter("orders").is(3))),
        ),
        (
            "expected counter \"orders\" with payment=card to be 2.5, found 1",
            headline(|t| drop(t.assert_counter("orders").with_attribute("payment", "card").is(2.5))),
        ),
        (
            "expected counter \"orders\" with payment=cash, found 2 x counter \"orders\" (payment=card, payment=invoice)",
            headline(|t| drop(t.assert_counter("orders").with_attribute("payment", "cash"))),
        ),
        (
            "expected span \"order\" of tracer \"web\", found 2 x span \"order\" (of tracer \"shop\")",
            headline(|t| drop(t.assert_span("order").with_scope("web"))),
        ),
        (
            "expected span \"charge\" that is free, found 1 x span \"charge\"",
            headline(|t| drop(t.assert_span("charge").matching("that is free", |_| false))),
        ),
        (
            "expected no span that failed, found one",
            headline(|t| {
                t.assert_no_span_matching("that failed", |span| matches!(span.status, Status::Error { .. }));
            }),
        ),
        (
            "expected no log of the shop, found one",
            headline(|t| t.assert_no_log_matching("of the shop", |log| log.target() == "shop")),
        ),
        (
            "expected the sum of histogram \"order.duration\" to be 30, found 30.5",
            headline(|t| drop(t.assert_histogram("order.duration").has_sum(30))),
        ),
        (
            "histogram \"order.duration\" has no single value; use `has_count` or `has_sum`",
            headline(|t| drop(t.assert_histogram("order.duration").is(30))),
        ),
        (
            "expected gauge \"orders\", found a counter of this name",
            headline(|t| drop(t.assert_gauge("orders"))),
        ),
        (
            "expected the count of histogram \"order.duration\" to be 3, found 2",
            headline(|t| drop(t.assert_histogram("order.duration").has_count(3))),
        ),
        (
            "counter \"orders\" is not a histogram; use `is`",
            headline(|t| drop(t.assert_counter("orders").has_count(2))),
        ),
    ] {
        assert_eq!(line, expected);
    }
}

#[test]
fn failure_message_shows_all_captured_telemetry() {
    assert_eq!(
        complaint(|telemetry| drop(telemetry.assert_span("refund"))),
        "\
expected span \"refund\", found none

1970-01-01T00:00:00.000000Z trace 00000001000000000000000000000000
  order       0µs  █···················  payment=invoice
1970-01-01T00:00:00.000000Z trace 00000002000000000000000000000000
  order           0µs  █···················  payment=card
  └─ charge       0µs  █···················  ERROR: card refused
       · +0µs exception exception.type=std::io::error::Error exception.message=\"card refused\"
1970-01-01T00:00:00.000000Z  INFO shop: order received payment=invoice trace=00000001
1970-01-01T00:00:00.000000Z  INFO shop: order received payment=card trace=00000002
1970-01-01T00:00:00.000000Z ERROR shop: charging failed payment=card exception.type=std::io::error::Error exception.message=\"card refused\" trace=00000002
1970-01-01T00:00:00.000000Z metrics
  shop
    orders          payment=card     1 {order}
    orders          payment=invoice  1 {order}
    order.duration  payment=card     count=1 sum=10.5 min=10.5 max=10.5 ms
    order.duration  payment=invoice  count=1 sum=20 min=20 max=20 ms
"
    );
}

#[test]
fn failure_location_is_the_line_of_the_test() {
    use std::sync::{Arc, Mutex};

    let place = Arc::new(Mutex::new(None));
    let seen = Arc::clone(&place);
    let here = thread::current().id();
    std::panic::set_hook(Box::new(move |info| {
        if thread::current().id() == here {
            *seen.lock().unwrap() = info.location().map(|place| (place.file().to_owned(), place.line()));
        }
    }));
    let telemetry = captured_orders();
    let found = telemetry.assert_log(Severity::Error);
    let failing = || drop(found.with_body("x"));
    let line = line!() - 1;
    catch_unwind(AssertUnwindSafe(failing)).expect_err("it fails");
    drop(std::panic::take_hook());
    assert_eq!(*place.lock().unwrap(), Some((file!().to_owned(), line)));
}

#[test]
fn failure_message_shows_the_last_items_of_many() {
    let (tools, telemetry) = testing::tools();
    let (tracer, logger, counter) =
        (tools.tracer("t"), tools.logger("l"), tools.meter("m").u64_counter("c").build());
    for number in 0..150 {
        drop(tracer.start(format!("span {number}")));
        logger.info(format!("message {number}"), &[]);
        counter.add(1, &[KeyValue::new("number", number)]);
    }
    let shown = telemetry.to_string();
    for line in ["… 50 spans before these", "… 50 log records before these"] {
        assert!(shown.contains(line), "{shown}");
    }
    assert!(shown.contains("number=0 ") && shown.contains("number=149 "), "all metrics: {shown}");
    assert!(shown.contains("message 149") && !shown.contains("message 49 "), "{shown}");
}
