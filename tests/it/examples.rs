//! The telemetry of the examples, item by item.

use serde_json::{Value, json};
use test_support::{
    examples::{change_levels, several_destinations},
    json_lines::{lines, matching, only},
    mock_collector::MockCollector,
    process,
};

#[test]
fn quickstart_emits_every_item() {
    let mut command = process::example("quickstart");
    command.env("AUTOTEL_CONSOLE__FORMAT", "json");
    let lines = lines(&process::run(command));
    // Each order has three spans and a log record, the failed one another record. Two ways to pay
    // have two metrics each.
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

        let logs = matching(&lines, &json!({ "target": "shop", "span_id": span["span_id"] }));
        let logged: Vec<_> = logs.iter().map(|log| (&log["level"], &log["message"])).collect();
        let expected = [("INFO", "order received"), ("ERROR", "order failed")];
        let expected = expected.map(|(level, message)| (json!(level), json!(message)));
        let expected: Vec<_> = expected[..=usize::from(failed)].iter().map(|(l, m)| (l, m)).collect();
        assert_eq!(logged, expected);
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
#[cfg(unix)]
fn file_is_applied_after_a_hangup() {
    use std::{fs, io::BufRead as _, process::Stdio};

    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("autotelemetry.toml");
    let write =
        |level: &str| fs::write(&file, format!("service.name = \"shop\"\nlogs.level = \"{level}\"\n"));
    write("info").unwrap();
    let mut command = process::example("reload_on_hangup");
    command.env("AUTOTEL_CONFIG", &file).stdout(Stdio::piped());
    let mut process = process::Process::spawn(&mut command);
    let mut lines = std::io::BufReader::new(process.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    assert_eq!(next()["message"], "ready");
    write("debug").unwrap();
    process.signal("HUP");
    let applied = next();
    assert_eq!(
        (&applied["message"], &applied["attributes"]["changed"]),
        (&json!("configuration applied"), &json!(1))
    );
    assert_eq!(next()["message"], "now visible");
    write("loud").unwrap();
    process.signal("HUP");
    assert_eq!(next()["message"], "configuration refused");
    process.signal("TERM");
    assert!(process.wait().unwrap().success());
}

#[test]
fn card_numbers_are_hidden_in_all_signals() {
    let mut command = process::example("hide_card_numbers");
    command.env("AUTOTEL_CONSOLE__FORMAT", "json");
    let output = process::run(command);
    let lines = lines(&output);
    assert_eq!(lines.len(), 3);
    for line in &lines {
        assert_eq!(line["attributes"]["card"], "[card number]", "{line}");
    }
    assert!(!String::from_utf8_lossy(&output.stdout).contains("4111"));
}

#[test]
fn instrument_links_tracing_and_manual_spans() {
    let lines = lines(&process::run(process::example("instrument")));
    assert_eq!(lines.len(), 2 * (5 + 3));
    for order in [1, 2] {
        // Spans of `tracing` and manual spans alternate.
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
        matching(&lines, &json!({ "span": "place_order" })).iter().map(|span| &span["trace_id"]).collect();
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn several_destinations_keep_headers_apart() {
    let (own, vendor) = (MockCollector::start(), MockCollector::start());
    process::run(several_destinations(&own.url(), &vendor.url()));
    for (mock, token, compression) in [(&own, None, None), (&vendor, Some("Bearer secret"), Some("gzip"))] {
        let received = mock.received();
        assert!(received.len() >= 3, "each signal");
        for request in received {
            assert_eq!(request.header("authorization"), token, "{}", request.path);
            let encoding = request.header("grpc-encoding").or(request.header("content-encoding"));
            assert_eq!(encoding, compression, "{}", request.path);
        }
    }
}

#[test]
fn log_level_example_changes_levels_at_run_time() {
    let lines = lines(&change_levels(process::example("log_level")));
    let member = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    let logged: Vec<_> = lines.iter().map(|line| (member(line, "target"), member(line, "level"))).collect();
    let logged: Vec<_> = logged.iter().map(|(target, level)| (&**target, &**level)).collect();
    let expected = [
        // Initially, at level info.
        &[("doors", "INFO"), ("fridge", "WARN")][..],
        &[("stock", "DEBUG"), ("doors", "INFO"), ("fridge", "WARN")],
        &[("stock", "TRACE"), ("stock", "DEBUG"), ("fridge", "WARN")],
        // The invalid level is reported; then the level is off.
        &[("log_level", "ERROR")],
    ];
    assert_eq!(logged, expected.concat());
    let refused = only(&lines, &json!({ "message": "level not changed" }));
    let why = refused["attributes"]["exception.message"].as_str().unwrap();
    assert!(why.contains("\"loud\" is not one of"), "{why}");
}

#[test]
fn disabled_fallback_computes_result_without_telemetry() {
    for (variables, telemetry) in [(&[][..], true), (&[("AUTOTEL_LOGS__LEVEL", "loud")], false)] {
        let mut command = process::example("disabled_fallback");
        command.envs(variables.iter().copied());
        let output = process::run(command);
        let (out, stderr) =
            (str::from_utf8(&output.stdout).unwrap(), str::from_utf8(&output.stderr).unwrap());
        let (logs, results): (Vec<_>, Vec<_>) = out.lines().partition(|line| line.starts_with('{'));
        assert_eq!(results, ["55"], "with and without telemetry");
        if telemetry {
            let log: Value = serde_json::from_str(logs[0]).unwrap();
            assert_eq!((&log["level"], &log["target"]), (&"INFO".into(), &"sums".into()));
            assert_eq!(
                (&log["message"], &log["attributes"]),
                (&"summed up".into(), &json!({ "numbers": 10 }))
            );
            assert!(logs.len() == 1 && !stderr.contains("there is no telemetry"), "{out}{stderr}");
        } else {
            assert_eq!(logs, [""; 0]);
            assert!(
                stderr.starts_with("there is no telemetry: ") && stderr.contains("AUTOTEL_LOGS__LEVEL"),
                "{stderr}"
            );
        }
    }
}
