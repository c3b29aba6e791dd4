//! Problems of a configuration: all are reported at once, each with its key and origin, and nothing
//! is started.

use autotelemetry::{Error, error::ErrorKind};
use test_support::{value, with_env, with_file};

fn file_error(text: &str) -> String {
    let (builder, directory) = with_file(text, &[]);
    let error = builder.build().expect_err(text);
    error.to_string().replace(&format!("{}/", directory.path().display()), "")
}

fn env_error(variables: &[(&str, &str)]) -> Error {
    with_env(variables).service_name("x").build().unwrap_err()
}

#[test]
fn all_problems_of_a_file_are_reported_at_once() {
    let text = r#"
[service]
name = 7

[otlp]
endpiont = "http://x"
compression = "zip"
timeout = 10
[otlp.headers]
authorization = 1

[traces]
sampler_arg = 1.5
exporters = ["otlp", 3]
batch = { max_queue_size = 0 }

[tarces]
x = 1
"#;
    assert_eq!(
        file_error(text),
        r#"invalid telemetry configuration: 9 problems
  autotelemetry.toml:3:8: service.name: expected a string in quotes, found an integer
  autotelemetry.toml:6:1: otlp.endpiont: unknown key
    help: did you mean `endpoint`?
  autotelemetry.toml:7:15: otlp.compression: "zip" is not one of "none" and "gzip"
    help: did you mean "gzip"?
  autotelemetry.toml:8:11: otlp.timeout: expected a duration such as "10s", found an integer
    help: write a number with a unit, for example "5s" (ms, s, m or h)
  autotelemetry.toml:10:17: otlp.headers.authorization: expected a string in quotes, found an integer
  autotelemetry.toml:13:15: traces.sampler_arg: 1.5 is not between 0 and 1
  autotelemetry.toml:14:22: traces.exporters: expected the name of an exporter in quotes, found an integer
  autotelemetry.toml:15:28: traces.batch.max_queue_size: 0 is not between 1 and 1000000
  autotelemetry.toml:17:2: tarces: unknown key
    help: did you mean `traces`?"#
    );
}

#[test]
fn syntax_error_has_an_origin() {
    let error = file_error("[service]\nname = \"x\n");
    assert!(
        error.starts_with("invalid telemetry configuration: 1 problem\n  autotelemetry.toml:2:"),
        "{error}"
    );
}

#[test]
fn missing_service_name_is_an_error_with_help() {
    let error = with_env(&[]).build().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Configuration));
    assert_eq!(error.problems()[0].key(), Some("service.name"));
}

#[test]
fn endpoint_without_scheme_is_an_error_with_help() {
    let error = with_env(&[]).service_name("x").otlp_endpoint("collector:4317").build().unwrap_err();
    let problem = &error.problems()[0];
    assert_eq!(problem.key(), Some("otlp.endpoint"));
    assert_eq!(problem.message(), "\"collector:4317\" has no scheme, which http/protobuf requires");
    assert!(problem.origin().unwrap().to_string().contains("tests/it/problems.rs"), "{problem}");
}

#[test]
fn unknown_exporter_is_an_error_with_help() {
    let text = "[service]\nname = \"x\"\n[traces]\nexporters = [\"oltp\"]\n[exporters.vendor]\nendpoint = \"http://v\"\n";
    assert_eq!(
        file_error(text),
        "invalid telemetry configuration: 1 problem\n  autotelemetry.toml:4:14: traces.exporters: \
         there is no exporter \"oltp\" for traces\n    help: did you mean \"otlp\"?"
    );
}

#[test]
fn prometheus_for_traces_is_an_error() {
    let error = env_error(&[("AUTOTEL_LOGS__EXPORTERS", "console,prometheus")]);
    assert_eq!(error.problems()[0].message(), "\"prometheus\" accepts metrics only, not logs");
}

#[test]
fn unknown_profile_is_an_error_that_lists_profiles() {
    let (builder, _directory) =
        with_file("[profiles.production]\n[profiles.test]\n", &[("AUTOTEL_PROFILE", "prod")]);
    let error = builder.service_name("x").build().unwrap_err();
    assert_eq!(
        error.problems()[0].to_string(),
        "AUTOTEL_PROFILE: there is no profile \"prod\"\n    help: did you mean \"production\"?"
    );
}

