//! Parts that several reloads use, and what they count.

use std::{
    fs,
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use autotelemetry::{
    Signal,
    error::ErrorKind,
    opentelemetry_sdk::{
        error::OTelSdkResult,
        trace::{SpanData, SpanExporter},
    },
};
use test_support::{TIMEOUT, line_buffer::LineBuffer, mock_collector::MockCollector};

#[cfg(feature = "prometheus")]
use crate::reload::sum;
use crate::reload::{Service, keys, spans};

/// Adds a file that cannot be written to the exporters of logs.
fn refused(exporters: &str) -> String {
    format!("{exporters}\nlogs.exporters = [\"console\", \"file\"]\nfile.directory = \"/proc/nowhere\"")
}

#[test]
fn writer_of_the_program_survives_a_refused_reload() {
    let service = Service::start("logs.exporters = []");
    service.try_reload(&refused("")).unwrap_err();
    service.reload("logs.exporters = [\"console\"]");
    service.tools.logger("shop").info("order", &[]);
    assert_eq!(service.messages(), ["order"]);
}

#[derive(Debug, Default, Clone)]
struct OwnExporter(Arc<AtomicU64>);

impl SpanExporter for OwnExporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.fetch_add(batch.len() as u64, Ordering::Relaxed);
        Ok(())
    }
}

#[test]
fn exporter_of_the_program_is_counted_after_a_refused_reload() {
    let exporter = OwnExporter::default();
    let own = exporter.clone();
    let service = Service::start_with("logs.exporters = []", |builder| builder.span_exporter("own", own));
    service.try_reload(&refused("traces.exporters = [\"own\"]")).unwrap_err();
    let on = "traces.exporters = [\"own\"]\nlogs.exporters = []";
    for _ in 0..3 {
        service.reload(on);
        spans(&service.tools, 5);
        service.reload("traces.exporters = []\nlogs.exporters = []");
        spans(&service.tools, 5);
    }
    service.tools.shutdown().unwrap();
    let stats = service.tools.stats();
    let stats = stats.exporter(Signal::Traces, "own").unwrap();
    assert_eq!((stats.emitted(), stats.exported()), (15, 15), "{stats:?}");
    assert_eq!(exporter.0.load(Ordering::Relaxed), 15);
}

/// A writer that takes its time, so that most lines wait in the queue.
struct SlowWriter(LineBuffer);

impl Write for SlowWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        thread::sleep(Duration::from_millis(2));
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn console_that_was_removed_and_added_again_queues_lines() {
    let (collector, lines) = (MockCollector::start(), LineBuffer::default());
    let to = |traces: &str, logs: &str| {
        format!(
            "otlp.endpoint = \"{}\"\ntraces.exporters = [{traces}]\nlogs.exporters = [{logs}]",
            collector.url()
        )
    };
    let writer = SlowWriter(lines.clone());
    let service =
        Service::start_with(&to("\"otlp\"", "\"console\""), |builder| builder.console_writer(writer));
    spans(&service.tools, 1);
    service.reload(&to("", ""));
    service.reload(&to("", "\"console\""));
    let emit = || {
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..20).for_each(|_| service.tools.logger("shop").info("order", &[])));
            }
        });
    };
    let mut emitted = 0;
    // The removed exporter of spans is retired together with the console.
    while emitted == 0 || collector.spans().is_empty() {
        emit();
        service.tools.force_flush().unwrap();
        emitted += 80;
    }
    emit();
    service.tools.force_flush().unwrap();
    emitted += 80;
    let stats = service.tools.stats();
    let stats = stats.exporter(Signal::Logs, "console").unwrap();
    assert_eq!(
        (stats.emitted(), stats.exported(), stats.is_retired()),
        (emitted, emitted, false),
        "{stats:?}"
    );
    assert_eq!(lines.take().lines().count() as u64, emitted);
}

