//! `RUST_LOG` and the other texts with levels and targets.

use autotelemetry::ObservabilityTools;
use test_support::{value, with_env, with_file};

/// Returns `logs.level` and the warnings for a value of `RUST_LOG`.
fn rust_log(text: &str) -> (String, Vec<String>) {
    let variables = [("RUST_LOG", text), ("OTEL_SERVICE_NAME", "x"), ("AUTOTEL_LOGS__EXPORTERS", "none")];
    let tools: ObservabilityTools = with_env(&variables).build().unwrap();
    let warnings = tools.warnings().iter().map(ToString::to_string).collect();
    (value(&tools, "logs.level"), warnings)
}

#[test]
fn bad_directive_of_rust_log_costs_only_itself() {
    for (text, level, warning) in [
        ("warn,my_app[request{id=1}]=debug", "warn", "\"my_app[request{id=1}]=debug\" filters on spans"),
        ("warn,my_app[a{b=1,c=2}]=debug,x=off", "warn,x=off", "filters on spans or fields"),
        ("warn,my_app[=debug,x=off", "warn,x=off", "filters on spans or fields"),
        ("warn,[span]", "warn", "\"[span]\" filters on spans"),
        (
            "warn,hyper=",
            "warn",
            "\"hyper=\" has no level, ignored\n    help: write `hyper=trace` for all levels",
        ),
        ("warn,=debug", "warn", "\"=debug\" has no target"),
        ("error,*=debug", "error", "\"*\" is not a target"),
        ("debug,my-app=trace", "debug", "help: did you mean `my_app`?"),
        ("debug,http://x=info", "debug", "\"http://x\" is not a target"),
        ("warn,hyper=loud", "warn", "\"loud\" is not one of"),
        ("debug,warning", "debug", "\"warning\" is not a level, ignored\n    help: did you mean \"warn\"?"),
        ("debug,inof", "debug", "\"inof\" is not a level, ignored\n    help: did you mean \"info\"?"),
        ("debug,2", "debug", "\"2\" is not a level, ignored\n    help: did you mean \"warn\"?"),
        ("debug,info/timeout", "debug", "\"info/timeout\" is not a target"),
        ("debug,a b", "debug", "help: separate directives by commas: `a,b`"),
        ("warn;hyper=error", "info", "help: separate directives by commas: `warn,hyper=error`"),
        ("warning", "info", "did you mean \"warn\"?"),
    ] {
        let (found, warnings) = rust_log(text);
        assert_eq!(found, format!("{level:?}"), "{text}");
        assert_eq!(warnings.len(), 1, "{text}: {warnings:?}");
        let start = "RUST_LOG: logs.level: ";
        assert!(warnings[0].starts_with(start) && warnings[0].contains(warning), "{text}: {warnings:?}");
        assert!(warnings[0].contains(", ignored"), "{text}: {warnings:?}");
    }
}

#[test]
fn valid_directives_of_rust_log_are_used() {
    for (text, level) in [
        ("warn", "warn"),
        ("WARN,hyper=Debug", "warn,hyper=debug"),
        ("my_app", "info,my_app=trace"),
        ("my_app::db,off", "off,my_app::db=trace"),
        ("warp", "info,warp=trace"),
        ("tracing=info,,", "info,tracing=info"),
        (" , ", "info"),
    ] {
        assert_eq!(rust_log(text), (format!("{level:?}"), Vec::new()), "{text}");
    }
}

#[test]
fn bad_level_in_the_file_is_an_error_with_a_proposal() {
    for (level, problem) in [
        ("warn;hyper=error", "\"warn;hyper=error\" is neither a level nor `target=level`"),
        ("warn hyper=info", "\"warn hyper=info\" is neither a level nor `target=level`"),
        (
            "my-app=debug",
            "\"my-app\" is not a target, which cannot contain '-'\n    help: did you mean `my_app`?",
        ),
        ("error,*=debug", "\"*\" is not a target"),
        ("http://x=info", "\"http://x\" is not a target"),
        ("warning", "\"warning\" is not one of"),
        ("info,a=loud,b c=warn", "\"loud\" is not one of"),
        ("info,a=loud,b c=warn", "; \"b c=warn\" is neither"),
    ] {
        let (builder, _directory) =
            with_file(&format!("[service]\nname = \"x\"\n[logs]\nlevel = {level:?}\n"), &[]);
        let error = builder.build().unwrap_err();
        assert_eq!(error.problems().len(), 1, "{error}");
        assert!(error.to_string().contains("autotelemetry.toml:4:9: logs.level: "), "{error}");
        assert!(error.to_string().contains(problem), "{level}: {error}");
    }
}

#[test]
fn hyphen_in_the_name_of_a_logger_is_an_underscore_in_the_filter() {
    let tools = with_env(&[]).service_name("x").set("logs.level", "warn,my_module=debug").build().unwrap();
    let severity = opentelemetry::logs::Severity::Debug;
    assert!(tools.logger("my-module").enabled(severity) && tools.logger("my_module").enabled(severity));
    assert!(!tools.logger("other-module").enabled(severity));
}