#[test]
fn unselected_profile_is_checked() {
    let text = "[service]\nname = \"x\"\n[profiles.p.traces]\nsampler = \"alwayson\"\n";
    assert_eq!(
        file_error(text),
        "invalid telemetry configuration: 1 problem\n  autotelemetry.toml:4:11: profiles.p.traces.sampler: \
         \"alwayson\" is not one of \"always_on\", \"always_off\", \"traceidratio\", \"parentbased_always_on\", \
         \"parentbased_always_off\" and \"parentbased_traceidratio\"\n    help: did you mean \"always_on\"?"
    );
}

#[test]
fn requested_file_must_exist() {
    let error = with_env(&[("AUTOTEL_CONFIG", "/nowhere/a.toml")]).service_name("x").build().unwrap_err();
    assert!(error.to_string().contains("AUTOTEL_CONFIG: cannot read /nowhere/a.toml"), "{error}");
    let directory = tempfile::tempdir().unwrap();
    let error = with_env(&[]).service_name("x").config_file(directory.path()).build().unwrap_err();
    assert!(error.to_string().contains("is not a regular file"), "{error}");
}

#[test]
fn invalid_autotel_variable_is_an_error() {
    let error = env_error(&[
        ("AUTOTEL_TRACES__BATCH__SCHEDULE_DELAY", "5 sec"),
        ("AUTOTEL_OTLP__ENDPIONT", "http://x"),
        ("AUTOTEL_PROMETHEUS__PORT", "70000"),
    ]);
    assert_eq!(
        error.to_string(),
        "invalid telemetry configuration: 3 problems\n  \
         AUTOTEL_OTLP__ENDPIONT: unknown key\n    help: did you mean AUTOTEL_OTLP__ENDPOINT?\n  \
         AUTOTEL_PROMETHEUS__PORT: 70000 is not between 0 and 65535\n  \
         AUTOTEL_TRACES__BATCH__SCHEDULE_DELAY: \"5 sec\" is not a duration\n    \
         help: write a number with a unit, for example \"5s\" (ms, s, m or h)"
    );
}