/// A thread that has logged holds the outputs of that time until it logs again.
#[test]
#[cfg(target_os = "linux")]
fn files_of_removed_exporters_are_closed_beside_idle_threads() {
    let directory = tempfile::tempdir().unwrap();
    let to = |number: u32| {
        let directory = directory.path().join(number.to_string());
        format!("logs.exporters = [\"file\"]\nfile.directory = {directory:?}")
    };
    let open_files = || {
        let links = fs::read_dir("/proc/self/fd").unwrap();
        links
            .filter(|link| {
                fs::read_link(link.as_ref().unwrap().path())
                    .is_ok_and(|path| path.starts_with(directory.path()))
            })
            .count()
    };
    let service = Service::start(&to(0));
    let (end, ended) = std::sync::mpsc::channel::<()>();
    let ended = std::sync::Mutex::new(ended);
    thread::scope(|scope| {
        for number in 1..20 {
            let (logged, has_logged) = std::sync::mpsc::channel();
            let (service, ended) = (&service, &ended);
            scope.spawn(move || {
                service.tools.logger("shop").info("order", &[]);
                logged.send(()).unwrap();
                let _ = ended.lock().unwrap().recv();
            });
            has_logged.recv().unwrap();
            service.reload(&to(number));
        }
        let deadline = Instant::now() + TIMEOUT;
        while open_files() > 1 {
            assert!(Instant::now() < deadline, "{} files are open", open_files());
            thread::yield_now();
        }
        drop(end);
    });
    let stats = service.tools.stats();
    let stats = stats.exporter(Signal::Logs, "file").unwrap();
    assert_eq!((stats.emitted(), stats.exported()), (19, 19), "{stats:?}");
}

/// The reload takes effect before the shutdown, or is refused. In both cases, each span is counted.
#[test]
fn shutdown_during_a_reload_accounts_for_all_spans() {
    let collector = MockCollector::start();
    let to = |name: &str| {
        format!(
            "exporters.{name}.endpoint = \"{}\"\ntraces.exporters = [\"{name}\"]\nlogs.exporters = []",
            collector.url()
        )
    };
    for round in 0..30 {
        let service = Service::start(&to("first"));
        let is_reloading = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                is_reloading.store(true, Ordering::Release);
                for name in ["second", "third", "fourth"] {
                    if let Err(error) = service.try_reload(&to(name)) {
                        assert_eq!(error.kind(), ErrorKind::ShutDown, "{error}");
                        return;
                    }
                }
            });
            scope.spawn(|| {
                while !is_reloading.load(Ordering::Acquire) {
                    thread::yield_now();
                }
                thread::sleep(Duration::from_micros(round * 200));
                let _ = service.tools.shutdown();
            });
            scope.spawn(|| spans(&service.tools, 300));
        });
        let stats = service.tools.stats();
        let total = |count: fn(&autotelemetry::stats::ExporterStats) -> u64| -> u64 {
            stats.exporters().iter().map(count).sum()
        };
        let settled = total(|stats| stats.exported() + stats.failed() + stats.dropped());
        assert_eq!(
            (total(autotelemetry::stats::ExporterStats::emitted), settled),
            (300, 300),
            "round {round}: {stats:?}"
        );
    }
}

/// The thread of the previous interval pushes once more, while that of the new one begins.
#[test]
#[cfg(feature = "prometheus")]
fn differences_are_sent_once_when_the_interval_changes() {
    let collector = MockCollector::start();
    let every = |seconds: u64| {
        format!(
            "otlp.endpoint = \"{}\"\nprometheus.port = 0\ntraces.exporters = []\nlogs.exporters = []\n\
             metrics = {{ exporters = [\"otlp\", \"prometheus\"], temporality = \"delta\", interval = \"{seconds}s\" }}",
            collector.url()
        )
    };
    let service = Service::start(&every(3600));
    let (added, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            let counter = service.tools.meter("shop").u64_counter("orders").build();
            while !stop.load(Ordering::Relaxed) {
                counter.add(1, &[]);
                added.fetch_add(1, Ordering::Relaxed);
            }
        });
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let _ = service.tools.force_flush();
                }
            });
        }
        for round in 0..30 {
            service.reload(&every(3601 + round));
        }
        stop.store(true, Ordering::Relaxed);
    });
    service.tools.shutdown().unwrap();
    let received: u64 = collector.metrics().iter().map(sum).sum();
    assert_eq!(received, added.load(Ordering::Relaxed));
}

#[test]
fn held_values_keep_their_places_and_stay_pending() {
    let service = Service::start(
        "metrics.exporters = []\nredact.keys = [\"token\"]\nresource.attributes = { token = \"a\" }",
    );
    let place = |key: &str| {
        let explained = service.tools.explain();
        let found = explained.values().find(|(other, ..)| *other == key);
        found.map(|(_, value, origin)| (value, origin.to_string())).unwrap()
    };
    let before = place("metrics.exporters");
    for _ in 0..2 {
        let reload = service.reload(
            "redact.keys = [\"token\"]\nresource.attributes = { token = \"b\" }\nreload.interval = \"20s\"\n\
             metrics = { exporters = [\"console\"], interval = \"5s\" }",
        );
        let pending = ["metrics.exporters", "metrics.interval", "resource.attributes.token"];
        assert_eq!(keys(reload.needs_restart()), pending);
        assert_eq!(place("metrics.exporters"), before);
        assert_eq!(place("metrics.interval").1, "default");
        assert_eq!(place("reload.interval").0, "\"20s\"");
    }
}

