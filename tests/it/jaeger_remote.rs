//! Sampling by a strategy that a Jaeger server sends.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex},
    thread,
    time::{Duration, Instant},
};

use autotelemetry::{ObservabilityTools, prelude::*};
use serde_json::{Value, json};
use test_support::{TIMEOUT, child::Child, line_buffer::LineBuffer, with_env, with_file};

/// A server that answers each request with the current reply.
struct Server {
    address: SocketAddr,
    state: Arc<(Mutex<State>, Condvar)>,
}

#[derive(Default)]
struct State {
    status: &'static str,
    body: String,
    /// The first line of each request.
    requests: Vec<String>,
}

impl Server {
    fn start(body: &Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = Self { address, state: Arc::default() };
        server.set("200 OK", &body.to_string());
        let state = Arc::clone(&server.state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _ = Self::answer(stream, &state);
            }
        });
        server
    }

    fn answer(mut stream: TcpStream, state: &(Mutex<State>, Condvar)) -> std::io::Result<()> {
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        let first = lines.next().unwrap_or_else(|| Ok(String::new()))?;
        for line in lines {
            if line?.is_empty() {
                break;
            }
        }
        let reply = {
            let mut state = state.0.lock().unwrap();
            state.requests.push(first);
            let State { status, body, .. } = &*state;
            format!(
                "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
                 Connection: close\r\n\r\n{body}",
                body.len()
            )
        };
        state.1.notify_all();
        stream.write_all(reply.as_bytes())
    }

    fn set(&self, status: &'static str, body: &str) {
        let mut state = self.state.0.lock().unwrap();
        (state.status, state.body) = (status, body.to_owned());
    }

    /// Waits until the reply to a request of now has been processed: a later request follows it.
    fn wait_applied(&self) {
        let mut state = self.state.0.lock().unwrap();
        let enough = state.requests.len() + 2;
        let deadline = Instant::now() + TIMEOUT;
        while state.requests.len() < enough {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{:?}", state.requests);
            state = self.state.1.wait_timeout(state, left).unwrap().0;
        }
    }

    /// Sets a reply and waits until the sampler has processed it.
    fn apply(&self, status: &'static str, body: &str) {
        self.set(status, body);
        self.wait_applied();
    }
}

fn ratio(ratio: f64) -> Value {
    json!({ "strategyType": "PROBABILISTIC", "probabilisticSampling": { "samplingRate": ratio } })
}

/// Returns tools with this sampler. Their spans end on a console that nothing reads.
fn sampling(sampler: &str) -> (ObservabilityTools, tempfile::TempDir) {
    let text = format!(
        "[service]\nname = \"shop & co\"\n[traces]\nexporters = [\"console\"]\nsampler = {sampler}\n"
    );
    let (builder, directory) = with_file(&text, &[]);
    (builder.console_writer(LineBuffer::default()).build().unwrap(), directory)
}

fn remote(server: &Server, initial: &str) -> (ObservabilityTools, tempfile::TempDir) {
    let Server { address, .. } = server;
    sampling(&format!(
        "{{ jaeger_remote = {{ endpoint = \"http://{address}\", interval = \"100ms\", initial_sampler = \"{initial}\" }} }}"
    ))
}

/// Returns whether a new span is sampled.
fn samples(tools: &ObservabilityTools, name: &'static str) -> bool {
    tools.tracer("test").start_with_context(name, &Context::new()).span_context().is_sampled()
}

#[test]
fn strategy_of_the_server_replaces_the_initial_one() {
    let server = Server::start(&ratio(0.0));
    let (tools, _directory) = remote(&server, "always_on");
    server.wait_applied();
    assert_eq!(
        server.state.0.lock().unwrap().requests[0],
        "GET /api/sampling?service=shop%20%26%20co HTTP/1.1"
    );
    assert!(!samples(&tools, "span"));
    server.apply("200 OK", &ratio(1.0).to_string());
    assert!(samples(&tools, "span"));
    let per_operation = json!({ "operationSampling": {
        "defaultSamplingProbability": 1.0,
        "perOperationStrategies": [
            { "operation": "GET /healthz", "probabilisticSampling": { "samplingRate": 0.0 } },
        ],
    } });
    server.apply("200 OK", &per_operation.to_string());
    assert_eq!((samples(&tools, "GET /healthz"), samples(&tools, "GET /orders")), (false, true));
    tools.shutdown().unwrap();
}

#[test]
fn failure_keeps_the_last_strategy() {
    let server = Server::start(&ratio(0.0));
    let (tools, _directory) = remote(&server, "always_on");
    server.wait_applied();
    for (status, body) in [
        ("500 Internal Server Error", ratio(1.0).to_string()),
        ("200 OK", "<html>".to_owned()),
        ("200 OK", "[".repeat(5 * 1024 * 1024)),
        ("200 OK", "[".repeat(1024 * 1024)),
        ("302 Found", String::new()),
    ] {
        server.apply(status, &body);
        assert!(!samples(&tools, "span"), "{status}");
    }
    server.apply("200 OK", &ratio(1.0).to_string());
    assert!(samples(&tools, "span"));
    tools.shutdown().unwrap();
}

