//! Copies that `tracing` passes to the `log` crate, with its feature `log-always`.
//!
//! The feature would apply to all tests, so this test makes the copies as `tracing` does.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use test_support::{
    builder,
    line_buffer::{LineBuffer, member},
};

fn copy(target: &str, line: u32, text: &str) {
    let metadata = log::Metadata::builder().level(log::Level::Info).target(target).build();
    log::logger().log(
        &log::Record::builder()
            .metadata(metadata)
            .module_path(Some(module_path!()))
            .file(Some(file!()))
            .line(Some(line))
            .args(format_args!("{text}"))
            .build(),
    );
}

#[test]
fn copy_of_an_event_or_a_span_is_no_second_record() {
    let lines = LineBuffer::default();
    let tools = builder().service_name("x").json_logs(true).console_writer(lines.clone()).install().unwrap();
    let (event, span) = (line!() + 1, line!() + 2);
    tracing::info!(order = 1, "once");
    let request = tracing::info_span!("request").entered();
    copy(module_path!(), event, "once order=1");
    copy("tracing::span", span, "++ request; span=1");
    copy("tracing::span::active", span, "-> request; span=1");
    copy(module_path!(), span, "++ request; id=1 span=1");
    drop(request);
    // Records of other origin, without a static location too.
    log::info!("from log");
    copy(module_path!(), line!(), "from a bridge");
    log::logger().log(&log::Record::builder().args(format_args!("without a location")).build());
    assert_eq!(member(&lines.json(), "message"), ["once", "from log", "from a bridge", "without a location"]);
    tools.shutdown().unwrap();
}
