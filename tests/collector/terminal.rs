//! Console output on a real terminal.

use autotelemetry::ObservabilityTools;
use test_support::{process, require, terminal};

/// Logs before and after the shutdown.
#[test]
#[ignore = "child process of other tests"]
fn child_logs_around_shutdown() {
    let tools = ObservabilityTools::builder().build().unwrap();
    let logger = tools.logger("shop");
    logger.info("before", &[]);
    tools.shutdown().unwrap();
    logger.info("after", &[]);
}

/// Returns the output on a terminal, and through a pipe.
fn outputs(variables: &[(&str, &str)]) -> [String; 2] {
    let function = process::function(module_path!(), "child_logs_around_shutdown");
    let program = function.get_program().to_str().unwrap();
    let arguments: Vec<_> = function.get_args().map(|argument| argument.to_str().unwrap()).collect();
    let line = format!("'{program}' {}", arguments.join(" "));
    [line.clone(), format!("{line} | cat")].map(|line| {
        let recording = terminal::record(&line, 100, |script| {
            script.env("OTEL_SERVICE_NAME", "shop").env("OTEL_LOGS_EXPORTER", "console");
            script.env("SHELL", "/bin/sh").envs(variables.iter().copied());
        });
        assert!(recording.status.success(), "{}", recording.output);
        recording.output
    })
}

#[test]
fn line_after_shutdown_appears_on_a_terminal_and_in_a_pipe() {
    require!(Script);
    for output in outputs(&[]) {
        let lines = |text: &str| output.lines().filter(|line| line.contains(text)).count();
        assert_eq!((lines("before"), lines("after")), (1, 1), "{output}");
    }
}

#[test]
fn dumb_terminal_gets_text_without_color() {
    require!(Script);
    let [colored, _] = outputs(&[]);
    assert!(colored.contains("\u{1b}["), "{colored}");
    let [dumb, _] = outputs(&[("TERM", "dumb")]);
    assert!(dumb.contains(" INFO shop: before") && !dumb.contains('\u{1b}'), "{dumb}");
}