#[test]
fn other_profile_needs_a_restart() {
    let text = |name: &str, level: &str| {
        format!(
            "profile = \"{name}\"\n[profiles.one]\nlogs.level = \"{level}\"\n[profiles.two]\nlogs.level = \"off\""
        )
    };
    let service = Service::start(&text("one", "info"));
    for level in ["debug", "trace"] {
        let reload = service.reload(&text("two", level));
        assert_eq!(
            (keys(reload.changed()), keys(reload.needs_restart())),
            (vec!["logs.level"], vec!["profile"])
        );
        assert!(
            reload.needs_restart()[0].to_string().starts_with("profile \"one\" → \"two\" (line 3)"),
            "{reload:?}"
        );
    }
    let error = service.try_reload("\n[profiles.two]").unwrap_err();
    assert!(error.to_string().contains("\n  profile: there is no profile \"one\""), "{error}");
}

#[test]
fn account_of_an_exporter_that_comes_and_goes_quickly_is_exact() {
    let collector = MockCollector::start();
    let to = |exporters: &str| {
        format!(
            "otlp.endpoint = \"{}\"\ntraces.exporters = [{exporters}]\nlogs.exporters = []",
            collector.url()
        )
    };
    let service = Service::start(&to("\"otlp\""));
    for _ in 0..20 {
        spans(&service.tools, 5);
        service.reload(&to(""));
        service.reload(&to("\"otlp\""));
    }
    service.tools.force_flush().unwrap();
    let deadline = Instant::now() + TIMEOUT;
    while collector.spans().len() < 100 {
        assert!(Instant::now() < deadline);
        thread::yield_now();
    }
    service.tools.shutdown().unwrap();
    let stats = service.tools.stats();
    let stats = stats.exporter(Signal::Traces, "otlp").unwrap();
    assert_eq!((stats.emitted(), stats.exported(), stats.is_retired()), (100, 100, false), "{stats:?}");
    assert_eq!(collector.spans().len(), 100);
}

/// A file is empty for a moment while it is replaced. The program may have set all required keys.
#[test]
fn empty_file_is_not_applied() {
    let service = Service::start_with("logs.level = \"debug\"", |builder| builder.service_name("shop"));
    fs::write(service.file(), "").unwrap();
    assert!(service.tools.reload().unwrap_err().to_string().ends_with("is empty"));
    fs::write(service.file(), vec![b'#'; 5 * 1024 * 1024]).unwrap();
    assert!(service.tools.reload().unwrap_err().to_string().ends_with("it is larger than 4 MiB"));
}

#[cfg(feature = "prometheus")]
mod prometheus {
    use std::net::{SocketAddr, TcpListener};

    use test_support::{http, port};

    use super::*;

    fn on(host: &str, port: u16) -> String {
        format!(
            "metrics.exporters = [\"prometheus\"]\nprometheus = {{ host = \"{host}\", port = {port} }}\n\
             logs.exporters = []"
        )
    }

    fn is_served(port: u16) -> bool {
        let request = "GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        http::request(SocketAddr::from(([127, 0, 0, 1], port)), request).0.contains("200")
    }

    /// The operating system refuses a port on all addresses while it is open on one of them.
    #[test]
    fn host_changes_on_the_same_port() {
        let port = port::free_port();
        let service = Service::start(&on("127.0.0.1", port));
        for host in ["0.0.0.0", "127.0.0.1"] {
            service.reload(&on(host, port));
            assert_eq!(service.tools.prometheus_address().unwrap().to_string(), format!("{host}:{port}"));
            assert!(is_served(port));
        }
        #[cfg(target_os = "linux")]
        {
            let _taken = TcpListener::bind(("127.0.0.2", port)).unwrap();
            let error = service.try_reload(&on("0.0.0.0", port)).unwrap_err();
            assert!(error.to_string().contains("cannot listen on 0.0.0.0"), "{error}");
            assert!(is_served(port), "the old host is served again");
        }
    }

    #[test]
    fn previous_port_is_free_after_a_reload() {
        let first = port::free_port();
        let service = Service::start(&on("127.0.0.1", first));
        for _ in 0..20 {
            service.reload(&on("localhost", 0));
            drop(TcpListener::bind(("127.0.0.1", first)).unwrap());
            service.reload(&on("127.0.0.1", first));
            assert!(is_served(first));
        }
    }
}
