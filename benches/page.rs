//! A scrape of many series: its time and its memory, compared with other exporters.
//!
//! `cargo bench -p autotelemetry-benches --bench page`. All pages are fetched over HTTP. For the
//! other exporters, a thread with a plain `TcpListener` serves them, as a program would do by hand.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and may panic")]

use std::{
    env, fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use autotelemetry::{ObservabilityTools, prelude::*};
use opentelemetry::metrics::{Meter, MeterProvider as _};
use opentelemetry_sdk::metrics::SdkMeterProvider;
use prometheus::{Registry, TextEncoder};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, histogram::Histogram},
};

const SERIES: [usize; 3] = [100, 10_000, 100_000];

const BOUNDS: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];

const EXPORTERS: [&str; 3] = ["opentelemetry-prometheus", "autotelemetry", "prometheus-client"];

/// Each exporter is measured this often, in turns. The best result counts: other programs only
/// make it worse.
const ROUNDS: usize = 3;

fn main() {
    let arguments: Vec<String> = env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--case") {
        return measure(&arguments[at + 1], arguments[at + 2].parse().unwrap());
    }
    println!("series  exporter                   median      first       page     peak memory");
    for series in SERIES {
        let mut best = [[f64::INFINITY; 6]; EXPORTERS.len()];
        for _ in 0..ROUNDS {
            for (exporter, best) in EXPORTERS.iter().zip(&mut best) {
                for (best, number) in best.iter_mut().zip(case(exporter, series)) {
                    *best = best.min(number);
                }
            }
        }
        let [[baseline, _, _, baseline_peak, ..], ..] = best;
        for (exporter, [median, first, page, peak, ..]) in EXPORTERS.iter().zip(best) {
            println!(
                "{series:>6}  {exporter:<25} {:>7.2} ms {:>7.2} ms {:>7.2} MB {:>7.2} MB, {:.3} x the time and \
                 {:.2} x the memory of opentelemetry-prometheus, {:.2} x the page",
                median * 1e3,
                first * 1e3,
                page / 1e6,
                peak / 1e6,
                median / baseline,
                peak / baseline_peak,
                peak / page,
            );
        }
        let [_, [.., idle, during], _] = best;
        println!(
            "{series:>6}  other work on the runtime of autotelemetry takes at most {:.2} ms, during scrapes {:.2} ms",
            idle * 1e3,
            during * 1e3,
        );
    }
}

/// Measures one exporter in a process of its own: the memory of one does not serve the next one.
fn case(exporter: &str, series: usize) -> Vec<f64> {
    let output = Command::new(env::current_exe().unwrap())
        .args(["--case", exporter, &series.to_string()])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let numbers = String::from_utf8(output.stdout).unwrap();
    numbers.split_whitespace().map(|number| number.parse().unwrap()).collect()
}

/// Prints the median time, the time of the first scrape, the size of the page, and the memory that
/// a scrape needs at most. Then the longest time of other work on the thread of the server, without
/// scrapes and during scrapes.
fn measure(exporter: &str, series: usize) {
    let address = match exporter {
        "autotelemetry" => autotelemetry_page(series),
        "opentelemetry-prometheus" => opentelemetry_page(series),
        _ => client_page(series),
    };
    let runs = (400_000 / series).clamp(7, 300);
    let before = memory("VmRSS");
    let first = scrape(address).0;
    let mut times: Vec<Duration> = (0..runs).map(|_| scrape(address).0).collect();
    times.sort();
    let peak = memory("VmHWM").saturating_sub(before);
    let page = scrape(address).1;
    println!("{} {} {page} {peak}", times[runs / 2].as_secs_f64(), first.as_secs_f64());
    if exporter == "autotelemetry" {
        let idle = longest_small_request(address, || thread::sleep(Duration::from_millis(1)));
        let during = longest_small_request(address, || {
            scrape(address);
        });
        println!("{} {}", idle.as_secs_f64(), during.as_secs_f64());
    }
}

/// Returns the longest time of a request that the thread of the server answers at once, while
/// `work` is repeated for a second. An export would wait as long.
fn longest_small_request(address: SocketAddr, work: impl Fn()) -> Duration {
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        let requests = scope.spawn(|| {
            let mut stream = TcpStream::connect(address).unwrap();
            let mut longest = Duration::ZERO;
            while !is_done.load(Ordering::Relaxed) {
                // A connection answers only one request within 10 ms.
                thread::sleep(Duration::from_millis(12));
                let start = Instant::now();
                stream.write_all(b"GET /other HTTP/1.1\r\nhost: bench\r\n\r\n").unwrap();
                assert!(stream.read(&mut [0; 1024]).unwrap() > 0);
                longest = longest.max(start.elapsed());
            }
            longest
        });
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(1) {
            work();
        }
        is_done.store(true, Ordering::Relaxed);
        requests.join().unwrap()
    })
}

