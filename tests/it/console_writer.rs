//! Console writers of the program that fail, panic, log or block.

use std::{
    error::Error,
    fmt,
    io::{ErrorKind, Write},
    panic::{AssertUnwindSafe, catch_unwind, panic_any},
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use autotelemetry::{
    Builder, Signal,
    opentelemetry::{
        Context,
        trace::{Span as _, TraceContextExt as _, Tracer as _},
    },
};
use test_support::{
    builder,
    line_buffer::{LineBuffer, member},
};

#[test]
fn failing_or_panicking_writer_is_tolerated() {
    struct Fails;
    impl Write for Fails {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("no"))
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    struct Panics;
    impl Write for Panics {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            panic!("never call me")
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    let quiet = |builder: Builder| builder.service_name("shop").set("diagnostics.level", "off");
    let fails = quiet(builder()).console_writer(Fails).build().unwrap();
    let panics = quiet(builder()).console_writer(Panics).build().unwrap();
    for (tools, failed) in [(&fails, 3), (&panics, 1)] {
        let logger = tools.logger("shop");
        for _ in 0..3 {
            logger.info("line", &[]);
        }
        let result = tools.shutdown();
        let stats = tools.stats();
        let stats = stats.exporter(Signal::Logs, "console").unwrap();
        assert_eq!((stats.emitted(), stats.exported(), stats.failed()), (3, 0, failed), "{stats:?}");
        assert_eq!((stats.dropped(), stats.queued()), (3 - failed, 0));
        assert!(result.unwrap_err().to_string().contains("the program's writer"));
    }
}

/// A payload whose destructor panics.
struct BadPayload;

impl Drop for BadPayload {
    fn drop(&mut self) {
        panic!("a payload is dropped")
    }
}

#[test]
fn panic_payload_whose_destructor_panics_stays_inside() {
    struct Panics;
    impl Write for Panics {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            panic_any(BadPayload)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let quiet = || builder().service_name("shop").set("diagnostics.level", "off").console_writer(Panics);
    let tools = quiet().build().unwrap();
    tools.logger("shop").info("line", &[]);
    tools.shutdown().unwrap_err();
    let stats = tools.stats();
    let stats = stats.exporter(Signal::Logs, "console").unwrap();
    assert_eq!((stats.failed(), stats.queued()), (1, 0), "{stats:?}");

    // A flush writes pending spans on the thread of the queue.
    let tools = quiet().set("console.format", "text").set("traces.exporters", "console").build().unwrap();
    let tracer = tools.tracer("shop");
    let root = Context::new().with_span(tracer.start("root"));
    tracer.start_with_context("child", &root).end();
    let start = Instant::now();
    let error = tools.shutdown().unwrap_err().to_string();
    assert!(start.elapsed() < Duration::from_secs(3), "{error}");
    let stats = tools.stats();
    let stats = stats.exporter(Signal::Traces, "console").unwrap();
    assert_eq!((stats.failed(), stats.queued()), (1, 0), "{stats:?}");
}

#[test]
fn writer_whose_destructor_panics_is_dropped_without_a_panic() {
    struct Bad;
    impl Write for Bad {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    impl Drop for Bad {
        fn drop(&mut self) {
            panic!("a writer is dropped")
        }
    }
    let tools = || builder().service_name("shop").console_writer(Bad).build().unwrap();
    drop(tools());
    // While another panic unwinds, one that leaves the destructor would end the process.
    catch_unwind(AssertUnwindSafe(|| {
        let _tools = tools();
        panic!("the program panics");
    }))
    .unwrap_err();
    // Without console output, the builder drops the writer.
    drop(builder().service_name("shop").set("logs.exporters", "none").console_writer(Bad).build().unwrap());
    drop(builder().console_writer(Bad));
}

#[test]
fn error_whose_display_panics_stays_inside() {
    #[derive(Debug)]
    struct BadError;
    impl fmt::Display for BadError {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic_any(BadPayload)
        }
    }
    impl Error for BadError {}
    struct Fails;
    impl Write for Fails {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other(BadError))
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let tools = builder().service_name("shop").console_writer(Fails).build().unwrap();
    tools.logger("shop").info("line", &[]);
    let error = tools.shutdown().unwrap_err().to_string();
    assert!(error.contains("the writer panicked"), "{error}");
}

#[test]
fn broken_pipe_of_a_writer_loses_the_lines_of_its_call() {
    struct FailsOnce(bool, LineBuffer);
    impl Write for FailsOnce {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            if std::mem::take(&mut self.0) {
                return Err(ErrorKind::BrokenPipe.into());
            }
            self.1.write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let lines = LineBuffer::default();
    let tools =
        builder().service_name("shop").console_writer(FailsOnce(true, lines.clone())).build().unwrap();
    for body in ["lost", "kept"] {
        tools.logger("shop").info(body, &[]);
    }
    let error = tools.shutdown().unwrap_err().to_string();
    assert!(error.contains("the program's writer"), "{error}");
    let stats = tools.stats();
    let stats = stats.exporter(Signal::Logs, "console").unwrap();
    assert_eq!((stats.exported(), stats.failed(), stats.dropped()), (1, 1, 0), "{stats:?}");
    assert!(lines.text().contains("kept"), "{}", lines.text());
}

#[test]
fn logging_writer_does_not_recurse() {
    #[derive(Clone, Default)]
    struct Logs(Arc<OnceLock<autotelemetry::Logger>>, LineBuffer);
    impl Write for Logs {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            if let Some(logger) = self.0.get() {
                logger.info("from the writer", &[]);
            }
            self.1.write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let writer = Logs::default();
    let tools = builder().service_name("shop").console_writer(writer.clone()).build().unwrap();
    writer.0.set(tools.logger("writer")).unwrap();
    tools.logger("shop").info("line", &[]);
    let error = tools.shutdown().unwrap_err().to_string();
    assert!(error.contains("the writer of the console logged while it wrote"), "{error}");
    assert_eq!(member(&writer.1.json(), "message"), ["line"]);
    let stats = tools.stats();
    let stats = stats.exporter(Signal::Logs, "console").unwrap();
    assert_eq!((stats.exported(), stats.dropped(), stats.dropped_by_reason().reentrant()), (1, 1, 1));
}

#[test]
fn blocked_writer_does_not_block_logging() {
    struct Hangs;
    impl Write for Hangs {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            loop {
                std::thread::park();
            }
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let tools = builder()
        .service_name("shop")
        .set("shutdown_timeout", "300ms")
        .console_writer(Hangs)
        .build()
        .unwrap();
    let logger = tools.logger("shop");
    let first = logger.clone();
    std::thread::spawn(move || first.info("hangs", &[]));
    // Until the writer returns, other threads write the lines.
    while !tools.stats().exporters().iter().any(|stats| stats.queued() > 0) {
        let other = logger.clone();
        std::thread::spawn(move || other.info("waits", &[]));
        std::thread::yield_now();
    }
    logger.info("waits", &[]);
    let start = Instant::now();
    let error = tools.shutdown().unwrap_err().to_string();
    assert!(error.contains("logs: timed out after 300ms"), "{error}");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    drop(tools);
}
