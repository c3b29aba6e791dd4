//! `OTEL_*` variables that contradict other values are ignored with a warning. References to empty
//! variables and hexadecimal numbers are accepted.

use test_support::{value, with_env, with_file};

const SERVICE: &str = "[service]\nname = \"x\"\n[logs]\nexporters = []\n";

/// Builds tools from a file and variables. Returns the values of the keys, and the warnings.
fn loaded(text: &str, variables: &[(&str, &str)], keys: &[&str]) -> (Vec<String>, Vec<String>) {
    let (builder, directory) = with_file(&format!("{SERVICE}{text}"), variables);
    let tools = builder.build().unwrap_or_else(|error| panic!("{text}: {error}"));
    let values = keys.iter().map(|key| value(&tools, key)).collect();
    let directory = format!("{}/", directory.path().display());
    (values, tools.warnings().iter().map(|warning| warning.to_string().replace(&directory, "")).collect())
}

const BATCH: [&str; 2] = ["traces.batch.max_queue_size", "traces.batch.max_export_batch_size"];

#[test]
fn of_two_contradicting_variables_the_batch_size_is_ignored() {
    let variables = [("OTEL_BSP_MAX_QUEUE_SIZE", "100"), ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "500")];
    let (values, warnings) = loaded("", &variables, &BATCH);
    assert_eq!(values, ["100", "100"]);
    assert_eq!(
        warnings,
        [
            "OTEL_BSP_MAX_EXPORT_BATCH_SIZE: traces.batch.max_export_batch_size: the batch size of 500 exceeds the \
          queue size of 100 (traces.batch.max_queue_size), ignored"
        ]
    );
}