/// Returns a number of `/proc/self/status` in bytes; 0 on other systems.
fn memory(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(name));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).unwrap_or_default() * 1024
}

/// Returns the time of one request, and the size of the page.
fn scrape(address: SocketAddr) -> (Duration, usize) {
    let start = Instant::now();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n").unwrap();
    let mut buffer = vec![0; 256 * 1024];
    let (mut size, mut length) = (0, 1);
    while length > 0 {
        length = stream.read(&mut buffer).unwrap();
        size += length;
    }
    (start.elapsed(), size)
}

/// Serves the page that `encode` returns.
fn serve(encode: impl Fn() -> String + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 1024]).unwrap();
            let page = encode();
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", page.len()).unwrap();
            stream.write_all(page.as_bytes()).unwrap();
        }
    });
    address
}

/// The attributes of a series.
fn values(number: usize) -> [String; 3] {
    [format!("/api/items/{}", number / 20), (200 + number % 5).to_string(), format!("GET{}", number % 4)]
}

/// Returns the number of metrics. Each has at most 1,000 series: the limit of the SDK is 2,000.
fn metrics(series: usize) -> usize {
    (series / 1_000).max(5)
}

/// Records one value for each series. Every fifth metric is a histogram.
fn record(meter: &Meter, series: usize) {
    let metrics = metrics(series);
    for metric in 0..metrics {
        let counter = meter.u64_counter(format!("http.requests.{metric}")).build();
        let duration = meter.f64_histogram(format!("http.duration.{metric}")).with_unit("s");
        let duration = duration.with_boundaries(BOUNDS.to_vec()).build();
        for number in (metric..series).step_by(metrics) {
            let [route, code, method] = values(number);
            let attributes = [
                KeyValue::new("http.route", route),
                KeyValue::new("http.response.status_code", code),
                KeyValue::new("http.request.method", method),
            ];
            if metric % 5 == 0 {
                duration.record(0.3, &attributes);
            } else {
                counter.add(7, &attributes);
            }
        }
    }
}

fn autotelemetry_page(series: usize) -> SocketAddr {
    let builder = ObservabilityTools::builder()
        .env_vars(std::iter::empty::<(String, String)>())
        .service_name("bench")
        .prometheus_port(0);
    let tools = Box::leak(Box::new(builder.set("prometheus.host", "127.0.0.1").build().unwrap()));
    record(&tools.meter("bench"), series);
    tools.prometheus_address().unwrap()
}

fn opentelemetry_page(series: usize) -> SocketAddr {
    let registry = Registry::new();
    let exporter = opentelemetry_prometheus::exporter()
        .with_registry(registry.clone())
        .scope_info_enabled(true)
        .build()
        .unwrap();
    let provider = Box::leak(Box::new(SdkMeterProvider::builder().with_reader(exporter).build()));
    record(&provider.meter("bench"), series);
    serve(move || TextEncoder::new().encode_to_string(&registry.gather()).unwrap())
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    otel_scope_name: String,
    http_route: String,
    http_response_status_code: String,
    http_request_method: String,
}

fn client_page(series: usize) -> SocketAddr {
    let mut registry = prometheus_client::registry::Registry::default();
    let metrics = metrics(series);
    for metric in 0..metrics {
        let counters = Family::<Labels, Counter>::default();
        let durations = Family::<Labels, Histogram>::new_with_constructor(|| Histogram::new(BOUNDS));
        for number in (metric..series).step_by(metrics) {
            let [http_route, http_response_status_code, http_request_method] = values(number);
            let labels = Labels {
                otel_scope_name: "bench".to_owned(),
                http_route,
                http_response_status_code,
                http_request_method,
            };
            if metric % 5 == 0 {
                durations.get_or_create(&labels).observe(0.3);
            } else {
                counters.get_or_create(&labels).inc_by(7);
            }
        }
        if metric % 5 == 0 {
            registry.register(format!("http_duration_{metric}_seconds"), "", durations);
        } else {
            registry.register(format!("http_requests_{metric}"), "", counters);
        }
    }
    serve(move || {
        let mut page = String::new();
        encode(&mut page, &registry).unwrap();
        page
    })
}