/// A server that never answers costs neither a span nor the shutdown any time.
#[test]
fn silent_server_leaves_the_initial_sampler() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (tools, _directory) = sampling(&format!(
        "{{ jaeger_remote = {{ endpoint = \"http://{}/\", initial_sampler = \"always_on\" }} }}",
        listener.local_addr().unwrap()
    ));
    let _connection = listener.accept().unwrap();
    assert!(samples(&tools, "span"));
    let start = Instant::now();
    tools.shutdown().unwrap();
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

#[test]
fn failures_are_reported_once_until_the_next_success() {
    let server = Server::start(&json!([]));
    let argument = format!("endpoint=http://{}/sampling,pollingIntervalMs=100", server.address);
    let mut child = Child::start(&[
        ("OTEL_TRACES_SAMPLER", "parentbased_jaeger_remote"),
        ("OTEL_TRACES_SAMPLER_ARG", &argument),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"),
    ]);
    let lost = "the sampling strategy is not updated";
    child.wait_stderr(lost);
    server.wait_applied();
    server.apply("200 OK", &ratio(0.0).to_string());
    child.wait_stderr("the sampling strategy is updated again");
    assert_eq!(child.stderr().matches(lost).count(), 1, "{}", child.stderr());
    let requests = server.state.0.lock().unwrap().requests.clone();
    assert_eq!(requests[0], "GET /sampling?service=child HTTP/1.1");
    drop(child.call("stats traces"));
}

fn explained(variables: &[(&str, &str)]) -> Value {
    let builder = with_env(&[("OTEL_SERVICE_NAME", "x")]).env_vars(variables.iter().copied());
    serde_json::from_str(&builder.explain().to_json()).unwrap()
}

#[test]
fn variables_set_the_sampler_and_its_argument() {
    let variables = [
        ("OTEL_SERVICE_NAME", "x"),
        ("OTEL_TRACES_SAMPLER", "jaeger_remote"),
        (
            "OTEL_TRACES_SAMPLER_ARG",
            "endpoint=http://jaeger:5778, pollingIntervalMs=5000 ,initialSamplingRate=0.25",
        ),
    ];
    let all = explained(&variables);
    assert_eq!((&all["errors"], &all["warnings"]), (&json!([]), &json!([])));
    let sampler = json!({ "jaeger_remote": {
        "endpoint": "http://jaeger:5778",
        "interval": "5s",
        "initial_sampler": { "trace_id_ratio_based": { "ratio": 0.25 } },
    } });
    let expected = json!({ "value": sampler, "origin": "env", "at": "OTEL_TRACES_SAMPLER" });
    assert_eq!(all["values"]["traces.sampler"], expected);
}

/// A variable that cannot be used is a warning, and the default stays.
#[test]
fn unusable_variables_are_ignored_with_a_warning() {
    for (argument, at, message) in [
        (
            "",
            "OTEL_TRACES_SAMPLER",
            "\"jaeger_remote\" requires OTEL_TRACES_SAMPLER_ARG with `endpoint=URL`, ignored",
        ),
        ("0.5", "OTEL_TRACES_SAMPLER_ARG", "\"0.5\" is not an argument of the sampler, skipped"),
        ("endpoint=ftp://c", "OTEL_TRACES_SAMPLER_ARG", "the scheme \"ftp\" is not supported, ignored"),
        ("endpoint=c:5778", "OTEL_TRACES_SAMPLER", "the endpoint has no scheme, ignored"),
        (
            "endpoint=http://c,pollingIntervalMs=5",
            "OTEL_TRACES_SAMPLER_ARG",
            "\"5ms\" is shorter than the minimum of \"100ms\", ignored",
        ),
        (
            "endpoint=http://c,initialSamplingRate=2",
            "OTEL_TRACES_SAMPLER_ARG",
            "2 is not between 0 and 1, ignored",
        ),
    ] {
        let variables = [
            ("OTEL_SERVICE_NAME", "x"),
            ("OTEL_TRACES_SAMPLER", "jaeger_remote"),
            ("OTEL_TRACES_SAMPLER_ARG", argument),
        ];
        let all = explained(&variables);
        assert_eq!(all["errors"], json!([]), "{argument}");
        let warning = &all["warnings"][0];
        assert_eq!((&warning["at"], &warning["message"]), (&at.into(), &message.into()), "{argument}");
        assert_eq!(all["values"]["traces.sampler"]["value"], "parentbased_always_on", "{argument}");
    }
}