#[test]
fn variable_that_contradicts_the_file_is_ignored() {
    let queue = "[traces.batch]\nmax_queue_size = 100\n";
    let (values, warnings) = loaded(queue, &[("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "500")], &BATCH);
    assert_eq!((values, warnings.len()), (vec!["100".to_owned(), "100".to_owned()], 1));
    assert!(warnings[0].starts_with("OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "), "{warnings:?}");

    let batch = "[traces.batch]\nmax_export_batch_size = 500\n";
    let (values, warnings) = loaded(batch, &[("OTEL_BSP_MAX_QUEUE_SIZE", "100")], &BATCH);
    assert_eq!((values, warnings.len()), (vec!["2048".to_owned(), "500".to_owned()], 1));
    assert!(
        warnings[0].starts_with("OTEL_BSP_MAX_QUEUE_SIZE: traces.batch.max_queue_size: "),
        "{warnings:?}"
    );

    let endpoint = "[otlp]\nprotocol = \"grpc\"\nendpoint = \"collector:4317\"\n[traces]\nexporters = []\n";
    let protocol = [("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), ("OTEL_METRICS_EXPORTER", "otlp")];
    let (values, warnings) = loaded(endpoint, &protocol, &["otlp.protocol", "metrics.exporters"]);
    assert_eq!(values, [r#""grpc""#, r#"["otlp"]"#]);
    assert!(warnings.len() == 1 && warnings[0].starts_with("OTEL_EXPORTER_OTLP_PROTOCOL: "), "{warnings:?}");
}

#[test]
#[cfg(feature = "prometheus")]
fn exporter_that_contradicts_the_file_is_ignored() {
    let low_memory = "[metrics]\ntemporality = \"lowmemory\"\n";
    let exporters = [("OTEL_METRICS_EXPORTER", "prometheus,otlp")];
    let (values, warnings) = loaded(low_memory, &exporters, &["metrics.exporters"]);
    assert_eq!(values, [r#"["otlp"]"#]);
    assert!(warnings.len() == 1 && warnings[0].starts_with("OTEL_METRICS_EXPORTER: "), "{warnings:?}");
}

#[test]
fn contradiction_of_other_sources_stays_an_error() {
    let (builder, _directory) = with_file(
        &format!("{SERVICE}[traces.batch]\nmax_export_batch_size = 500\n"),
        &[("AUTOTEL_TRACES__BATCH__MAX_QUEUE_SIZE", "100")],
    );
    assert_eq!(builder.build().unwrap_err().problems().len(), 1);
}

#[test]
fn reference_to_an_empty_variable_gives_nothing() {
    let text = "[otlp]\ntimeout = \"${EMPTY}\"\ntls = { ca_file = \"${EMPTY}\" }\nprotocol = \"${env:EMPTY}\"\n\
                headers = { a = \"x${EMPTY}y\", b = { file = \"${EMPTY}\" } }\n\
                [traces]\nexporters = [\"console\", \"${EMPTY}\"]\nsampler = \"${EMPTY}\"\n\
                [metrics]\nexporters = \"${EMPTY}\"\n[prometheus]\nport = \"${EMPTY}\"\n\
                [resource.attributes]\nteam = \"${EMPTY}\"\n";
    let keys = [
        "otlp.timeout",
        "otlp.protocol",
        "traces.exporters",
        "traces.sampler",
        "prometheus.port",
        "otlp.tls.ca_file",
        "resource.attributes.team",
    ];
    let (values, warnings) = loaded(text, &[("EMPTY", "")], &keys);
    let expected = [
        r#""10s""#,
        r#""http/protobuf""#,
        r#"["console"]"#,
        r#""parentbased_always_on""#,
        "9464",
        "-",
        r#""""#,
    ];
    assert_eq!(values, expected);
    assert_eq!(warnings, [""; 0]);
    let explained =
        with_file("profile = \"${EMPTY}\"\n[service]\nname = \"${EMPTY}\"\n", &[("EMPTY", "")]).0.explain();
    assert_eq!(
        explained.errors().iter().map(ToString::to_string).collect::<Vec<_>>().len(),
        1,
        "{explained}"
    );
    assert_eq!(explained.errors()[0].message(), "is required but not set");
    let explained = with_file("[service]\nname = \"${UNSET}\"\n", &[("EMPTY", "")]).0.explain();
    assert_eq!(explained.errors()[0].message(), "the variable UNSET is not set");
}

#[test]
fn whole_numbers_may_be_hexadecimal() {
    let variables = [
        ("OTEL_BSP_MAX_QUEUE_SIZE", "0x800"),
        ("OTEL_BSP_SCHEDULE_DELAY", "0x3E8"),
        ("OTEL_ATTRIBUTE_COUNT_LIMIT", "0X40"),
        ("AUTOTEL_PROMETHEUS__PORT", "0x24f8"),
        ("SIZE", "0x10"),
    ];
    let keys = [
        "traces.batch.max_queue_size",
        "traces.batch.schedule_delay",
        "attribute_limits.attribute_count_limit",
        "prometheus.port",
        "logs.batch.max_queue_size",
    ];
    let text = "[logs.batch]\nmax_queue_size = \"${SIZE}\"\n";
    let (values, warnings) = loaded(text, &variables, &keys);
    assert_eq!(values, ["2048", r#""1s""#, "64", "9464", "16"]);
    assert_eq!(warnings, [""; 0]);
    let error = with_env(&[("AUTOTEL_PROMETHEUS__PORT", "0x-1")]).service_name("x").build().unwrap_err();
    assert_eq!(error.problems()[0].message(), "\"0x-1\" is not an integer");
}

#[test]
#[cfg(unix)]
fn null_device_means_no_file() {
    let variables = [("AUTOTEL_CONFIG", "/dev/null"), ("OTEL_SERVICE_NAME", "x")];
    let (builder, _directory) = with_file("[service]\nname = 1\n", &variables);
    let explained = builder.explain();
    assert_eq!((explained.errors(), explained.warnings(), explained.file()), (&[][..], &[][..], None));
    let explained = with_env(&[]).service_name("x").config_file("/dev/null").explain();
    assert_eq!((explained.errors(), explained.file()), (&[][..], None));
    let error = with_env(&[("AUTOTEL_CONFIG", "/dev/zero")]).service_name("x").build().unwrap_err();
    assert!(error.to_string().contains("/dev/zero is not a regular file"), "{error}");
}

#[test]
fn unreplaced_reference_in_an_address_is_a_warning() {
    for (text, variables, at) in [
        (
            "[otlp]\nendpoint = \"http://$(NODE_IP):4318\"\n",
            &[][..],
            "autotelemetry.toml:6:12: otlp.endpoint: ",
        ),
        ("[otlp]\nendpoint = \"http://$NODE_IP:4318\"\n", &[], "autotelemetry.toml:6:12: otlp.endpoint: "),
        (
            "",
            &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://$(NODE_IP):4318")],
            "OTEL_EXPORTER_OTLP_ENDPOINT: otlp.endpoint: ",
        ),
    ] {
        let (_, warnings) = loaded(text, variables, &[]);
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(warnings[0].starts_with(at), "{warnings:?}");
        assert!(warnings[0].contains("NODE_IP") && warnings[0].contains("was not replaced"), "{warnings:?}");
    }
    let explained =
        with_env(&[("AUTOTEL_METRICS__EXPORTERS", "prometheus"), ("AUTOTEL_PROMETHEUS__HOST", "$(POD_IP)")])
            .service_name("x")
            .explain();
    let error = &explained.errors()[0];
    assert_eq!(error.key(), Some("prometheus.host"));
    assert!(error.to_string().contains("$(POD_IP) was not replaced"), "{error}");
}

#[test]
fn bad_name_of_an_exporter_is_not_proposed() {
    let text = "[exporters.Vendor]\nendpoint = \"http://c\"\n[exporters.vendor2]\nendpoint = \"http://c\"\n\
                [exporters.console]\nendpoint = \"http://c\"\n[traces]\nexporters = [\"somewhere\"]\n";
    let explained = with_file(&format!("{SERVICE}{text}"), &[]).0.explain();
    let helps: Vec<_> = explained.errors().iter().filter_map(|problem| problem.help()).collect();
    let help = helps.iter().find(|help| help.contains("use one of")).unwrap();
    assert!(help.contains("\"vendor2\"") && !help.contains("Vendor"), "{helps:?}");
    assert_eq!(help.matches("\"console\"").count(), 1, "{helps:?}");
}

/// The variable and the declarative configuration spell it differently.
#[test]
fn both_spellings_of_low_memory_are_understood() {
    for spelling in ["lowmemory", "low_memory", "LowMemory"] {
        let (values, warnings) = loaded(
            "",
            &[("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", spelling)],
            &["metrics.temporality"],
        );
        assert_eq!((values, warnings), (vec!["\"lowmemory\"".to_owned()], Vec::new()), "{spelling}");
    }
    let (values, warnings) =
        loaded("[metrics]\ntemporality = \"low_memory\"\n", &[], &["metrics.temporality"]);
    assert_eq!((values, warnings), (vec!["\"lowmemory\"".to_owned()], Vec::new()));
}