#[test]
fn invalid_otel_variable_is_a_warning() {
    let tools = with_env(&[
        ("OTEL_SERVICE_NAME", "x"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "many"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "5000"),
        ("OTEL_TRACES_SAMPLER", "ALWAYS_OFF"),
        ("OTEL_TRACES_SAMPLER_ARG", "0.5"),
        ("OTEL_PROPAGATORS", "tracecontext,nonsense"),
        ("OTEL_TRACES_EXPORTER", "zipkin,console"),
        ("OTEL_SDK_DISABLED", "yes"),
        ("OTEL_EXPORTER_OTLP_ENDPOIN", "http://x"),
        ("OTEL_ENTITIES", "x"),
        ("OTEL_RUST_WHATEVER", "1"),
        ("OTEL_METRIC_EXPORT_INTERVAL", ""),
    ])
    .build()
    .unwrap();
    let warnings: Vec<_> = tools.warnings().iter().map(ToString::to_string).collect();
    let starts = [
        "OTEL_SDK_DISABLED: \"yes\" is neither",
        "OTEL_PROPAGATORS: propagators: \"nonsense\" is not one of",
        "OTEL_TRACES_SAMPLER_ARG: has no effect on the sampler \"always_off\"",
        "OTEL_BSP_MAX_QUEUE_SIZE: \"many\" is not an integer",
        "OTEL_ENTITIES: is not supported",
        "OTEL_EXPORTER_OTLP_ENDPOIN: unknown variable\n    help: did you mean OTEL_EXPORTER_OTLP_ENDPOINT?",
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE: traces.batch.max_export_batch_size: the batch size of 5000 exceeds the queue size",
        "OTEL_TRACES_EXPORTER: traces.exporters: there is no exporter \"zipkin\" for traces, ignored",
    ];
    assert_eq!(warnings.len(), starts.len(), "{warnings:#?}");
    for start in starts {
        assert!(warnings.iter().any(|warning| warning.starts_with(start)), "{start} is not in {warnings:#?}");
    }
    assert_eq!(value(&tools, "traces.batch.max_export_batch_size"), "512");
    assert_eq!(value(&tools, "traces.sampler"), r#""always_off""#);
    assert_eq!(value(&tools, "traces.exporters"), r#"["console"]"#);
}

#[test]
fn strict_turns_warnings_into_errors() {
    let error =
        with_env(&[("OTEL_BSP_SCHEDULE_DELAY", "soon")]).service_name("x").strict(true).build().unwrap_err();
    assert_eq!(error.problems()[0].message(), "\"soon\" is not a whole number of milliseconds, ignored");
}

#[test]
fn rule_across_keys_broken_by_the_file_is_an_error() {
    let text = "[service]\nname = \"x\"\n[logs.batch]\nmax_queue_size = 10\nmax_export_batch_size = 20\n";
    assert_eq!(
        file_error(text),
        "invalid telemetry configuration: 1 problem\n  autotelemetry.toml:5:25: logs.batch.max_export_batch_size: \
         the batch size of 20 exceeds the queue size of 10 (logs.batch.max_queue_size)"
    );
    let (builder, _directory) = with_file(&text.replace("max_export_batch_size = 20\n", ""), &[]);
    let size = value(&builder.build().unwrap(), "logs.batch.max_export_batch_size");
    assert_eq!(size, "10", "the default follows the queue");
}

#[test]
fn references_are_resolved_for_numbers_too() {
    let text = "[service]\nname = \"${NAME:-none}\"\n[prometheus]\nport = \"${PORT}\"\n[otlp.headers]\nauthorization = \"Bearer ${TOKEN}\"\n";
    let (builder, _directory) = with_file(text, &[("NAME", "n"), ("PORT", "99"), ("TOKEN", "s3cret")]);
    let tools = builder.build().unwrap();
    assert_eq!(value(&tools, "prometheus.port"), "99");
    assert!(!format!("{tools:?}").contains("s3cret"), "secrets are never printed");
    let error = file_error(text);
    assert!(
        error.contains("autotelemetry.toml:4:8: prometheus.port: the variable PORT is not set"),
        "{error}"
    );
    assert!(
        error.contains("autotelemetry.toml:6:17: otlp.headers.authorization: the variable TOKEN is not set"),
        "{error}"
    );
    assert!(
        file_error("[prometheus]\nport = \"9999\"\n").contains("expected an integer"),
        "no reference, no number"
    );
}

#[test]
fn unusual_files_are_read_or_rejected() {
    let (builder, _directory) = with_file("\u{feff}[service]\r\nname = \"x\"\r\n", &[]);
    assert_eq!(value(&builder.build().unwrap(), "service.name"), r#""x""#);
    let deep = format!("a = {}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(file_error(&deep).contains("autotelemetry.toml:1:"));
    assert!(file_error("profiles = 3\n").contains("profiles: expected a table"));
    assert!(
        file_error("[profiles.a]\nprofile = \"b\"\n")
            .contains("2:1: profiles.a.profile: a profile cannot select")
    );
    assert!(file_error("[prometheus]\nport = 99999999999999999999\n").contains("prometheus.port"));
}

#[test]
#[cfg(feature = "prometheus")]
fn port_in_use_names_the_key() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let text = format!(
        "[service]\nname = \"x\"\n[metrics]\nexporters = [\"prometheus\"]\n[prometheus]\nhost = \"127.0.0.1\"\nport = {port}\n"
    );
    let error = file_error(&text);
    let start = format!(
        "invalid telemetry configuration: 1 problem\n  autotelemetry.toml:7:8: prometheus.port: cannot listen on 127.0.0.1:{port}: "
    );
    assert!(error.starts_with(&start), "{error}");
}

#[test]
fn disabled_tools_start_despite_invalid_values() {
    let (builder, _directory) =
        with_file("disabled = true\n[otlp]\nendpiont = \"${NOPE}\"\n", &[("AUTOTEL_LOGS__LEVEL", "loud")]);
    let tools = builder.build().unwrap();
    assert_eq!(tools.warnings().len(), 2, "{:?}", tools.warnings());
    assert!(with_env(&[("OTEL_SDK_DISABLED", "true")]).build().is_ok(), "not even a name is needed");
    let odd = [("OTEL_SDK_DISABLED", "true"), ("OTEL_NONSENSE", "1")];
    assert!(with_env(&odd).strict(true).build().is_ok());
}

#[test]
fn builder_debug_output_hides_values() {
    let builder = with_env(&[("TOKEN", "hunter2")]).set("otlp.headers", "authorization=hunter2");
    assert!(!format!("{builder:?}").contains("hunter2"));
}

#[test]
fn profile_key_can_be_a_reference() {
    let text = "profile = \"${APP_ENV:-dev}\"\n[service]\nname = \"x\"\n[profiles.dev.logs]\nlevel = \"debug\"\n[profiles.prod]\n";
    let environment = |variables: &[(&str, &str)]| {
        let (builder, _directory) = with_file(text, variables);
        value(&builder.build().unwrap(), "service.environment")
    };
    assert_eq!(environment(&[]), r#""dev""#);
    assert_eq!(environment(&[("APP_ENV", "prod")]), r#""prod""#);
    let error = with_env(&[]).service_name("x").force("profile", "dev").build().unwrap_err();
    assert_eq!(error.problems()[0].help(), Some("use `Builder::profile`"));
}

#[test]
fn header_value_is_read_from_a_file() {
    let text = "[service]\nname = \"x\"\n[otlp.headers]\nauthorization = { file = \"${DIR:-secrets}/token\" }\n\
                [profiles.other.otlp.headers]\na = { file = \"nowhere\" }\n";
    let (builder, directory) = with_file(text, &[]);
    let error = builder.build().unwrap_err();
    assert_eq!(error.problems().len(), 1, "{error}");
    assert!(error.problems()[0].message().contains("secrets/token: No such file"), "{error}");
    let (builder, directory) =
        (with_env(&[]).config_file(directory.path().join("autotelemetry.toml")), directory);
    std::fs::create_dir(directory.path().join("secrets")).unwrap();
    std::fs::write(directory.path().join("secrets/token"), "Bearer hunter2\n").unwrap();
    let tools = builder.build().unwrap();
    let explained = tools.explain().to_json();
    assert!(
        explained.contains("otlp.traces.headers.authorization") && !explained.contains("hunter2"),
        "{explained}"
    );
    std::fs::write(directory.path().join("secrets/token"), "\n").unwrap();
    let error = with_env(&[]).config_file(directory.path().join("autotelemetry.toml")).build().unwrap_err();
    assert!(error.problems()[0].message().ends_with("secrets/token: it is empty"), "{error}");
    // A table of keys without secrets accepts no table as a value.
    let (builder, _directory) = with_file("[service]\nname = { file = \"x\" }\n", &[]);
    assert_eq!(
        builder.build().unwrap_err().problems()[0].message(),
        "expected a string in quotes, found a table"
    );
}

#[test]
fn rejected_otel_variable_leaves_the_file_value() {
    let text = "[service]\nname = \"x\"\n[otlp]\nendpoint = \"http://127.0.0.1:1\"\n[traces]\nexporters = [\"console\"]\n\
                batch = { max_queue_size = 4000, max_export_batch_size = 1000 }\n[metrics]\nexporters = []\n[logs]\nexporters = []\n";
    let (builder, _directory) = with_file(
        text,
        &[
            ("OTEL_TRACES_EXPORTER", "foo"),
            ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "ftp://x"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "100"),
            ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "500"),
        ],
    );
    let tools = builder.build().unwrap();
    assert_eq!(value(&tools, "traces.exporters"), r#"["console"]"#);
    assert_eq!(value(&tools, "traces.batch.max_queue_size"), "4000");
    assert_eq!(value(&tools, "traces.batch.max_export_batch_size"), "1000");
    assert_eq!(tools.warnings().len(), 4, "{:#?}", tools.warnings());
}

#[test]
fn thousands_of_problems_are_reported_quickly() {
    use std::fmt::Write as _;
    let start = std::time::Instant::now();
    let mut text = String::from("[service]\nname = \"x\"\n");
    (0..5000).for_each(|n| writeln!(text, "key{n} = 1").unwrap());
    text += "[resource.attributes]\n";
    (0..5000).for_each(|n| writeln!(text, "key{n} = \"${{NOPE{n}}}\"\ngood{n} = 1").unwrap());
    text += "[otlp.headers]\n";
    (0..5000).for_each(|n| writeln!(text, "bad{n} = 1").unwrap());
    let (builder, _directory) = with_file(&text, &[]);
    let explained = builder.explain();
    assert!(explained.errors().len() > 5_000, "{}", explained.errors().len());
    assert!(start.elapsed() < std::time::Duration::from_secs(30), "{:?}", start.elapsed());
}

#[test]
#[cfg(unix)]
fn special_file_is_rejected_without_blocking() {
    let directory = tempfile::tempdir().unwrap();
    let fifo = directory.path().join("fifo.toml");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let error = with_env(&[]).service_name("x").config_file(&fifo).build().unwrap_err();
    assert!(error.to_string().contains("is not a regular file"), "{error}");
    let latin1 = directory.path().join("latin1.toml");
    std::fs::write(&latin1, b"[service]\nname = \"\xe4\"\n").unwrap();
    let error = with_env(&[]).service_name("x").config_file(&latin1).build().unwrap_err();
    let place = format!("{}:2:9: the file is not valid UTF-8: byte 0xE4", latin1.display());
    assert!(error.to_string().contains(&place), "{error}");
}
